import type { Excluded } from './models.ts';
import { fixed, pValue } from './numbers.ts';
import type { Closeness } from './question.ts';
import type { Attribution, SuspectReport } from './report.ts';
import type { TeacherScore } from './teachers.ts';

/**
 * Level of naming a teacher, for one suspect over all its candidates: the chance that a stranger is as close to any of
 * them. Coarser than the level of a verdict, because what is named is a candidate to look at; measured in the benchmark.
 */
export const NAME_AT_LEVEL = 0.05;

function tested(closeness: Closeness, teacher: string): TeacherScore | undefined {
  return closeness.detector.teachers.find((t) => t.teacher === teacher);
}

/**
 * Answers the second question from what was measured.
 * @param dated whether the release dates of suspect and teacher are known
 */
export function attribute(
  closeness: Closeness,
  excluded: readonly Excluded[],
  dated: (teacher: string) => boolean,
): Attribution | undefined {
  const { order, method } = closeness;
  const first = order.teachers[0];
  const own = first === undefined ? undefined : tested(closeness, first.teacher);
  if (first === undefined || own === undefined) return undefined;
  const lines = new Set(order.teachers.map((t) => t.line));
  const pAny = Math.min(1, own.p * lines.size);
  const found = pAny <= NAME_AT_LEVEL && own.z > 0;
  const undated = closeness.needsDates && !dated(first.teacher);
  // Without dates everybody whom the detector finds stays in question.
  const likely = closeness.detector.teachers.filter((t) => t.z > 0 && t.p * lines.size <= NAME_AT_LEVEL);
  const notToldApart = undated
    ? [...new Set([...closeness.notToldApart, ...likely.map((t) => t.teacher)])]
    : closeness.notToldApart;
  const tiedLines = new Set(notToldApart.map((t) => order.teachers.find((o) => o.teacher === t)?.line ?? t));
  const single = tiedLines.size === 1;
  const named = found && single && !undated ? first.teacher : null;
  const detection = `z ${fixed(own.z, 1)}, p ${pValue(own.p)}, ${pValue(pAny)} over ${lines.size} line${lines.size === 1 ? '' : 's'} of candidates`;
  const set = notToldApart.join(', ');
  const text = textOf({ first, found, single, undated, lines: lines.size, detection, set });
  return {
    method,
    detector: { teacher: first.teacher, z: own.z, p: own.p, pAny, level: NAME_AT_LEVEL, found },
    notToldApart,
    named,
    excluded,
    text,
  };
}

/** The second answer in a sentence. */
function textOf(of: {
  first: TeacherScore;
  found: boolean;
  single: boolean;
  undated: boolean;
  lines: number;
  detection: string;
  set: string;
}): string {
  const { first, detection } = of;
  if (!of.found)
    return `no candidate is named: the suspect is not closer to ${first.line}, the first of them, than strangers are (${detection})`;
  if (!of.single)
    return `one of {${of.set}}, not told apart; closer to them than strangers are (${detection})`;
  const closer = `closer to ${first.line} than strangers are (${detection})`;
  if (of.undated)
    return `${closer}, and to no other candidate, but not named: replies alone do not show a teacher, and no release dates rule one out (--models)`;
  return `${closer}${of.lines > 1 ? ', and told from every other candidate' : ': the only candidate that could be asked about'}`;
}

/** The line that may be named, in the form of earlier reports. */
export function closestOf(closeness: Closeness, attribution: Attribution): SuspectReport['closest'] {
  const top = closeness.order.teachers[0];
  if (top === undefined) return null;
  const siblings = closeness.order.teachers.filter((t) => t.line === top.line);
  const which =
    siblings.length > 1 && top.lineProbability > 0
      ? ` (within the line ${top.teacher} leads with probability ${(top.probability / top.lineProbability).toFixed(2)}; snapshots of one line are weakly told apart)`
      : '';
  return {
    teacher: top.teacher,
    line: top.line,
    probability: top.lineProbability,
    margin: top.margin,
    named: attribution.named !== null,
    text: `${attribution.text}; if one of the candidates is the teacher, ${top.line} is with probability ${top.lineProbability.toFixed(2)}${which}`,
    anyP: closeness.detector.anyP,
  };
}

import { lineOf } from './family.ts';
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

/** A p-value at the smallest possible one, but for rounding. */
const ROUNDING = 1.0001;

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
  const smallest = Math.min(1, lines.size / (1 + closeness.detector.nullPairs));
  const found = pAny <= NAME_AT_LEVEL && own.z > 0;
  const undated = closeness.needsDates && !dated(first.teacher);
  // Without dates everybody whom the detector finds stays in question.
  const likely = closeness.detector.teachers.filter((t) => t.z > 0 && t.p * lines.size <= NAME_AT_LEVEL);
  const tied = undated
    ? [...new Set([...closeness.notToldApart, ...likely.map((t) => t.teacher)])]
    : closeness.notToldApart;
  const copiesOf = (t: string) => closeness.copies.find((group) => group[0] === t) ?? [t];
  const notToldApart = tied.flatMap(copiesOf);
  const tiedLines = new Set(notToldApart.map(lineOf));
  const single = tiedLines.size === 1;
  const closer = closeness.detector.withControls
    .filter((c) => c.z >= own.z)
    .sort((a, b) => b.z - a.z)
    .map((c) => c.control);
  const named = found && single && !undated && closer.length === 0 ? first.teacher : null;
  const detection = `z ${fixed(own.z, 1)}, p ${pValue(own.p)}, ${pValue(pAny)} over ${lines.size} line${lines.size === 1 ? '' : 's'} of candidates`;
  const set = setText(notToldApart, closeness.copies);
  const alone = own.z > 0 && pAny <= smallest * ROUNDING && smallest > NAME_AT_LEVEL;
  const beyond = alone ? smallest : undefined;
  const text = textOf({ first, found, single, undated, lines: lines.size, detection, set, closer, beyond });
  return {
    method,
    detector: { teacher: first.teacher, z: own.z, p: own.p, pAny, smallest, level: NAME_AT_LEVEL, found },
    notToldApart,
    named,
    copies: closeness.copies,
    excluded,
    text,
  };
}

/** Candidates that nobody can part, with why. */
export function setText(tied: readonly string[], copies: readonly (readonly string[])[]): string {
  const groups = copies.filter((group) => tied.includes(group[0] ?? ''));
  const set = `one of {${tied.join(', ')}}`;
  if (groups.length === 1 && groups[0]?.length === tied.length)
    return `${set}, which are copies of each other`;
  return `${set}, not told apart${groups.map((g) => `; ${g.join(' and ')} are copies of each other`).join('')}`;
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
  closer: readonly string[];
  /** The smallest p over all lines, where no stranger is as close and the controls are too few to show more. */
  beyond: number | undefined;
}): string {
  const { first, detection } = of;
  if (of.beyond !== undefined)
    return `nobody can be named with these controls: no stranger is as close to ${first.line}, the first candidate, but over ${of.lines} line${of.lines === 1 ? '' : 's'} of candidates p cannot fall below ${pValue(of.beyond)}; ${NAME_AT_LEVEL} is needed: give more controls that are no candidates (${detection})`;
  if (!of.found)
    return `no candidate is named: the suspect is not closer to ${first.line}, the first of them, than strangers are (${detection})`;
  if (!of.single) return `${of.set}; closer to them than strangers are (${detection})`;
  if (of.closer.length > 0)
    return `nobody is named: the suspect is closer to ${first.line} than strangers are (${detection}), but ${of.closer.join(', ')} among the controls ${of.closer.length === 1 ? 'is' : 'are'} as close`;
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

import { escapeUnsafeLines } from '../text/unsafe.ts';
import { fixed, pValue } from './numbers.ts';
import { type ForensicsReport, NEGATIVE_MEANS, type SuspectReport } from './report.ts';
import { leftWithout } from './rests-on.ts';

/** Candidates that the terminal shows. */
const SHOWN_TEACHERS = 5;

/** What the observed value is called, mode by mode. */
export const MEASURE: Readonly<Record<SuspectReport['mode'], string>> = {
  choices: 'kappa',
  'free-form': 'log-likelihood ratio an item',
  text: 'likeness in the first view',
  none: 'likeness',
};

/**
 * The report as plain lines for a terminal. Model names and texts come from files: control characters are replaced.
 */
export function forensicsText(report: ForensicsReport): string {
  const lines: string[] = [];
  for (const s of report.suspects) lines.push(...suspectLines(s), '');
  lines.push(`Level ${report.alpha} after Holm's correction. ${NEGATIVE_MEANS}`);
  return escapeUnsafeLines(lines.join('\n'));
}

function interval(range: readonly [number, number] | null): string {
  return `[${fixed(range?.[0])}, ${fixed(range?.[1])}]`;
}

function testLines(s: SuspectReport): string[] {
  if (s.z === null || s.null === null) return [];
  const out = [
    `  ${MEASURE[s.mode]} ${fixed(s.kappa)}, expected ${fixed(s.expected)}, excess ${fixed(s.excess)} ${interval(s.ci95)} over items, ${interval(s.ci95Models)} over items and models`,
    `  z ${fixed(s.z, 2)}, p ${pValue(s.p)} (smallest possible ${pValue(s.null.smallestP)})${s.pAdjusted === null ? ', not among the questions asked' : `, corrected ${pValue(s.pAdjusted)} for ${s.questions} question(s)`}`,
  ];
  for (const left of leftWithout(s)) out.push(`  ${left.charAt(0).toLowerCase()}${left.slice(1)}`);
  for (const part of s.parts)
    out.push(
      `  ${part.part === 'trace' ? 'traces' : 'replies'} by themselves: ${part.items} texts, z ${fixed(part.z, 1)}, p ${pValue(part.p)}`,
    );
  const l = s.leaveOneControlOut;
  if (l !== null)
    out.push(
      `  without one control: z ${fixed(l.z[0], 1)} to ${fixed(l.z[1], 1)}, p ${pValue(l.p[0])} to ${pValue(l.p[1])} (${l.mostInfluential} matters most)`,
    );
  if (s.power?.detectable != null)
    for (const { effect, power } of s.power.atThisSize)
      out.push(`  power for a true excess of ${fixed(effect)}: ${(100 * power).toFixed(0)} % at this size`);
  if (s.text !== null && s.mode !== 'text')
    out.push(
      `  text, ${s.text.items} answers, corroboration only: z ${fixed(s.text.z, 1)}, p ${pValue(s.text.p)}`,
    );
  return out;
}

function teacherLines(s: SuspectReport): string[] {
  if (s.closest === null) return [];
  return [
    `  to whom: ${s.closest.text}`,
    ...s.teachers
      .slice(0, SHOWN_TEACHERS)
      .map(
        (t) =>
          `    ${t.teacher}: z ${fixed(t.z, 2)}, p ${pValue(t.p)}, probability ${fixed(t.probability, 2)}`,
      ),
  ];
}

function suspectLines(s: SuspectReport): string[] {
  return [
    `${s.suspect}  [${s.verdict}]`,
    `  ${s.statement}`,
    ...testLines(s),
    ...teacherLines(s),
    ...s.excludedDirections.map((d) => `  struck out: ${d.reason}`),
    ...(s.mechanism === null ? [] : [`  by what: ${s.mechanism.text}`]),
    ...(s.alternatives.length === 0 ? [] : [`  what else explains it: ${s.alternatives.join(' ')}`]),
    ...s.caveats.filter((c) => c.code !== 'not-exculpatory').map((c) => `  - ${c.text}`),
  ];
}

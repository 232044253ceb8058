import { escapeUnsafeLines } from '../text/unsafe.ts';
import { type ForensicsReport, negativeMeans, type SuspectReport } from './report.ts';

/**
 * The report as plain lines for a terminal. Model names and texts come from files: control characters are replaced.
 */
export function forensicsText(report: ForensicsReport): string {
  const lines: string[] = [];
  for (const s of report.suspects) lines.push(...suspectLines(s), '');
  lines.push(`Level ${report.alpha} after Holm's correction. ${negativeMeans}`);
  return escapeUnsafeLines(lines.join('\n'));
}

function suspectLines(s: SuspectReport): string[] {
  const out = [`${s.suspect}  [${s.verdict}]`, `  ${s.statement}`];
  if (s.z !== null && s.null !== null) {
    const observed =
      s.kappa === null
        ? ''
        : `${s.mode === 'text' ? 'word likeness' : 'kappa'} ${f(s.kappa)}, expected ${f(s.expected)}, `;
    out.push(
      `  ${observed}excess ${f(s.excess)} [${f(s.ci95?.[0])}, ${f(s.ci95?.[1])}] over items, [${f(s.ci95Models?.[0])}, ${f(s.ci95Models?.[1])}] over items and models`,
    );
    out.push(
      `  z ${f(s.z, 2)}, p ${f(s.p, 4)} (smallest possible ${f(s.null.smallestP, 4)}), corrected ${f(s.pAdjusted, 4)} for ${s.questions} question(s)`,
    );
    const l = s.leaveOneControlOut;
    if (l !== null)
      out.push(
        `  without one control: z ${f(l.z[0], 1)} to ${f(l.z[1], 1)}, p ${f(l.p[0], 4)} to ${f(l.p[1], 4)} (${l.mostInfluential} matters most)`,
      );
    for (const { effect, power } of s.power?.atThisSize ?? [])
      out.push(`  power for a true excess of ${f(effect)}: ${(100 * power).toFixed(0)} % at this size`);
    if (s.text !== null && s.mode === 'choices')
      out.push(
        `  text, ${s.text.items} answers, corroboration only: z ${f(s.text.z, 1)}, p ${f(s.text.p, 4)}`,
      );
  }
  if (s.closest !== null) {
    out.push(`  ${s.closest.text}`);
    for (const t of s.teachers.slice(0, 5))
      out.push(`    ${t.teacher}: z ${f(t.z, 2)}, p ${f(t.p, 4)}, probability ${f(t.probability, 2)}`);
  }
  for (const c of s.caveats) if (c.code !== 'not-exculpatory') out.push(`  - ${c.text}`);
  return out;
}

function f(x: number | null | undefined, digits = 3): string {
  return x === null || x === undefined || !Number.isFinite(x) ? 'n/a' : x.toFixed(digits);
}

import { copyText } from './edited-copies.ts';
import { excludedByTime, knownTie, type Lineages } from './models.ts';
import { capital } from './numbers.ts';
import type { Mechanism, SuspectReport } from './report.ts';
import { restsOn } from './rests-on.ts';
import { spokenForByErrors } from './shared-errors.ts';

/** What likeness can come from. */
const SOURCES = {
  weights: 'the same weights, served or continued under another name',
  base: 'a base model in common',
  data: 'training on the same answers: the reference\u2019s, or a third model\u2019s',
  style: 'a style that a generation of models shares, spread by public data sets',
} as const;

/** What is left of the same training answers where dates exclude the reference as a teacher. */
const OTHERS_DATA =
  'training on the same answers of a third model, the reference\u2019s being excluded by dates';

/** Share of equal answers among wrong ones from which two models can be one: measured on models served twice. */
const NEARLY_ONE = 0.6;

/** p from which a likeness is there to be explained, before correction; above it the third question does not arise. */
const TO_EXPLAIN = 0.05;

function toExplain({ p, z }: SuspectReport): boolean {
  return p !== null && p <= TO_EXPLAIN && (z ?? 0) > 0;
}

/**
 * By what: which sources of the likeness the data leave. Answers carry knowledge, texts carry style; direction and the
 * way from one to the other leave no trace in either.
 */
export function mechanismOf(report: SuspectReport, of: Lineages): Mechanism | null {
  if (
    !toExplain(report) ||
    report.mode === 'none' ||
    !spokenForByErrors(report) ||
    restsOn(report) !== undefined
  )
    return null;
  const data = report.excludedDirections.some((d) => d.teacher === report.reference)
    ? OTHERS_DATA
    : SOURCES.data;
  const tie = knownTie(report.suspect, report.reference, of);
  const known =
    tie === undefined
      ? ''
      : ` It is known that ${tie}: likeness is to be expected, and says nothing of distillation.`;
  if (report.mode === 'text')
    return {
      possible: [data, SOURCES.base, SOURCES.style],
      excluded: [],
      text: `Texts show how a model writes. They cannot tell these apart: ${data}; ${SOURCES.base}; ${SOURCES.style}. Shared wrong answers could tell the first two from the last.${known}`,
    };
  const texts =
    report.editedCopy?.what === 'texts'
      ? ` ${capital(copyText(report.editedCopy))}: that is the same model, or one file edited.`
      : '';
  const share = report.sameWrong === null || !report.coWrong ? null : report.sameWrong / report.coWrong;
  const text =
    share !== null && share >= NEARLY_ONE
      ? `Of the items that both got wrong, ${Math.round(100 * share)} % have the same wrong answer: ${SOURCES.weights} is possible.`
      : 'Shared wrong answers point to shared knowledge, not to style.';
  return {
    possible: [SOURCES.weights, SOURCES.base, data],
    excluded: [SOURCES.style],
    text: `${text} ${capital(SOURCES.weights)}, ${SOURCES.base} and ${data} leave the same trace here; only a known lineage tells them apart.${texts}${known}`,
  };
}

/** What else can explain a result: stands beside the verdict. */
export function alternativesTo(report: SuspectReport, of: Lineages): string[] {
  if (report.p === null) return [];
  const out: string[] = [];
  const tie = knownTie(report.suspect, report.reference, of);
  if (tie !== undefined) out.push(`A known tie: ${tie}.`);
  if (report.attribution !== null && report.attribution.notToldApart.length > 1)
    out.push(`Another teacher: one of ${report.attribution.notToldApart.join(', ')}, not told apart.`);
  if (report.selection?.selected === true) out.push('Selection of items, or answers lost unevenly.');
  out.push(...(report.mechanism?.possible ?? []).map((s) => `${capital(s)}.`));
  if (report.caveats.some((c) => c.code === 'controls-of-another-time'))
    out.push('What models of one generation share: the controls are of another.');
  if (report.mechanism !== null) {
    const back = excludedByTime(report.suspect, report.reference, of) === undefined;
    if (back) out.push('Learning in the other direction.');
    if (report.mode !== 'text') out.push('Leaked test items.');
  }
  return out;
}

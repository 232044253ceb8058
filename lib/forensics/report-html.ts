import { chartSvg } from '../report/chart.ts';
import { type Html, html, page, raw, table } from '../report/html.ts';
import { capital, fixed, pValue, signed } from './numbers.ts';
import {
  type ForensicsReport,
  NEGATIVE_MEANS,
  POSITIVE_MEANS,
  type SuspectReport,
  type Verdict,
} from './report.ts';
import { methodAppendix } from './report-appendix.ts';
import { nullSpec, powerSpec } from './report-charts.ts';
import { reportData } from './report-data.ts';
import { MEASURE } from './report-text.ts';
import { leftWithout } from './rests-on.ts';
import { shellWords } from './shell-words.ts';

/** The verdict as a label that stands by itself, and its colour. */
const LABEL: Record<
  Verdict,
  { readonly text: string; readonly tone: 'alarm' | 'calm' | 'unsure' | 'plain' }
> = {
  'consistent with': {
    text: 'consistent with learning from it, or with a shared ancestor or teacher',
    tone: 'alarm',
  },
  'one of several': { text: 'one of several, not told apart', tone: 'unsure' },
  'another candidate': { text: 'another candidate explains it better', tone: 'unsure' },
  'excluded by dates': { text: 'excluded by dates', tone: 'calm' },
  'no evidence': { text: 'no evidence', tone: 'calm' },
  'cannot tell at this size': { text: 'cannot tell at this size', tone: 'unsure' },
  'cannot tell with these controls': { text: 'cannot tell with these controls', tone: 'unsure' },
  abstained: { text: 'abstained', tone: 'plain' },
};

function badge(verdict: Verdict): Html {
  return html`<span class="tag ${LABEL[verdict].tone}">${LABEL[verdict].text}</span>`;
}

/** The report as one page that stands alone. `madeAt` is printed as given. */
export async function forensicsPage(report: ForensicsReport, madeAt: string): Promise<string> {
  const reference = report.suspects[0]?.reference ?? '';
  const sections: Html[] = [];
  for (const s of report.suspects) sections.push(await suspectSection(s, report.alpha));
  const body = html`
<h1>Was it trained on ${reference}?</h1>
<p class="muted">Siphonwatch forensics · ${madeAt} · level ${pValue(report.alpha)} after correction for every suspect and teacher asked about · seed ${report.seed}</p>
${summaryTable(report)}
${sections}
${inputsSection(report)}
${methodAppendix()}
<p><b>A positive result.</b> ${POSITIVE_MEANS}</p>
<p><b>A negative result.</b> ${NEGATIVE_MEANS}</p>
<footer>Quote a figure only together with its number of items, number of unrelated pairs, the controls' names and the corrected p.</footer>
${raw(reportData(report, madeAt))}`;
  return page({ title: `Forensics: ${reference}`, body });
}

function summaryTable(report: ForensicsReport): Html {
  return table(
    ['Suspect', 'Verdict', 'What else explains it', 'Items', 'Excess', 'z', 'p', 'corrected p', 'To whom'],
    report.suspects.map((s) => [
      s.suspect,
      badge(s.verdict),
      s.alternatives.join(' '),
      int(s.items),
      signed(s.excess),
      fixed(s.z, 1),
      pValue(s.p),
      pValue(s.pAdjusted),
      whom(s),
    ]),
    [3, 4, 5, 6, 7],
  );
}

/** A candidate stands beside the verdict only where the detector found it. */
function whom(s: SuspectReport): string {
  if (s.attribution === null) return '';
  if (s.attribution.named !== null) return s.attribution.named;
  return s.attribution.detector.found ? `one of ${s.attribution.notToldApart.join(', ')}` : 'none named';
}

function factsOf(s: SuspectReport, nulls: NonNullable<SuspectReport['null']>): Html[] {
  return [
    fact(
      s.mode === 'text' ? 'common texts' : 'items both answered',
      int(s.items),
      s.coWrong === null ? '' : `${int(s.coWrong)} both wrong, ${int(s.sameWrong ?? 0)} alike`,
    ),
    fact(MEASURE[s.mode], fixed(s.kappa), `expected ${fixed(s.expected)}`),
    fact(
      'excess',
      signed(s.excess),
      s.ci95 === null ? '' : `items ${signed(s.ci95[0])} to ${signed(s.ci95[1])}`,
    ),
    fact('z', fixed(s.z, 2), `spread of unrelated pairs ${fixed(nulls.spread)}`),
    fact('p', pValue(s.p), `smallest possible ${pValue(nulls.smallestP)}`),
    fact('corrected p', pValue(s.pAdjusted), `${s.questions} question${s.questions === 1 ? '' : 's'} asked`),
  ];
}

async function figuresOf(s: SuspectReport, nulls: NonNullable<SuspectReport['null']>, alpha: number) {
  const chart = await chartSvg(nullSpec(s, alpha));
  const reachable = s.power !== null && s.power.detectable !== null;
  const power = reachable ? await chartSvg(powerSpec(s)) : '';
  return html`<div class="pair">
<figure>${raw(chart)}<figcaption>Excess of ${int(nulls.pairs)} unrelated pairs (grey) and of the suspect with the reference (line), in standard deviations.</figcaption></figure>
${
  reachable
    ? html`<figure>${raw(power)}<figcaption>Chance of p ≤ ${pValue(alpha)} by number of ${s.mode === 'text' ? 'texts' : 'items'}, with these controls. Where a curve levels off, more items do not help.</figcaption></figure>`
    : html`<p>With ${int(nulls.pairs)} unrelated pairs p cannot fall to ${pValue(alpha)}: no number of items would help, more controls would.</p>`
}
</div>`;
}

async function suspectSection(s: SuspectReport, alpha: number): Promise<Html> {
  const { tone } = LABEL[s.verdict];
  const head = html`<section><h2>${s.suspect}</h2>
<div class="card ${tone}"><p>${badge(s.verdict)}</p><p>${s.statement}</p>
${s.alternatives.length === 0 ? '' : html`<p><b>What else explains it.</b> ${s.alternatives.join(' ')}</p>`}</div>
${s.excludedDirections.length === 0 ? '' : html`<p><b>Struck out by dates.</b> ${s.excludedDirections.map((d) => `${d.reason}.`).join(' ')}</p>`}`;
  if (s.null === null || s.z === null) return html`${head}${caveatList(s)}</section>`;
  const nulls = s.null;
  const loco = s.leaveOneControlOut;
  return html`${head}
<div class="facts">${factsOf(s, nulls)}</div>
${await figuresOf(s, nulls, alpha)}
${loco === null ? '' : html`<p>Leaving out each control in turn: z ${fixed(loco.z[0], 1)} to ${fixed(loco.z[1], 1)}, p ${pValue(loco.p[0])} to ${pValue(loco.p[1])}; ${loco.mostInfluential} matters most.</p>`}
${restsOnText(s)}${teacherTable(s)}
${s.mechanism === null ? '' : html`<h3>By what</h3><p>${s.mechanism.text}</p>`}
${viewTable(s)}
${s.naive === null ? '' : html`<p class="muted">For contrast: the naive binomial test (${int(s.naive.sameWrong)} equal wrong answers where blind guessing gives ${int(Math.round(s.naive.chanceSameWrong))}) would print a p of ${pValue(s.naive.p)}. It does so for nearly every pair of unrelated models; do not quote it.</p>`}
${s.selection === null ? '' : html`<h3>Items</h3><p>${s.selection.text}</p>`}
${caveatList(s)}
<p class="muted">Controls (${nulls.controls.length} of ${nulls.makers} makers, ${nulls.families} families by file, declaration or name): ${nulls.controls.join(', ')}. Most alike unrelated pairs: ${nulls.top.map((t) => `${t.pair[0]} with ${t.pair[1]} (z ${fixed(t.z, 1)})`).join('; ')}.</p>
</section>`;
}

/** What is left of the likeness without what leaked items or a parser make. */
function restsOnText(s: SuspectReport): Html | string {
  const left = leftWithout(s);
  return left.length === 0 ? '' : html`<p>${left.join(' ')}</p>`;
}

function teacherTable(s: SuspectReport): Html | string {
  if (s.teachers.length === 0 || s.closest === null || s.attribution === null) return '';
  return html`<h3>To whom</h3><p>${capital(s.closest.text)}. By ${s.attribution.method}. A control's best candidate is as close with p ${pValue(s.closest.anyP)}.</p>
${table(
  ['Candidate', 'line', 'z', 'p', 'corrected p', 'probability', 'of its line'],
  s.teachers.map((t) => [
    t.teacher,
    t.line,
    fixed(t.z, 2),
    pValue(t.p),
    pValue(t.pAdjusted),
    fixed(t.probability, 2),
    fixed(t.lineProbability, 2),
  ]),
  [2, 3, 4, 5, 6],
)}<p class="muted">Probabilities are among these candidates, given that one of them is the teacher; they say nothing of a teacher who was not asked. Here z and p are taken among the pairs of the suspect, of the candidates and of the controls that are no candidates, so those of the reference differ a little from the ones above.</p>`;
}

function viewTable(s: SuspectReport): Html | string {
  if (s.text === null || s.views.length === 0) return '';
  const parts = s.parts
    .map(
      (p) =>
        `${p.part === 'trace' ? 'Traces' : 'Replies'} by themselves: z ${fixed(p.z, 1)}, p ${pValue(p.p)} (${int(p.items)} texts, ${int(p.characters)} characters).`,
    )
    .join(' ');
  return html`<h3>Views of the text</h3><p>${int(s.text.items)} common texts; all views together z ${fixed(s.text.z, 1)}, p ${pValue(s.text.p)}. ${parts} The views depend on each other and are averaged, never multiplied.${s.mode === 'text' ? '' : ' Beside the answers they corroborate and are not part of the verdict.'}</p>
<div class="narrow">${table(
    ['View', 'z', 'p', ''],
    s.views.map((v) => [v.view, fixed(v.z, 1), pValue(v.p), v.aside === true ? 'shown only' : '']),
    [1, 2],
  )}</div>`;
}

function caveatList(s: SuspectReport): Html | string {
  return s.caveats.length === 0
    ? ''
    : html`<h3>Caveats</h3><ul>${s.caveats.map((c) => html`<li>${c.text}</li>`)}</ul>`;
}

/** Which files were compared, so that another expert can tell, and how to make the report again. */
function inputsSection({ run }: ForensicsReport): Html | string {
  if (run === undefined) return '';
  return html`<h2>Inputs</h2>
<p>Made by version ${run.version} of the method. Command:</p><pre>${shellWords(run.command)}</pre>
<p>The same command on files of these hashes gives the same numbers, bit for bit: check this page, or the output of the command, with <code>forensics --verify</code>.</p>
${table(
  [
    'Role',
    'Model',
    'File',
    'SHA-256',
    'Bytes',
    'Answers',
    'Choices',
    'Free-form',
    'Replies',
    'Traces',
    'Asked',
    'Released',
    'Cut-off',
  ],
  run.inputs.map((x) => [
    x.role,
    x.model ?? '',
    x.file,
    html`<code>${x.sha256}</code>`,
    int(x.bytes),
    int(x.answers),
    int(x.choices),
    int(x.freeForm),
    int(x.replies),
    int(x.traces),
    x.asked === null
      ? 'not given'
      : x.asked.from === x.asked.to
        ? x.asked.from
        : `${x.asked.from} to ${x.asked.to}`,
    x.facts?.released ?? 'not given',
    x.facts?.cutoff ?? 'not given',
  ]),
  [4, 5, 6, 7, 8, 9],
)}`;
}

function fact(key: string, value: string, detail: string): Html {
  return html`<div><div class="k">${key}</div><div class="v">${value}</div><div class="d">${detail}</div></div>`;
}

function int(x: number): string {
  return x.toLocaleString('en');
}

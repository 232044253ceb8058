import { chartColours, chartSvg, type VegaLiteSpec } from '../report/chart.ts';
import { type Html, html, page, raw, table } from '../report/html.ts';
import {
  type ForensicsReport,
  negativeMeans,
  positiveMeans,
  type SuspectReport,
  type Verdict,
} from './report.ts';

const tone: Record<Verdict, 'alarm' | 'calm' | 'unsure' | 'plain'> = {
  'consistent with': 'alarm',
  'no evidence': 'calm',
  'cannot tell at this size': 'unsure',
  abstained: 'plain',
};

/** The verdict as a label that stands by itself. */
const label: Record<Verdict, string> = {
  'consistent with': 'consistent with learning from it',
  'no evidence': 'no evidence',
  'cannot tell at this size': 'cannot tell at this size',
  abstained: 'abstained',
};

/**
 * The report as one page that stands alone. `madeAt` is printed as given.
 */
export async function forensicsPage(report: ForensicsReport, madeAt: string): Promise<string> {
  const reference = report.suspects[0]?.reference ?? '';
  const sections: Html[] = [];
  for (const s of report.suspects) sections.push(await suspectSection(s, report.alpha));
  const summary = table(
    ['Suspect', 'Verdict', 'Items', 'Excess', 'z', 'p', 'corrected p', 'Closest candidate'],
    report.suspects.map((s) => [
      s.suspect,
      html`<span class="tag ${tone[s.verdict]}">${label[s.verdict]}</span>`,
      int(s.items),
      signed(s.excess),
      num(s.z, 1),
      pValue(s.p),
      pValue(s.pAdjusted),
      s.closest === null
        ? ''
        : s.closest.named
          ? `${s.closest.line} (${num(s.closest.probability, 2)})`
          : 'none named',
    ]),
    [2, 3, 4, 5, 6],
  );
  const body = html`
<h1>Was it trained on ${reference}?</h1>
<p class="muted">Siphonwatch forensics · ${madeAt} · level ${pValue(report.alpha)} after correction for every suspect and teacher asked about · seed ${report.seed}</p>
${summary}
${sections}
<h2>How to read this</h2>
<p><b>The question.</b> Two models that know nothing of each other still agree: they find the same questions easy and fall for the same wrong options. So the test does not ask whether they agree more than chance, but whether they agree more than pairs of unrelated models do on the same questions.</p>
<p><b>The measure.</b> Agreement is corrected for both accuracies (CAPA's κ), for each question's difficulty and the pull of each of its wrong options, for both models' habits of guessing, and for what either model has in common with everybody. What is left is the excess.</p>
<p><b>The p-value</b> is the rank of this pair among the unrelated pairs: (1 + pairs at or above) / (1 + pairs). All models are treated alike, so the rank is right although pairs share models. It is as good as the controls: they must be unrelated, and asked the same way.</p>
<p><b>A positive result.</b> ${positiveMeans}</p>
<p><b>A negative result.</b> ${negativeMeans}</p>
<footer>Quote a figure only together with its number of items, number of unrelated pairs, the controls' names and the corrected p.</footer>`;
  return page({ title: `Forensics: ${reference}`, body });
}

async function suspectSection(s: SuspectReport, alpha: number): Promise<Html> {
  const colour = tone[s.verdict];
  const head = html`<section><h2>${s.suspect}</h2>
<div class="card ${colour}"><p><span class="tag ${colour}">${label[s.verdict]}</span></p><p>${s.statement}</p></div>`;
  if (s.null === null || s.z === null) return html`${head}${caveatList(s)}</section>`;
  const isText = s.mode === 'text';
  const facts = [
    fact(
      isText ? 'common answers' : 'items both answered',
      int(s.items),
      s.coWrong === null ? '' : `${int(s.coWrong)} both wrong`,
    ),
    fact(isText ? 'likeness in words' : 'κ observed', num(s.kappa, 3), `expected ${num(s.expected, 3)}`),
    fact(
      'excess',
      signed(s.excess),
      s.ci95 === null ? '' : `items ${signed(s.ci95[0])} to ${signed(s.ci95[1])}`,
    ),
    fact('z', num(s.z, 2), `spread of unrelated pairs ${num(s.null.spread, 3)}`),
    fact('p', pValue(s.p), `smallest possible ${pValue(s.null.smallestP)}`),
    fact('corrected p', pValue(s.pAdjusted), `${s.questions} question${s.questions === 1 ? '' : 's'} asked`),
  ];
  const nullChart = await chartSvg(nullSpec(s, alpha));
  const power = s.power === null ? '' : await chartSvg(powerSpec(s));
  const loco = s.leaveOneControlOut;
  return html`${head}
<div class="facts">${facts}</div>
<div class="pair">
<figure>${raw(nullChart)}<figcaption>Excess of ${int(s.null.pairs)} unrelated pairs (grey) and of the suspect with the reference (line), in standard deviations.</figcaption></figure>
${power === '' ? '' : html`<figure>${raw(power)}<figcaption>Chance of p ≤ ${pValue(alpha)} by number of ${isText ? 'answers' : 'items'}, with these controls. Where a curve levels off, more items do not help.</figcaption></figure>`}
</div>
${loco === null ? '' : html`<p>Leaving out each control in turn: z ${num(loco.z[0], 1)} to ${num(loco.z[1], 1)}, p ${pValue(loco.p[0])} to ${pValue(loco.p[1])}; ${loco.mostInfluential} matters most.</p>`}
${teacherTable(s)}
${viewTable(s)}
${s.naive === null ? '' : html`<p class="muted">For contrast: the naive binomial test (${int(s.naive.sameWrong)} equal wrong answers where blind guessing gives ${int(Math.round(s.naive.chanceSameWrong))}) would print p = ${pValue(s.naive.p)}. It does so for nearly every pair of unrelated models; do not quote it.</p>`}
${caveatList(s)}
<p class="muted">Controls (${s.null.controls.length}, ${s.null.families} presumed families): ${s.null.controls.join(', ')}. Most alike unrelated pairs: ${s.null.top.map((t) => `${t.pair[0]} with ${t.pair[1]} (z ${num(t.z, 1)})`).join('; ')}.</p>
</section>`;
}

function teacherTable(s: SuspectReport): Html | string {
  if (s.teachers.length === 0 || s.closest === null) return '';
  return html`<h3>Closest teacher</h3><p>${capital(s.closest.text)}. A control's best candidate is as close with p ${pValue(s.closest.anyP)}.</p>
${table(
  ['Candidate', 'line', 'z', 'p', 'corrected p', 'probability', 'of its line'],
  s.teachers.map((t) => [
    t.teacher,
    t.line,
    num(t.z, 2),
    pValue(t.p),
    pValue(t.pAdjusted),
    num(t.probability, 2),
    num(t.lineProbability, 2),
  ]),
  [2, 3, 4, 5, 6],
)}<p class="muted">Probabilities are among these candidates, given that one of them is the teacher; they say nothing of a teacher who was not asked.</p>`;
}

function viewTable(s: SuspectReport): Html | string {
  if (s.text === null || s.views.length === 0) return '';
  return html`<h3>Views of the text</h3><p>${int(s.text.items)} common texts; all views together z ${num(s.text.z, 1)}, p ${pValue(s.text.p)}. The views depend on each other and are averaged, never multiplied.${s.mode === 'choices' ? ' Beside the choices they corroborate and are not part of the verdict.' : ''}</p>
<div class="narrow">${table(
    ['View', 'z', 'p'],
    s.views.map((v) => [v.view, num(v.z, 1), pValue(v.p)]),
    [1, 2],
  )}</div>`;
}

function caveatList(s: SuspectReport): Html | string {
  return s.caveats.length === 0
    ? ''
    : html`<h3>Caveats</h3><ul>${s.caveats.map((c) => html`<li>${c.text}</li>`)}</ul>`;
}

function fact(key: string, value: string, detail: string): Html {
  return html`<div><div class="k">${key}</div><div class="v">${value}</div><div class="d">${detail}</div></div>`;
}

function nullSpec(s: SuspectReport, alpha: number): VegaLiteSpec {
  const z = s.null?.z ?? [];
  const own = s.z ?? 0;
  const low = Math.floor(Math.min(-3, z[0] ?? 0, own));
  const high = Math.ceil(Math.max(3, z[z.length - 1] ?? 0, own) + 0.3);
  const allowed = Math.floor(alpha * (1 + z.length) + 1e-9) - 1;
  const critical = allowed >= 0 ? z[z.length - 1 - allowed] : undefined;
  const x = { type: 'quantitative' as const, scale: { domain: [low, high], nice: false } };
  return {
    width: 400,
    height: 190,
    layer: [
      {
        data: { values: z.map((v) => ({ z: v })) },
        mark: { type: 'bar', color: chartColours.null, binSpacing: 1 },
        encoding: {
          x: {
            field: 'z',
            ...x,
            bin: { step: 0.25, extent: [low, high] },
            title: 'excess, standard deviations',
            axis: { values: range(low, high), format: 'd', grid: false },
          },
          y: { aggregate: 'count', type: 'quantitative', title: 'unrelated pairs', axis: { tickCount: 4 } },
        },
      },
      ...(critical === undefined
        ? []
        : [
            {
              data: { values: [{ z: critical, label: `p = ${alpha}` }] },
              encoding: { x: { field: 'z', ...x } },
              layer: [
                { mark: { type: 'rule' as const, color: chartColours.muted, strokeDash: [3, 3] } },
                {
                  mark: {
                    type: 'text' as const,
                    align: 'center' as const,
                    baseline: 'bottom' as const,
                    color: chartColours.muted,
                  },
                  encoding: { text: { field: 'label', type: 'nominal' as const }, y: { value: -2 } },
                },
              ],
            },
          ]),
      {
        data: { values: [{ z: own, label: `suspect z ${own.toFixed(1)}` }] },
        encoding: { x: { field: 'z', ...x } },
        layer: [
          { mark: { type: 'rule', color: chartColours.alarm, strokeWidth: 2.5 } },
          {
            mark: {
              type: 'text',
              align: own > (low + high) / 2 ? 'right' : 'left',
              dx: own > (low + high) / 2 ? 12 : -12,
              baseline: 'bottom',
              fontWeight: 600,
              color: chartColours.alarm,
            },
            encoding: { text: { field: 'label', type: 'nominal' }, y: { value: -16 } },
          },
        ],
      },
    ],
  };
}

function powerSpec(s: SuspectReport): VegaLiteSpec {
  const effects = [...new Set(s.power?.curve.map((c) => c.effect))];
  const label = (e: number) =>
    s.mode === 'text' ? `${(e / (s.null?.spread ?? 1)).toFixed(0)} × the null's spread` : `excess ${e}`;
  return {
    width: 400,
    height: 190,
    layer: [
      {
        data: { values: (s.power?.curve ?? []).map((c) => ({ ...c, label: label(c.effect) })) },
        mark: { type: 'line', point: { filled: true, size: 28 }, strokeWidth: 2 },
        encoding: {
          x: {
            field: 'items',
            type: 'quantitative',
            scale: { type: 'log' },
            title: s.mode === 'text' ? 'answers' : 'items',
            axis: { values: [200, 500, 1000, 2000, 5000, 10000, 20000], format: ',d', grid: false },
          },
          y: {
            field: 'power',
            type: 'quantitative',
            scale: { domain: [0, 1] },
            title: 'power',
            axis: { format: '%', tickCount: 5 },
          },
          color: {
            field: 'label',
            type: 'nominal',
            title: 'true excess',
            scale: { domain: effects.map(label), range: [chartColours.unsure, chartColours.accent] },
            legend: { orient: 'top', direction: 'horizontal' },
          },
        },
      },
      {
        data: { values: [{ items: s.items }] },
        mark: { type: 'rule', color: chartColours.muted, strokeDash: [3, 3] },
        encoding: { x: { field: 'items', type: 'quantitative' } },
      },
    ],
  };
}

function range(low: number, high: number): number[] {
  const step = high - low > 12 ? 2 : 1;
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);
}

const dash = '–';
function num(x: number | null, digits: number): string {
  return x === null || !Number.isFinite(x) ? dash : x.toFixed(digits).replace('-', '−');
}
function signed(x: number | null): string {
  return x === null ? dash : `${x >= 0 ? '+' : ''}${num(x, 3)}`;
}
function int(x: number): string {
  return x.toLocaleString('en');
}
function pValue(p: number | null): string {
  if (p === null) return dash;
  if (p < 1e-300) return '< 10⁻³⁰⁰';
  if (p < 1e-4)
    return `< 10^−${Math.floor(-Math.log10(p))}`
      .replace('^−', '⁻')
      .replace(/⁻(\d+)/, (_, d: string) => `⁻${[...d].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]).join('')}`);
  return p >= 0.1 ? p.toFixed(2) : p.toFixed(4).replace(/0+$/, '');
}
function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

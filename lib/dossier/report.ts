import { GROUP_SIGNALS } from '../campaigns/judging/group-score.ts';
import { COMMAND } from '../contract/command.ts';
import { DISPOSITION_WORDS } from '../findings/disposition-words.ts';
import type { AuditEntry, Finding } from '../findings/finding.ts';
import { amount, count, oneIn, percent, plural, power, usd, when } from '../findings/format.ts';
import { headline, summary } from '../findings/headline.ts';
import { plain } from '../findings/sanitize.ts';
import { rarityWords, significanceText } from '../findings/significance-text.ts';
import { atRiskWords, stakeWords } from '../findings/views/email.ts';
import { glossary } from '../report/glossary.ts';
import { type Html, html, page, table } from '../report/html.ts';
import { supportedBudget, unsupported } from '../scoring/supported-budget.ts';
import { FACTS } from '../signals/facts/index.ts';
import type { Assessment } from './assess.ts';
import type { Evidences } from './bundle.ts';
import { signalFigure, timelineFigure } from './figures.ts';

/** What the report says beyond the evidence: who made it, and with what. */
export interface ReportFacts {
  /** ISO, processing time */
  readonly madeAt: string;
  readonly madeBy: string;
  readonly code: string;
  readonly signed: boolean;
}

/** The dossier for people who were not there: one page that stands alone, fit to print. */
export async function report(held: Evidences, assessed: Assessment, facts: ReportFacts): Promise<string> {
  const { finding, policy } = held;
  const { notice } = finding;
  const sure = significanceText(notice);
  const account = notice.subject.type === 'account';
  const inForce = supportedBudget(held.calibration, policy.budget);
  const timeline = await timelineFigure(finding, assessed, inForce);
  const signals = await signalFigure(finding);
  const body = html`
<p class="muted">Siphonwatch dossier · ${finding.id} · made ${when(facts.madeAt)} by ${plain(facts.madeBy, 100)}</p>
<h1>Suspected extraction of a language model by ${account ? 'one account' : 'a group of linked accounts'}</h1>
<p>${account ? 'Account' : 'Campaign'} <code>${plain(notice.subject.id, 80)}</code>: ${summary(notice)}</p>
${verdictCard(finding)}
<div class="facts">
${fact('Level', notice.level, notice.highestLevel === undefined ? `highest reached: ${finding.highest}` : `${notice.highestLevel} is the highest that this calibration supports`)}
${fact('Behaviour seen since', when(notice.since).slice(0, 10), when(notice.since).slice(11))}
${fact('Requests', count(notice.stake.requests), `in ${plural(notice.window.hours / 24, 'day')}`)}
${fact('Tokens out', amount(notice.stake.outputTokens), `${amount(notice.stake.inputTokens)} in`)}
${notice.stake.listPriceUsd === undefined ? undefined : fact('List price', usd(notice.stake.listPriceUsd), 'estimate')}
${fact('Rarity', notice.p >= 1 ? 'unknown' : `${notice.pIsBound === true ? 'at most ' : ''}1 in ${oneIn(notice.p)}`, account ? 'benign peers, a month' : 'benign linked groups, a month')}
</div>

<h2>What is claimed, and how sure it is</h2>
<div class="card"><p><strong>${sure.sentence}</strong></p><p>${sure.place} ${sure.evidence} ${sure.promise}</p>${sure.oneByOne === undefined ? undefined : html`<p>${sure.oneByOne}</p>`}<p class="muted">${sure.limits}</p></div>
<p>This report says how ${account ? 'an account' : 'a group of accounts'} behaved and how rarely benign ${account ? 'accounts' : 'groups'} behave so. It does not say who is behind ${account ? 'the account' : 'them'}, what they intend, or what they did with the answers. Account names are pseudonyms; only a holder of the provider's key can resolve them. No text of any prompt or answer was stored, and none is in this dossier.</p>

<h2>Timeline</h2>
${timeline}
${table(
  ['event time', 'what happened', 'level', 'notification'],
  finding.history.map((entry) => [
    when(entry.at),
    entry.transition,
    entry.level,
    entry.fate === undefined ? '' : DISPOSITION_WORDS[entry.fate],
  ]),
)}

<h2>The evidence</h2>
${signals}
${table(
  ['', 'what was measured', account ? 'peers that show as much' : 'groups that show as much'],
  notice.reasons.map((reason, i) => [
    String(i + 1),
    html`${reason.evidence.toLowerCase().startsWith(reason.title.toLowerCase()) ? undefined : html`<strong>${plain(reason.title, 200)}</strong><br>`}${plain(reason.evidence, 400)}<br><span class="muted">${whyOf(reason.signal)}</span>`,
    rarityWords(reason.p, notice),
  ]),
)}
${notice.links.length === 0 ? undefined : linksOf(finding)}
${(notice.subject.members ?? []).length === 0 ? undefined : membersOf(finding)}

<h2>Benign explanations that were checked</h2>
<p>These are looked at for every finding. They change no score, because whoever extracts could imitate any of them; they are here so that a reader can weigh them.</p>
${table(
  ['explanation', 'fits', 'what was found'],
  notice.explanations.map((entry) => [
    plain(entry.title, 100),
    entry.fits ? html`<span class="tag unsure">fits</span>` : 'does not fit',
    plain(entry.because, 400),
  ]),
)}

<h2>What is at stake</h2>
<p>${stakeWords(notice)}</p>

<h2>The method in plain words</h2>
${account ? accountMethod(held) : campaignMethod(held)}
<h3>Error rates and limits</h3>
<ul>
<li>Error budget, by policy: at most 1 in ${oneIn(policy.budget.suspect)} benign accounts may reach suspect in a month, and 1 in ${oneIn(policy.budget.critical)} critical; ${String(policy.campaigns.budget)} false-positive campaigns a month over all customers.</li>
${unsupported(held.calibration, policy.budget).map((line) => html`<li>In force: ${plain(line, 400)}.</li>`)}
<li>The rates assume that a benign account is exchangeable with the benign accounts of its peer group. A customer of a kind that the calibration has not seen may get a p-value that is too small.</li>
<li>The calibration cannot state a p-value smaller than the number of its accounts supports; the e-value (${power(notice.log10E)}) has the same bound.</li>
<li>Behaviours are recognised by patterns and can be avoided; what is not seen here is not shown to be absent.</li>
</ul>

<h2>What was replayed, and what was missing</h2>
${replayCard(assessed, account)}
${
  held.missing.length === 0
    ? html`<p>Nothing that this dossier draws on had expired.</p>`
    : html`<ul>${held.missing.map((line) => html`<li>${plain(line, 400)}</li>`)}</ul>`
}
${accountsOf(assessed, held)}

<h2>Chain of custody</h2>
${custody(held, facts)}

<h2>Who decided what</h2>
${
  held.audit.length === 0
    ? html`<p>Nobody has recorded a verdict.</p>`
    : table(
        ['when', 'who', 'from', 'to', 'note'],
        held.audit.map((entry) => [
          when(entry.at),
          `${plain(entry.by, 100)}${entry.claimed === undefined ? '' : `, who says: ${plain(entry.claimed, 60)}`}`,
          sideOf(entry.before),
          sideOf(entry.after),
          plain(entry.note ?? entry.after.verdict?.note ?? '', 400),
        ]),
      )
}

<h2>How to check this dossier</h2>
<p>Beside this page lie the evidence as files and <code>manifest.json</code>, which chains their hashes${facts.signed ? ' and is signed' : ''}. <code>${COMMAND} dossier verify DIRECTORY</code> checks every file and recomputes every number from the evidence.${facts.signed ? ' Compare the key that it names with the one that the provider published.' : ' It is not signed: the chain shows damage and careless changes, not a forger who writes all files anew.'}</p>
<p>Who can explain the method: the provider's team that operates Siphonwatch, with <code>docs/detection.md</code> and <code>docs/design</code> of version ${facts.code}, which this dossier names; the computation is open source and can be repeated by anybody.</p>
${glossary(['p-value', 'e-value', 'peer group', 'error budget', 'calibration', 'finding', 'pseudonym'])}
<footer>Finding ${finding.id}, notice ${String(notice.number)} · policy ${plain(notice.versions.policy, 64)} · calibration ${plain(notice.versions.calibration, 128)} · code ${plain(notice.versions.code, 40)}, dossier by ${facts.code} · sample events ${notice.sampleEvents.map((id) => plain(id, 60)).join(', ')}</footer>`;
  return page({ title: `Dossier ${finding.id}: ${headline(notice)}`, body });
}

/** Where the evidence was before it came into this dossier: each hand, and what shows that nothing was changed there. */
function custody({ events, profiles, audit }: Evidences, { madeAt, madeBy, signed }: ReportFacts): Html {
  const arrived = events.map(({ arrived: at }) => at);
  const span =
    arrived.length === 0
      ? 'no archived events'
      : `${plural(events.length, 'event')}, which arrived from ${when(iso(arrived.reduce((a, b) => Math.min(a, b))))} to ${when(iso(arrived.reduce((a, b) => Math.max(a, b))))}${afterwards(events)}`;
  return table(
    ['where', 'what', 'what shows that it is unchanged'],
    [
      [
        'gateway',
        'each exchange became a usage event: counts and keyed fingerprints, no text',
        'the recorder runs with the provider; the text stayed there',
      ],
      [
        'stream and archive',
        span,
        'object storage with versions, written once by the scoring function; the archive can be locked against deletion (setting archiveLockDays)',
      ],
      [
        'tables',
        `${plural(profiles.length, 'stored account')} at the time of the dossier`,
        'recomputed from the archived events where they are still there (above)',
      ],
      [
        'people',
        audit.length === 0 ? 'no changes' : plural(audit.length, 'recorded change'),
        'each entry of the trail carries the hash of the one before',
      ],
      [
        'this dossier',
        `made ${when(madeAt)} by ${plain(madeBy, 100)}`,
        signed
          ? 'manifest with the hash of every file, signed'
          : 'manifest with the hash of every file, not signed',
      ],
    ],
  );
}

/** Events that arrive later than this after they happened were sent afterwards, ms. */
const AFTERWARDS_MS = 3_600_000;

/** Of traffic that was replayed or sent late, as in a demo: why a finding can be older than the arrival of its evidence. */
function afterwards(events: Evidences['events']): string {
  const late = events.filter(({ arrived, time }) => arrived - time > AFTERWARDS_MS).length;
  return late === 0
    ? ''
    : `. ${late === events.length ? 'All' : `${count(late)} of them`} arrived more than an hour after they had happened: traffic was replayed or sent afterwards. The times of the finding are event times, as if it had come at once`;
}

const iso = (ms: number): string => new Date(ms).toISOString();

const days = (policy: Evidences['policy']): string =>
  policy.windows.map((hours) => `${hours / 24}`).join(' and ');

function accountMethod({ policy, calibration }: Evidences): Html {
  return html`<ol>
<li>For every account, requests are counted in slices of six hours: how many, how large, and which of a list of behaviours each showed. Prompts are compared by keyed fingerprints, never by their text.</li>
<li>Each time such a slice is over, ${count(FACTS.length)} facts are read over the last ${days(policy)} days: shares, lengths, variety, pace, origins, age. Country and nationality are never used.</li>
<li>Forests of decision trees compare the facts with a library of known attacks and with this deployment's own past (calibration <code>${plain(calibration.id, 128)}</code>, library <code>${plain(calibration.library, 64)}</code>). The account is judged by a forest that has not seen it as ordinary. Few requests weaken the score.</li>
<li>How rare a score is was measured: the calibration ranks the highest score of each of ${count(calibration.accounts)} accounts over ${plural(calibration.days, 'day')} (${count(calibration.events)} requests). Nobody was left out by score${calibration.foreign ? '. It was learnt from the traffic of somebody else: whether it holds here is not known' : ''}.</li>
<li>Because the maximum over the whole period is compared with maxima over the whole period, the error rate holds however often one looks.</li>
</ol>`;
}

function campaignMethod(held: Evidences): Html {
  const { policy, calibration } = held;
  if (calibration.groups !== undefined) return learnedMethod(held);
  return html`<ol>
<li>For every account, requests are counted in slices of six hours: how many, how large, and which of a list of behaviours each showed. Prompts are compared by keyed fingerprints, never by their text.</li>
<li>Accounts are linked by facts that few others share: payment, address, client, the same minutes of activity. What links accounts does not count in judging them.</li>
<li>The members' slices are merged from when the link stood. Each signal of the group is a number over the last ${days(policy)} days, ranked among benign linked groups of the product and size: companies, courses, and groups drawn from benign accounts (calibration <code>${plain(calibration.id, 128)}</code>, policy <code>${plain(policy.id, 64)}</code>).</li>
<li>The score is the negative decimal logarithm of the smallest p-value of a signal; the stated p-value adds up those of all signals, over a month. All groups that are judged in a month share one error budget.</li>
<li>Because the maximum over the whole period is compared with maxima over the whole period, the error rate holds however often one looks.</li>
</ol>`;
}

function learnedMethod({ calibration }: Evidences): Html {
  const ranks = calibration.groups;
  return html`<ol>
<li>Accounts are linked by facts that few others share: payment, address, client, the same minutes of activity, or by what they ask, compared by keyed fingerprints. What links accounts does not count in judging them.</li>
<li>Every member is scored as single accounts are, by forests that have not seen it (calibration <code>${plain(calibration.id, 128)}</code>, library <code>${plain(calibration.library, 64)}</code>). The group's score is the mean of the lower three quarters of its members' scores, times their number divided by it and two more.</li>
<li>The group's rank is among the ${count(ranks?.groups.accounts ?? 0)} linked groups of the past. A member is named where the group's score, and no more than its own, is beyond what ${count(ranks?.accounts.accounts ?? 0)} accounts of the past came to in their groups.</li>
<li>Because the maximum over the whole period is compared with maxima over the whole period, the error rate holds however often one looks.</li>
</ol>`;
}

function fact(name: string, value: string, detail: string): Html {
  return html`<div><div class="k">${name}</div><div class="v">${value}</div><div class="d">${detail}</div></div>`;
}

function sideOf(side: AuditEntry['before']): string {
  const { verdict, state } = side;
  if (verdict === undefined) return state;
  return `${verdict.verdict}${verdict.until === undefined ? '' : ` until ${verdict.until.slice(0, 10)}`} (${state})`;
}

function verdictCard(finding: Finding): Html {
  const { verdict } = finding;
  if (verdict === undefined)
    return html`<div class="card unsure"><p><span class="tag unsure">no verdict</span> People have not decided yet. A finding is a suspicion with a measured error rate, not a judgement.</p></div>`;
  const kind = { confirmed: 'alarm', benign: 'calm', unsure: 'unsure' }[verdict.verdict];
  return html`<div class="card ${kind}"><p><span class="tag ${kind}">${verdict.verdict}</span> by ${plain(verdict.by, 100)}, ${when(verdict.at)}${verdict.until === undefined ? '' : `, until ${when(verdict.until)}`}${verdict.note === undefined ? '' : `: ${plain(verdict.note, 600)}`}</p></div>`;
}

/** Why a signal of groups tells; a fact of an account is said in its evidence. How to evade it is nobody's business outside. */
function whyOf(signal: string): string {
  return GROUP_SIGNALS.find((held) => held.id === signal)?.why ?? '';
}

function linksOf(finding: Finding): Html {
  return html`<h3>What links the accounts</h3>
${table(
  ['fact', 'members', 'others', ''],
  finding.notice.links.map((held) => [
    plain(held.kind, 40),
    count(held.members),
    count(held.others),
    plain(held.evidence, 400),
  ]),
  [1, 2],
)}
<p class="muted">A fact that links accounts does not count in judging them. Links and roles rest on facts of accounts that are not in this dossier; they stand here as the notice has them.</p>`;
}

function membersOf(finding: Finding): Html {
  const { members = [], memberCount } = finding.notice.subject;
  return html`<h3>Members</h3>
${memberCount !== undefined && memberCount > members.length ? html`<p>The ${String(members.length)} most active of ${count(memberCount)}.</p>` : undefined}
${table(
  [
    'account',
    'role',
    'seen',
    'requests',
    'a day',
    'of all',
    'tokens out',
    'models',
    'ordinary work lost by acting on it',
  ],
  members.map((held) => [
    html`<code>${plain(held.account, 40)}</code>`,
    plain(held.role, 12),
    `${held.firstSeen.slice(0, 10)} to ${held.lastSeen.slice(0, 10)}`,
    count(held.events),
    held.requestsPerDay === undefined ? '' : count(held.requestsPerDay),
    held.trafficShare === undefined ? '' : percent(held.trafficShare),
    amount(held.outputTokens),
    (held.models ?? []).map(({ model }) => plain(model, 40)).join(', '),
    held.atRisk === undefined ? '' : `${percent(held.atRisk.share)}: ${atRiskWords(held.atRisk)}`,
  ]),
  [3, 4, 5, 6],
)}`;
}

function replayCard({ notice }: Assessment, account: boolean): Html {
  if (notice.reproduced && !account)
    return html`<div class="card calm"><p><span class="tag calm">reproduced</span> The notice's numbers were recomputed from ${plural(notice.events, 'event')}: score, rarity, e-value, window, reasons, explanations, what is at stake, and requests and tokens of each listed member came out the same, bit for bit. Links, roles, what acting on a member would cost, and the accounts' evidence one by one stand as they were noticed: they rest on facts that are not in this dossier.</p></div>`;
  if (notice.reproduced)
    return html`<div class="card calm"><p><span class="tag calm">reproduced</span> The notice was recomputed from ${plural(notice.events, 'event')}: every number of it came out the same, bit for bit.</p></div>`;
  return html`<div class="card unsure"><p><span class="tag unsure">not reproduced</span> The notice could not be written again: ${notice.why ?? ''}. The numbers below are worked out from what is stored.</p>
${
  notice.differing.length === 0
    ? undefined
    : table(
        ['field', 'in the notice', 'now'],
        notice.differing
          .slice(0, 12)
          .map((held) => [plain(held.field, 80), plain(held.noted, 80), plain(held.now, 80)]),
      )
}</div>`;
}

/** Accounts that the page lists; all are in the assessment. */
const ACCOUNTS_LISTED = 100;

/** Why four counts of requests differ: each is of another moment. */
function countWords({ notice: again }: Assessment, { finding, events }: Evidences): string {
  const { window } = finding.notice;
  const repeated = events.length - new Set(events.map(({ event }) => event.id)).size;
  return [
    `How these counts go together: the notice counts the ${plural(window.events, 'request')} of its window, which ends at ${when(window.to)}.`,
    again.events > 0
      ? `It was recomputed from all ${plural(again.events, 'event')} that had come when it was written, those after the window's end among them.`
      : '',
    'Requests as stored go on to when the dossier was made.',
    `Events in the archive are counted as they came${repeated === 0 ? '; one that comes twice is stored once' : `: ${plural(repeated, 'event')} came again, and a request is stored once`}.`,
  ]
    .filter((line) => line !== '')
    .join(' ');
}

function accountsOf(assessed: Assessment, held: Evidences): Html | undefined {
  if (assessed.accounts.length === 0) return undefined;
  const busiest = [...assessed.accounts].sort((a, b) => b.requests - a.requests);
  const more = busiest.length - ACCOUNTS_LISTED;
  return html`${more > 0 ? html`<p>The ${count(ACCOUNTS_LISTED)} busiest of ${count(busiest.length)} accounts; all are in <code>assessment.json</code>.</p>` : undefined}${table(
    [
      'account, as stored',
      'requests',
      'tokens out',
      'events in the archive',
      'slices rebuilt from them',
      'score',
      'rarity',
    ],
    busiest
      .slice(0, ACCOUNTS_LISTED)
      .map((held) => [
        html`<code>${plain(held.account, 40)}</code>`,
        count(held.requests),
        amount(held.outputTokens),
        count(held.events),
        held.rebuilt === null ? 'not possible' : held.rebuilt ? 'the same' : 'not the same',
        held.score.toFixed(2),
        held.p === null || held.p >= 1 ? 'unknown' : `1 in ${oneIn(held.p)}`,
      ]),
    [1, 2, 3, 5, 6],
  )}<p class="muted">${countWords(assessed, held)}</p>`;
}

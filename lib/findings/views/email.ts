import { HOUR_MS } from '../../time.ts';
import type { Notice, OrdinaryWork } from '../finding.ts';
import { amount, count, duration, percent, plural, usd, when, wrap } from '../format.ts';
import { headline, summary } from '../headline.ts';
import { deadline, nextSteps } from '../next-steps.ts';
import { ascii, defanged } from '../sanitize.ts';
import { rarityWords, significanceText } from '../significance-text.ts';
import { strongReasons } from '../strong-reasons.ts';

/** SNS: at most 100 characters of ASCII, no line break, beginning with a letter, digit or punctuation. */
export const SUBJECT_MAX = 100;
/** Columns that a phone held upright and a terminal can both live with. */
export const COLUMNS = 72;

export interface Email {
  readonly subject: string;
  readonly text: string;
}

const MEMBERS_SHOWN = 5;
const LINKS_SHOWN = 4;

/** A notice as plain text. @param now processing time, ms */
export function email(notice: Notice, now: number): Email {
  return {
    subject: ascii(`[${notice.level}] ${headline(notice)}`, SUBJECT_MAX),
    text: `${sections(notice, now).join('\n\n')}\n`,
  };
}

function sections(notice: Notice, now: number): string[] {
  const sure = significanceText(notice);
  return [
    wrap(summary(notice), COLUMNS),
    facts(notice),
    section('HOW SURE', [wrap(`${sure.sentence} ${sure.urgency}`.trimEnd(), COLUMNS)]),
    ...(notice.reasons.length === 0 ? [] : [section('WHY', reasons(notice))]),
    ...(notice.links.length === 0 ? [] : [section('LINKED BY', links(notice))]),
    ...(notice.explanations.length === 0
      ? []
      : [section('BENIGN EXPLANATIONS CHECKED', explanations(notice))]),
    section('AT STAKE', stake(notice)),
    section('DO NEXT', steps(notice, now)),
    section('THE NUMBERS', [
      wrap(`${sure.place} ${sure.evidence} ${sure.promise}`, COLUMNS),
      ...(sure.oneByOne === undefined ? [] : [wrap(sure.oneByOne, COLUMNS)]),
      paragraph(sure.limits),
    ]),
    provenance(notice),
  ];
}

function section(title: string, lines: readonly string[]): string {
  return [title, ...lines].join('\n');
}

/** `Level   critical (before: watch)` */
function fact(name: string, value: string): string {
  return wrap(value, COLUMNS, name.padEnd(9), ' '.repeat(9));
}

function facts(notice: Notice): string {
  const { subject, level, previous, since, at } = notice;
  const members = subject.memberCount ?? subject.members?.length;
  const kind = [
    defanged(subject.plan, 40),
    defanged(subject.product, 40),
    ...(subject.accountAgeDays === undefined ? [] : [`${plural(subject.accountAgeDays, 'day')} old`]),
    ...(members === undefined ? [] : [plural(members, 'member')]),
  ].filter((part) => part !== '');
  const lines = [
    fact(subject.type === 'account' ? 'Account' : 'Campaign', defanged(subject.id, 80)),
    ...(kind.length > 0 ? [fact('', kind.join(', '))] : []),
    ...(notice.campaign === undefined
      ? []
      : [
          fact(
            'Part of',
            `campaign ${defanged(notice.campaign.id, 40)}, ${defanged(notice.campaign.finding, 80)}`,
          ),
        ]),
    fact('Level', level === previous ? level : `${level} (before: ${previous})`),
    fact('Since', `${when(since)}, ${duration(Date.parse(at) - Date.parse(since))} before this`),
    fact('At', when(at)),
  ];
  for (const held of (subject.members ?? []).slice(0, MEMBERS_SHOWN))
    lines.push(
      wrap(
        `${defanged(held.account, 40)} (${defanged(held.role, 12)}): ${plural(held.events, 'request')}, ${amount(held.outputTokens)} tokens out${held.atRisk === undefined ? '' : `; at risk: ${atRiskWords(held.atRisk)}`}`,
        COLUMNS,
        '  - ',
        '    ',
      ),
    );
  if (members !== undefined && members > MEMBERS_SHOWN && subject.members !== undefined)
    lines.push(`    and ${count(members - Math.min(MEMBERS_SHOWN, subject.members.length))} more`);
  if (subject.bystanders !== undefined && subject.bystanders > 0)
    lines.push(
      fact(
        'Others',
        `${plural(subject.bystanders, 'account')} linked with them are not named: their own behaviour is ordinary`,
      ),
    );
  return lines.join('\n');
}

/** The ordinary work that is lost by acting on a member: `11 ordinary requests a day ($0.42)`, at list price. */
export function atRiskWords(work: OrdinaryWork): string {
  const price = work.listPriceUsdPerDay;
  return `${plural(work.requestsPerDay, 'ordinary request')} a day${price === undefined ? '' : ` (${usd(price)})`}`;
}

/** Evidence that begins with the fact's own name: the name need not stand above it again. */
function evidenceSaysTitle({ title, evidence }: Notice['reasons'][number]): boolean {
  return evidence.toLowerCase().startsWith(title.toLowerCase());
}

function reasons(notice: Notice): string[] {
  return strongReasons(notice)
    .slice(0, 3)
    .map((held, i) =>
      [
        ...(evidenceSaysTitle(held)
          ? []
          : [wrap(sentence(defanged(held.title, 120)), COLUMNS, `${i + 1}. `, '   ')]),
        wrap(
          `${sentence(defanged(held.evidence, 300))} ${sentence(rarityWords(held.p, notice)).slice(0, -1)} shows as much.`,
          COLUMNS,
          evidenceSaysTitle(held) ? `${i + 1}. ` : '   ',
          '   ',
        ),
      ].join('\n'),
    );
}

function links(notice: Notice): string[] {
  return notice.links
    .slice(0, LINKS_SHOWN)
    .map((held) =>
      wrap(
        `${defanged(held.kind, 40)}: shared by ${plural(held.members, 'member')}, by ${plural(held.others, 'other account')} outside. ${sentence(defanged(held.evidence, 200))}`,
        COLUMNS,
        '- ',
        '  ',
      ),
    );
}

function explanations(notice: Notice): string[] {
  const fit = notice.explanations.filter((held) => held.fits);
  const not = notice.explanations.filter((held) => !held.fits);
  return [
    ...fit.map((held) =>
      wrap(
        `Fits: ${defanged(held.title, 80)}. ${sentence(defanged(held.because, 240))}`,
        COLUMNS,
        '- ',
        '  ',
      ),
    ),
    ...(not.length === 0
      ? []
      : [
          wrap(
            `${fit.length === 0 ? 'None fits: ' : 'Do not fit: '}${not.map((held) => defanged(held.title, 80)).join('; ')}.`,
            COLUMNS,
            '- ',
            '  ',
          ),
        ]),
    ...(fit.length === 0
      ? []
      : [wrap('An explanation that fits does not clear the account: an attacker can imitate it.', COLUMNS)]),
  ];
}

/** What is at stake, in one or two sentences. */
export function stakeWords(notice: Notice, models = true): string {
  const { stake, window } = notice;
  const parts = [
    `${plural(stake.requests, 'request')} in ${duration(window.hours * HOUR_MS)}`,
    `${amount(stake.outputTokens)} tokens out and ${amount(stake.inputTokens)} in`,
    ...(stake.listPriceUsd === undefined ? [] : [`${usd(stake.listPriceUsd)} at list price`]),
    ...(stake.trafficShare === undefined ? [] : [`${percent(stake.trafficShare)} of all traffic`]),
  ];
  const named = stake.models
    .slice(0, 3)
    .map(({ model, share }) => `${defanged(model, 40)} ${percent(share)}`)
    .join(', ');
  return `${parts.join('; ')}.${models && named !== '' ? ` Models: ${named}.` : ''}`;
}

function stake(notice: Notice): string[] {
  return [paragraph(stakeWords(notice))];
}

function steps(notice: Notice, now: number): string[] {
  return nextSteps(notice, now).map((step, i) =>
    [
      wrap(`${sentence(deadline(step)).slice(0, -1)}: ${step.what}`, COLUMNS, `${i + 1}. `, '   '),
      `   ${step.command}`,
      ...(step.instead === undefined ? [] : [`   ${step.instead}`]),
      ...(step.undo === undefined ? [] : [wrap(`to undo: ${step.undo}`, COLUMNS, '   ')]),
    ].join('\n'),
  );
}

function provenance(notice: Notice): string {
  const { versions } = notice;
  const lines = [
    paragraph(
      `Finding ${defanged(notice.finding, 80)}, notice ${notice.number}. Policy ${defanged(versions.policy, 64)}, calibration ${defanged(versions.calibration, 64)}, code ${defanged(versions.code, 40)}.`,
    ),
  ];
  if (notice.sampleEvents.length > 0)
    lines.push(
      paragraph(
        `Sample events: ${notice.sampleEvents
          .slice(-3)
          .map((id) => defanged(id, 60))
          .join(', ')}`,
      ),
    );
  return lines.join('\n');
}

/** A paragraph that quotes names from outside: its later lines are set in, so that no name can begin a line. */
function paragraph(text: string): string {
  return wrap(text, COLUMNS, '', '  ');
}

/** With a capital and a full stop. */
function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

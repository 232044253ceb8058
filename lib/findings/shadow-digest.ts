import { COMMAND } from '../contract/command.ts';
import type { Finding } from './finding.ts';
import { type CandidateWork, comparePolicies, type NamedAccount } from './policy-comparison.ts';
import type { Rendered } from './publication.ts';
import { reviewLines } from './review-lines.ts';
import { ascii, identifier, unmarked } from './sanitize.ts';
import { chatMessage } from './views/chat.ts';
import { SUBJECT_MAX } from './views/email.ts';
import { SMS_MAX } from './views/sms.ts';

/** What a candidate would have done beside the active policy, over a stretch of event time. Counts are of accounts. */
export interface ShadowDigest {
  /** event time; empty where the candidate has judged nothing */
  readonly from: string;
  readonly to: string;
  /** id of the candidate; undefined where there is none */
  readonly candidate: string | undefined;
  /** the same as a list, for readers of earlier versions */
  readonly policies: readonly string[];
  /** accounts that were compared */
  readonly accounts: number;
  readonly counts: { readonly active: number; readonly shadow: number; readonly both: number };
  readonly onlyShadow: readonly ShadowEntry[];
  readonly onlyActive: readonly ShadowEntry[];
  readonly newlyCaught: number;
  readonly newlyWronged: number;
  readonly noLongerCaught: number;
  readonly noLongerWronged: number;
  /** for people */
  readonly lines: readonly string[];
}

export interface ShadowEntry {
  /** id of the finding that names it, which `siphonwatch findings show` takes */
  readonly finding: string;
  /** the account */
  readonly subject: string;
  readonly level: string;
  readonly openedAt: string;
  /** what people said of the account or its campaign, by either policy's finding; undefined where nobody has */
  readonly verdict?: 'confirmed' | 'benign' | 'unsure';
}

export interface ShadowDigestOf {
  readonly active: readonly Finding[];
  /** findings of shadow policies, of this candidate and of earlier ones */
  readonly shadow: readonly Finding[];
  /** id of the candidate; without it that of the newest finding */
  readonly candidate?: string | undefined;
  /** what it judged, where the profiles were read */
  readonly work?: CandidateWork | undefined;
  /** ms before the newest event */
  readonly period: number;
  /** whose verdict would help most; without, nothing is said of it */
  readonly review?: Parameters<typeof reviewLines>[0];
}

/** Compares a candidate with the active policy. Accounts that people have judged count as caught or wronged. */
export function shadowDigest({ active, shadow, work, period, review, ...of }: ShadowDigestOf): ShadowDigest {
  const candidate = of.candidate ?? shadow[0]?.notice.versions.policy;
  const verdicts = verdictsOf([...active, ...shadow]);
  const entry = ({ account, finding }: NamedAccount): ShadowEntry => {
    const verdict = verdicts.get(account);
    return {
      finding: finding.id,
      subject: account,
      level: finding.highest,
      openedAt: finding.openedAt,
      ...(verdict === undefined ? {} : { verdict }),
    };
  };
  if (candidate === undefined || work?.judged.size === 0) return nothingYet(candidate);
  const compared = comparePolicies(active, shadow, candidate, work, period);
  const onlyShadow = compared.onlyShadow.map(entry);
  const onlyActive = compared.onlyActive.map(entry);
  const count = (list: readonly ShadowEntry[], verdict: string) =>
    list.filter((held) => held.verdict === verdict).length;
  const made = {
    from: new Date(compared.from).toISOString(),
    to: new Date(compared.to).toISOString(),
    candidate,
    policies: [candidate],
    accounts: compared.accounts,
    counts: { active: compared.active, shadow: compared.shadow, both: compared.both },
    onlyShadow,
    onlyActive,
    newlyCaught: count(onlyShadow, 'confirmed'),
    newlyWronged: count(onlyShadow, 'benign'),
    noLongerCaught: count(onlyActive, 'confirmed'),
    noLongerWronged: count(onlyActive, 'benign'),
  };
  return { ...made, lines: [...linesOf(made, work !== undefined), ...reviewLines(review)] };
}

/** What people said of accounts; of the account itself before what was said of its campaign. */
function verdictsOf(findings: readonly Finding[]): ReadonlyMap<string, NonNullable<ShadowEntry['verdict']>> {
  const verdicts = new Map<string, NonNullable<ShadowEntry['verdict']>>();
  const judged = findings.flatMap(({ verdict, notice }) =>
    verdict === undefined ? [] : [{ said: verdict.verdict, subject: notice.subject }],
  );
  for (const { said, subject } of judged)
    for (const { account } of subject.members ?? []) verdicts.set(account, said);
  for (const { said, subject } of judged) verdicts.set(subject.id, said);
  return verdicts;
}

function nothingYet(candidate: string | undefined): ShadowDigest {
  const line =
    candidate === undefined
      ? 'No candidate is judged beside the active policy.'
      : `No event was judged under candidate ${candidate} yet: there is nothing to compare.`;
  return {
    from: '',
    to: '',
    candidate,
    policies: candidate === undefined ? [] : [candidate],
    accounts: 0,
    counts: { active: 0, shadow: 0, both: 0 },
    onlyShadow: [],
    onlyActive: [],
    newlyCaught: 0,
    newlyWronged: 0,
    noLongerCaught: 0,
    noLongerWronged: 0,
    lines: [line],
  };
}

const MAX_ROWS = 20;
const MAX_SENT = 100;

/** @param read whether the profiles were read, so that it is known how many accounts both policies judged */
function linesOf(made: Omit<ShadowDigest, 'lines'>, read: boolean): string[] {
  const { active, shadow, both } = made.counts;
  const when = `${minute(made.from)} to ${minute(made.to)} (event time)`;
  const looked = read ? `, ${count(made.accounts, 'account')} judged by both policies` : '';
  const lines = [
    `${when}${looked}: candidate ${made.candidate ?? ''} names ${count(shadow, 'account')}, the active policy ${active}; ${both} in common.`,
  ];
  const judged = made.newlyCaught + made.newlyWronged + made.noLongerCaught + made.noLongerWronged;
  if (judged > 0)
    lines.push(
      `Of those with a verdict: ${made.newlyCaught} true and ${made.newlyWronged} false positives are new, ${made.noLongerCaught} true and ${made.noLongerWronged} false positives are gone.`,
    );
  const list = (title: string, entries: readonly ShadowEntry[]): void => {
    if (entries.length === 0) return;
    const findings = new Map<string, ShadowEntry[]>();
    for (const held of entries) findings.set(held.finding, [...(findings.get(held.finding) ?? []), held]);
    lines.push(`${title} (${entries.length}):`);
    for (const [id, [held, ...more]] of [...findings].slice(0, MAX_ROWS))
      lines.push(
        `  ${COMMAND} findings show ${identifier(id)}   ${held?.level ?? ''}, since ${minute(held?.openedAt ?? '')}${more.length === 0 ? '' : `, ${more.length + 1} accounts`}${held?.verdict === undefined ? ', no verdict yet' : `, ${held.verdict}`}`,
      );
    if (findings.size > MAX_ROWS) lines.push(`  ... and ${findings.size - MAX_ROWS} more`);
  };
  list('Only the candidate', made.onlyShadow);
  list('Only the active policy', made.onlyActive);
  return lines;
}

const minute = (iso: string): string => iso.slice(0, 16).replace('T', ' ');
const count = (n: number, what: string): string =>
  `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;

/** Lines of a chat card: the first, and the last two, which say what is asked. */
function chosen(lines: readonly string[]): readonly string[] {
  return lines.length <= 12 ? lines : [...lines.slice(0, 10), ...lines.slice(-2)];
}

/** The digest as a message in every form. */
export function renderShadowDigest(held: ShadowDigest, deliveryId: string): Rendered {
  const { counts } = held;
  const headline = `shadow policy ${held.candidate ?? ''}: names ${count(counts.shadow, 'account')}, the active one ${counts.active}, ${counts.both} in common`;
  const next = `${COMMAND} policy shadow`;
  return {
    subject: ascii(`[siphonwatch] ${headline}`, SUBJECT_MAX),
    texts: {
      default: JSON.stringify({
        schema: 'siphonwatch.shadow-digest/1',
        headline,
        ...held,
        // a message is small; the verb lists all
        onlyShadow: held.onlyShadow.slice(0, MAX_SENT),
        onlyActive: held.onlyActive.slice(0, MAX_SENT),
      }),
      email: `${held.lines.join('\n')}\n\nDO NEXT\n1. The same, with more days: ${next} --days 7\n2. Make it the active one: ${COMMAND} policy promote\n3. Or end it: ${next} --off\n`,
      sms: ascii(`Siphonwatch: ${headline}. ${next}`, SMS_MAX),
      https: JSON.stringify(
        chatMessage({
          id: deliveryId,
          thread: 'shadow',
          title: headline,
          description: chosen(held.lines).map((line) => unmarked(line, 200)),
          nextSteps: [`Compare: \`${next}\``],
          keywords: ['Siphonwatch', 'shadow'],
          eventType: 'shadow-digest',
          resources: held.onlyShadow.slice(0, 10).map((entry) => entry.finding),
          context: { deliveryId },
        }),
      ),
    },
    attributes: {
      kind: 'shadow-digest',
      level: 'clear',
      transition: 'updated',
      deliveryId,
      members: counts.shadow,
    },
  };
}

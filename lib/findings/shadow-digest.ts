import { COMMAND } from '../contract/command.ts';
import { levelRank } from '../scoring/level.ts';
import type { Finding } from './finding.ts';
import type { Rendered } from './publication.ts';
import { ascii, identifier, unmarked } from './sanitize.ts';
import { chatMessage } from './views/chat.ts';
import { SUBJECT_MAX } from './views/email.ts';
import { SMS_MAX } from './views/sms.ts';

/** What a shadow policy would have done beside the active one, over a stretch of event time. */
export interface ShadowDigest {
  readonly from: string;
  readonly to: string;
  /** policies that made the shadow's findings; more than one where the candidate was changed meanwhile */
  readonly policies: readonly string[];
  readonly counts: { readonly active: number; readonly shadow: number; readonly both: number };
  /** ids of findings, which `siphonwatch findings show` takes */
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
  readonly finding: string;
  readonly subject: string;
  readonly level: string;
  readonly openedAt: string;
  /** what people said of the subject, by either policy's finding; undefined where nobody has */
  readonly verdict?: 'confirmed' | 'benign' | 'unsure';
}

/**
 * Compares findings whose newest change lies within `period` ms of the newest of all. A subject that people have
 * judged counts as caught or wronged; the others are listed for triage.
 */
export function shadowDigest(
  active: readonly Finding[],
  shadow: readonly Finding[],
  period: number,
): ShadowDigest {
  const suspects = (list: readonly Finding[]) =>
    list.filter(({ highest }) => levelRank(highest) >= levelRank('suspect'));
  const all = [...active, ...shadow];
  const to = all.reduce((latest, held) => Math.max(latest, Date.parse(held.updatedAt)), 0);
  const within = (held: Finding): boolean => Date.parse(held.updatedAt) >= to - period;
  const subjectsOf = (list: readonly Finding[]) =>
    new Map(suspects(list).map((held) => [held.notice.subject.id, held]));
  const everActive = subjectsOf(active);
  const everShadow = subjectsOf(shadow);
  // whoever a campaign's finding names is found by that policy, and judged by what people said of the campaign
  const named = (list: readonly Finding[]) =>
    new Set(
      suspects(list).flatMap(({ notice }) => (notice.subject.members ?? []).map(({ account }) => account)),
    );
  const namedActive = named(active);
  const namedShadow = named(shadow);
  const verdicts = new Map<string, NonNullable<ShadowEntry['verdict']>>();
  for (const held of all)
    for (const { account } of held.notice.subject.members ?? [])
      if (held.verdict !== undefined) verdicts.set(account, held.verdict.verdict);
  for (const held of all)
    if (held.verdict !== undefined) verdicts.set(held.notice.subject.id, held.verdict.verdict);
  const entry = (held: Finding): ShadowEntry => {
    const verdict = verdicts.get(held.notice.subject.id);
    return {
      finding: held.id,
      subject: held.notice.subject.id,
      level: held.highest,
      openedAt: held.openedAt,
      ...(verdict === undefined ? {} : { verdict }),
    };
  };
  const recentActive = [...everActive.values()].filter(within);
  const recentShadow = [...everShadow.values()].filter(within);
  const onlyOf = (
    list: readonly Finding[],
    others: ReadonlyMap<string, Finding>,
    members: ReadonlySet<string>,
  ): ShadowEntry[] =>
    list.filter(({ notice: { subject } }) => !others.has(subject.id) && !members.has(subject.id)).map(entry);
  const onlyShadow = onlyOf(recentShadow, everActive, namedActive);
  const onlyActive = onlyOf(recentActive, everShadow, namedShadow);
  const both = recentShadow.length - onlyShadow.length;
  const count = (list: readonly ShadowEntry[], verdict: string) =>
    list.filter((held) => held.verdict === verdict).length;
  const made = {
    from: new Date(Math.max(0, to - period)).toISOString(),
    to: new Date(to).toISOString(),
    policies: [...new Set(recentShadow.map((held) => held.notice.versions.policy))].sort(),
    counts: { active: recentActive.length, shadow: recentShadow.length, both },
    onlyShadow,
    onlyActive,
    newlyCaught: count(onlyShadow, 'confirmed'),
    newlyWronged: count(onlyShadow, 'benign'),
    noLongerCaught: count(onlyActive, 'confirmed'),
    noLongerWronged: count(onlyActive, 'benign'),
  };
  return { ...made, lines: linesOf(made) };
}

const MAX_ROWS = 20;
const MAX_SENT = 100;

function linesOf(made: Omit<ShadowDigest, 'lines'>): string[] {
  if (made.counts.active + made.counts.shadow === 0) return ['Neither policy has a finding yet.'];
  const named =
    made.policies.length === 0 ? 'The shadow policy' : `Shadow policy ${made.policies.join(', ')}`;
  const lines = [
    `${made.from.slice(0, 16)} to ${made.to.slice(0, 16)} (event time): ${named} has ${made.counts.shadow} findings, the active one ${made.counts.active}, ${made.counts.both} in common.`,
    `Of those with a verdict: ${made.newlyCaught} true and ${made.newlyWronged} false positives are new, ${made.noLongerCaught} true and ${made.noLongerWronged} false positives are gone.`,
  ];
  const list = (title: string, entries: readonly ShadowEntry[]): void => {
    if (entries.length === 0) return;
    lines.push(`${title}:`);
    for (const held of entries.slice(0, MAX_ROWS))
      lines.push(
        `  ${COMMAND} findings show ${identifier(held.finding)}   ${held.level}, since ${held.openedAt.slice(0, 16)}${held.verdict === undefined ? ', no verdict yet' : `, ${held.verdict}`}`,
      );
    if (entries.length > MAX_ROWS) lines.push(`  ... and ${entries.length - MAX_ROWS} more`);
  };
  list('Only the shadow policy', made.onlyShadow);
  list('Only the active policy', made.onlyActive);
  return lines;
}

/** The digest as a message in every form. */
export function renderShadowDigest(held: ShadowDigest, deliveryId: string): Rendered {
  const { counts } = held;
  const headline = `shadow policy: ${counts.shadow} findings beside ${counts.active} of the active one, ${held.onlyShadow.length} only its own`;
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
          description: held.lines.slice(0, 12).map((line) => unmarked(line, 200)),
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

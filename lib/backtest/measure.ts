import type { Level } from '../scoring/level.ts';
import { binomialInterval } from '../statistics/binomial-interval.ts';
import { smallest } from '../statistics/extremes.ts';
import { HOUR_MS } from '../time.ts';

/** What a replay found, against labels: the figures of the `backtest` contract. */

/** One account as labelled. `id` is the label's own id, `account` its pseudonym. */
export interface LabelledAccount {
  readonly id: string;
  readonly account: string;
  readonly label: 'benign' | 'extraction' | 'grey';
  readonly kind: string;
  readonly campaign: string;
}

/** An account's first flag, times in ms of event time. */
export interface Flag {
  readonly account: string;
  readonly level: Level;
  readonly firstAt: number;
  readonly score: number;
  readonly log10E: number;
  readonly via: 'account' | 'campaign';
  /** the account's events up to the flag, and the time of its first one */
  readonly events: number;
  readonly firstSeen: number;
  /** id of the campaign finding, where it was one */
  readonly finding?: string;
}

export interface Activity {
  readonly events: number;
  /** ms of event time */
  readonly firstSeen: number;
}

export interface Measurement {
  accounts: {
    benign: number;
    extraction: number;
    benignFlagged: number;
    extractionFlagged: number;
    fpr: number;
    tpr: number;
    fprInterval: [number, number];
    tprInterval: [number, number];
  };
  byKind: Record<
    string,
    {
      label: string;
      accounts: number;
      flagged: number;
      medianEventsToFlag: number | null;
      medianHoursToFlag: number | null;
    }
  >;
  campaigns: {
    campaign: string;
    kind: string;
    accounts: number;
    memberRecall: number;
    flagged: boolean;
    hoursToFlag: number | null;
    eventsToFlag: number | null;
    foreignMembers: number;
  }[];
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] as number;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] as number)) / 2;
}

/**
 * @param seen accounts that had events in the replay; labels of others do not count
 * @param eventsAtFlag per campaign id, its events up to the first flag among its members
 */
export function measure(
  labels: readonly LabelledAccount[],
  flags: ReadonlyMap<string, Flag>,
  seen: ReadonlyMap<string, Activity>,
  eventsAtFlag: ReadonlyMap<string, number>,
): Measurement {
  const present = labels.filter((label) => seen.has(label.account));
  const count = (label: string) => present.filter((held) => held.label === label).length;
  const flagged = (label: string) =>
    present.filter((held) => held.label === label && flags.has(held.account)).length;
  const benign = count('benign');
  const extraction = count('extraction');
  const benignFlagged = flagged('benign');
  const extractionFlagged = flagged('extraction');
  const kinds = [...new Set(present.map((held) => held.kind))].sort().map((kind) => {
    const of = present.filter((held) => held.kind === kind);
    const hits = of.flatMap((held) => flags.get(held.account) ?? []);
    const measured = {
      label: of[0]?.label ?? '',
      accounts: of.length,
      flagged: hits.length,
      medianEventsToFlag: median(hits.map((flag) => flag.events)),
      medianHoursToFlag: median(hits.map((flag) => (flag.firstAt - flag.firstSeen) / HOUR_MS)),
    };
    return [kind, measured] as const;
  });
  return {
    accounts: {
      benign,
      extraction,
      benignFlagged,
      extractionFlagged,
      fpr: benign === 0 ? 0 : benignFlagged / benign,
      tpr: extraction === 0 ? 0 : extractionFlagged / extraction,
      fprInterval: binomialInterval(benignFlagged, benign),
      tprInterval: binomialInterval(extractionFlagged, extraction),
    },
    // a kind may be called as what every object knows: it is a name like others
    byKind: Object.fromEntries(kinds),
    campaigns: campaignsOf(present, flags, seen, eventsAtFlag),
  };
}

function campaignsOf(
  present: readonly LabelledAccount[],
  flags: ReadonlyMap<string, Flag>,
  seen: ReadonlyMap<string, Activity>,
  eventsAtFlag: ReadonlyMap<string, number>,
): Measurement['campaigns'] {
  const byCampaign = new Map<string, LabelledAccount[]>();
  for (const held of present) {
    if (held.campaign === '') continue;
    const list = byCampaign.get(held.campaign);
    if (list === undefined) byCampaign.set(held.campaign, [held]);
    else list.push(held);
  }
  return [...byCampaign].map(([campaign, members]) => {
    const own = new Set(members.map((held) => held.account));
    const hits = members.flatMap((held) => flags.get(held.account) ?? []);
    const first = smallest(
      members.map((held) => seen.get(held.account)?.firstSeen ?? Number.POSITIVE_INFINITY),
    );
    const at = smallest(hits.map((flag) => flag.firstAt));
    const findings = new Set(hits.flatMap((flag) => flag.finding ?? []));
    const foreign = [...flags.values()].filter(
      (flag) => flag.finding !== undefined && findings.has(flag.finding) && !own.has(flag.account),
    );
    return {
      campaign,
      kind: members[0]?.kind ?? '',
      accounts: members.length,
      memberRecall: hits.length / members.length,
      flagged: hits.length > 0,
      hoursToFlag: hits.length === 0 ? null : (at - first) / HOUR_MS,
      eventsToFlag: hits.length === 0 ? null : (eventsAtFlag.get(campaign) ?? null),
      foreignMembers: foreign.length,
    };
  });
}

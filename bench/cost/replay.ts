import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { FACTS_KEPT, FactItems } from '../../lib/aws/fact-items.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { PROFILES_KEPT, ProfileTable } from '../../lib/aws/profile-table.ts';
import { decodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import { PROFILE_ITEMS } from '../../lib/contract/tables.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { type Position, padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { windowMs } from '../../lib/profile/window.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { MeteredTables } from '../../test/simulation/services/metered-tables.ts';

export interface Replayed {
  readonly seconds: number;
  readonly events: number;
  readonly accounts: number;
  readonly flushes: number;
  readonly writeUnitsPerEvent: number;
  readonly readUnitsPerEvent: number;
  readonly flushesPerEvent: number;
  /** write units an event by kind of item */
  readonly byKind: Readonly<Record<string, number>>;
  readonly medianHotBytes: number;
  readonly bytesPerAccount: number;
  /** computing, ms an event */
  readonly millisPerEvent: number;
}

/**
 * Replays traffic at its own pace through the function's own classes, over tables that count: an account's events of one
 * window are written together. In a busy stream windows follow one another without a gap, whoever sends: they are cut by the
 * clock. 0: every event is written by itself, as a plain design would.
 * @param fleet accounts of the deployment that the traffic is a sample of: a function keeps the states of some thousands, and of all
 *   others it reads items, parts and facts again with every write
 */
export async function replayed(
  events: readonly UsageEvent[],
  seconds: number,
  fleet: number,
): Promise<Replayed> {
  const tables = new MeteredTables();
  const client = tables.client();
  const { retentionDays } = defaultPolicy;
  const longestWindow = Math.max(...defaultPolicy.windows.map(windowMs));
  const rules = { policy: defaultPolicy, calibration: defaultCalibration, code: 'bench', shadow: false };
  let now = 0;
  const accounts = new Set(events.map(({ account }) => account));
  const kept = (most: number): number => Math.max(1, Math.round((most * accounts.size) / fleet));
  const profiles = new ProfileTable(client, 'profiles', {
    ...{ retentionDays, longestWindow, now: () => now },
    kept: kept(PROFILES_KEPT),
  });
  const links = new FactItems(client, 'profiles', { retentionDays, kept: kept(FACTS_KEPT) });
  const index = new LinkTable(client, 'links', { retentionDays });
  const indexed: Promise<void>[] = [];
  tables.onPut = (table, before, after) => {
    const account = after.account?.S ?? '';
    if (table !== 'profiles') return;
    // notify delivers at once, and an item does not carry its notices on
    if (after.notices !== undefined) tables.delivered(after);
    if (after.item?.S === PROFILE_ITEMS.facts)
      indexed.push(index.put(account, factsOf(after), factsOf(before)));
    if (after.content !== undefined) indexed.push(index.noteContent(account, Number(after.content.N)));
  };
  let pending = new Map<string, IngestedEvent[]>();
  let window = Number.NaN;
  let flushes = 0;
  let sequence = 0;
  const began = process.cpuUsage();
  const flush = async (): Promise<void> => {
    if (pending.size === 0) return;
    const applied = await applyBatch(pending, profiles, rules, { links });
    flushes += applied.reduce((sum, { steps }) => sum + steps.filter(({ changed }) => changed).length, 0);
    await Promise.all(indexed.splice(0));
    pending = new Map();
  };
  for (const event of events) {
    const time = Date.parse(event.time);
    now = Math.max(now, time);
    const cut = seconds === 0 ? ++sequence : Math.floor(now / (seconds * 1000));
    if (cut !== window) await flush();
    window = cut;
    const position = positionOf(++sequence);
    const list = pending.get(event.account);
    const arrival = { event, time, arrived: now, position };
    if (list === undefined) pending.set(event.account, [arrival]);
    else list.push(arrival);
  }
  await flush();
  const { user, system } = process.cpuUsage(began);
  const elapsed = (user + system) / 1000;
  const per = (value: number): number => value / events.length;
  const hot = tables.sizesOf('profiles', PROFILE_ITEMS.hot).sort((a, b) => a - b);
  return {
    seconds,
    events: events.length,
    accounts: accounts.size,
    flushes,
    writeUnitsPerEvent: per(tables.writeUnits),
    readUnitsPerEvent: per(tables.readUnits),
    flushesPerEvent: per(flushes),
    byKind: Object.fromEntries([...tables.written].map(([kind, { units }]) => [kind, per(units)])),
    medianHotBytes: hot[hot.length >> 1] ?? 0,
    bytesPerAccount: tables.bytes / Math.max(1, accounts.size),
    millisPerEvent: per(elapsed),
  };
}

/** As long as those of a stream that CloudFormation named: a hot item holds the last one. */
const EPOCH = 'Siphonwatch-IngestStream8F1C2A77-wT3kPq9LmZxB/b1';
const FIRST_SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898n;

function positionOf(n: number): Position {
  return { epoch: EPOCH, sequence: padSequence(String(FIRST_SEQUENCE + BigInt(n))), index: 0 };
}

const factsOf = (item: { facts?: { S?: string | undefined } | undefined } | undefined) =>
  item?.facts?.S === undefined ? undefined : decodeFacts(item.facts.S);

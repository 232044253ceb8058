import { bulletinOf, rowOf } from '../../lib/findings/bulletin.ts';
import { DELIVERY, decide, digestList } from '../../lib/findings/delivery.ts';
import {
  applyNotice,
  deliveryId,
  type Fate,
  type Finding,
  type Notice,
  recordId,
} from '../../lib/findings/finding.ts';
import { renderBulletin, renderNotice } from '../../lib/findings/publication.ts';
import { type Route, routeOf, withRoute } from '../../lib/findings/routing.ts';
import { listName, type Owed } from '../../lib/findings/storm.ts';
import { ocsf } from '../../lib/findings/views/ocsf.ts';
import type { FindingBus } from '../../lib/stores/event-bus.ts';
import type { FindingStore, Held } from '../../lib/stores/finding-store.ts';
import type { NotificationTopic } from '../../lib/stores/notification-topic.ts';
import { type Outbox, readNotice, type Waiting } from '../../lib/stores/outbox.ts';
import { BRAKES, type BrakeName, type StormBrake } from './storm-brake.ts';

/** What delivery touches; the clock among it. */
export interface Delivery {
  readonly findings: FindingStore;
  readonly topic: NotificationTopic;
  readonly bus: FindingBus;
  readonly brakes: Readonly<Record<BrakeName, StormBrake>>;
  /** processing time, ms */
  now(): number;
  /** routes of the policy in force; without, and where there are none, all is told at once */
  readonly routes?: () => Promise<readonly Route[]>;
  /** of this invocation */
  readonly by: string;
  report(line: Report): void;
}

/** What happened, for logs and metrics. */
export type Report =
  | {
      readonly what: 'settled';
      readonly notice: Notice;
      readonly fate: Fate;
      readonly waited: number | undefined;
    }
  | { readonly what: 'unreadable'; readonly outbox: string; readonly key: string; readonly why: string }
  | { readonly what: 'failed'; readonly outbox: string; readonly key: string; readonly error: unknown }
  | { readonly what: 'bulletin'; readonly deliveryId: string; readonly total: number };

/** Detail type of a finding on the bus. */
export const DETAIL_TYPE = 'Siphonwatch Finding';
/** Lists are forgotten after so long; findings are not. */
const LIST_KEPT = 90 * 86_400_000;

/**
 * Delivers what waits in one item, in order, and takes it out of the outbox. Safe to run at any time, any number of
 * times, beside itself. Returns whether all of it is settled; throws nothing for a failure that a repeat may heal, but
 * reports it.
 */
export async function deliver(
  outbox: Outbox,
  waiting: Waiting,
  delivery: Delivery,
): Promise<'done' | 'busy' | 'failed'> {
  const settled = new Set<string>();
  let outcome: 'done' | 'busy' | 'failed' = 'done';
  try {
    for (const text of waiting.texts) {
      const notice = readNotice(text);
      if ('unreadable' in notice) {
        // It stays and ages, which raises an alarm; it must not stop the ones behind it.
        delivery.report({
          what: 'unreadable',
          outbox: outbox.name,
          key: waiting.key,
          why: notice.unreadable,
        });
        continue;
      }
      if (!(await settle(notice, waiting.since, delivery))) {
        outcome = 'busy';
        break;
      }
      settled.add(text);
    }
  } catch (error) {
    delivery.report({ what: 'failed', outbox: outbox.name, key: waiting.key, error });
    outcome = 'failed';
  }
  if (settled.size > 0) {
    try {
      await outbox.remove(waiting, settled);
    } catch (error) {
      delivery.report({ what: 'failed', outbox: outbox.name, key: waiting.key, error });
      outcome = 'failed';
    }
  }
  return outcome;
}

/** Delivers one notice: claim, tell, record. False where another invocation is at it. */
async function settle(notice: Notice, since: string | undefined, delivery: Delivery): Promise<boolean> {
  const { findings } = delivery;
  for (;;) {
    const now = delivery.now();
    const held = await findings.find(recordId(notice));
    const finding = held?.finding;
    if ((finding?.delivered ?? 0) >= notice.number) return true;
    if (
      finding?.claim !== undefined &&
      finding.claim.by !== delivery.by &&
      Date.parse(finding.claim.until) > now
    )
      return false;
    const plan = await planOf(notice, finding, delivery, now);
    if (plan.fate === 'quiet' || plan.fate === 'shadow') {
      const next = recorded(finding, notice, plan.fate, undefined);
      if (!(await findings.write(next, held?.version))) continue;
    } else {
      const claimed = await claim(notice, held, plan, delivery, now);
      if (claimed === undefined) continue;
      try {
        await act(notice, plan, delivery);
      } catch (error) {
        await release(claimed, delivery);
        throw error;
      }
      if (!(await record(claimed, notice, plan.fate, delivery))) continue;
    }
    const waited = since === undefined ? undefined : delivery.now() - Date.parse(since);
    delivery.report({ what: 'settled', notice, fate: plan.fate, waited });
    return true;
  }
}

interface Plan {
  readonly fate: Fate;
  readonly list: string | undefined;
}

async function planOf(
  notice: Notice,
  held: Finding | undefined,
  delivery: Delivery,
  now: number,
): Promise<Plan> {
  // A delivery that died had decided already: the same fate, so that a notice is not told and listed too.
  if (held?.claim?.number === notice.number) return { fate: held.claim.fate, list: held.claim.list };
  const exception = notice.shadow ? undefined : await delivery.findings.exceptionFor(notice.subject.id, now);
  const { fate } = decide(notice, held, exception, now);
  const route = fate === 'told' ? await routeFor(notice, delivery) : undefined;
  if (fate === 'digest' || route?.delivery === 'digest') return { fate: 'digest', list: digestList(now) };
  if (fate !== 'told') return { fate, list: undefined };
  const list = await delivery.brakes[notice.subject.type].admit(now);
  return list === undefined ? { fate, list } : { fate: 'storm', list };
}

async function claim(
  notice: Notice,
  held: Held | undefined,
  plan: Plan,
  delivery: Delivery,
  now: number,
): Promise<Held | undefined> {
  const next: Finding = {
    ...applyNotice(held?.finding, notice, plan.fate),
    claim: {
      number: notice.number,
      by: delivery.by,
      until: new Date(now + DELIVERY.lease).toISOString(),
      fate: plan.fate,
      ...(plan.list === undefined ? {} : { list: plan.list }),
    },
  };
  const written = await delivery.findings.write(next, held?.version);
  return written ? { finding: next, version: (held?.version ?? 0) + 1 } : undefined;
}

/** Machines get every notice; people get it now or in a list. Each step may be repeated. */
async function act(notice: Notice, plan: Plan, delivery: Delivery): Promise<void> {
  const now = delivery.now();
  await delivery.bus.put({
    detailType: DETAIL_TYPE,
    detail: ocsf(notice, now),
    time: now,
    resources: [recordId(notice)],
  });
  if (plan.list !== undefined)
    await delivery.findings.enlist(plan.list, rowOf(notice, deliveryId(notice), plan.fate), now + LIST_KEPT);
  else {
    const rendered = renderNotice(notice, now);
    const route = await routeFor(notice, delivery);
    await delivery.topic.publish({ ...rendered, attributes: withRoute(rendered.attributes, route) });
  }
}

async function routeFor(notice: Notice, { routes }: Delivery): Promise<Route | undefined> {
  return routes === undefined ? undefined : routeOf(notice, await routes());
}

/** Failed, not dead: whoever comes next need not wait for the lease. */
async function release({ finding, version }: Held, delivery: Delivery): Promise<void> {
  if (finding.claim === undefined) return;
  const until = new Date(delivery.now()).toISOString();
  await delivery.findings.write({ ...finding, claim: { ...finding.claim, until } }, version);
}

/** The record of a delivery; a change that people made meanwhile is kept, which costs another round. */
async function record(claimed: Held, notice: Notice, fate: Fate, delivery: Delivery): Promise<boolean> {
  for (let held: Held | undefined = claimed; held !== undefined; ) {
    const told = fate === 'told' ? new Date(delivery.now()).toISOString() : undefined;
    if (await delivery.findings.write(recorded(held.finding, notice, fate, told), held.version)) return true;
    held = await delivery.findings.find(claimed.finding.id);
  }
  return false;
}

function recorded(held: Finding | undefined, notice: Notice, fate: Fate, told: string | undefined): Finding {
  const { claim: _, ...rest } = applyNotice(held, notice, fate);
  return {
    ...rest,
    delivered: Math.max(notice.number, held?.delivered ?? 0),
    ...(told === undefined ? {} : { toldAt: told }),
  };
}

/** Tells that a storm began, and lists that are due; a repeat has the same delivery id. */
export async function tellStorms(delivery: Delivery, which: 'begun' | 'due'): Promise<void> {
  const now = delivery.now();
  for (const name of BRAKES) {
    const brake = delivery.brakes[name];
    const owed = which === 'due' ? await brake.pass(now) : await brake.owed();
    for (const held of owed) {
      const begun = held.list === 0;
      if (which === 'begun' && !begun) continue;
      // Openings that were admitted just before a list was closed may still be on their way into it.
      if (!begun && now - held.to < DELIVERY.settle) continue;
      await tellStorm(name, held, delivery);
      await brake.settle(held);
    }
  }
}

async function tellStorm(name: BrakeName, owed: Owed, delivery: Delivery): Promise<void> {
  const thread = `storm-${name}-${owed.storm}`;
  const rows = owed.list === 0 ? [] : await delivery.findings.rows(listName(owed.storm, owed.list));
  if (owed.list > 0 && rows.length === 0) return;
  const bulletin = bulletinOf(
    {
      kind: owed.list === 0 ? 'storm' : 'storm-list',
      deliveryId: `${thread}/${owed.list}`,
      thread,
      from: owed.from,
      to: owed.to,
    },
    rows,
  );
  await delivery.topic.publish(renderBulletin(bulletin));
  delivery.report({ what: 'bulletin', deliveryId: bulletin.deliveryId, total: rows.length });
}

const DAY = 86_400_000;
/** Digests that a sweep still looks for, days. */
const DIGESTS_BACK = 7;

/** Tells the digests of days that are over. */
export async function tellDigests(delivery: Delivery): Promise<void> {
  const now = delivery.now();
  const today = Math.floor((now - DELIVERY.settle) / DAY) * DAY;
  const state = await delivery.findings.state('digest');
  const last = state === undefined ? today - DIGESTS_BACK * DAY : Number(state.body);
  let version = state?.version;
  for (let day = Math.max(last, today - DIGESTS_BACK * DAY); day < today; day += DAY) {
    const rows = await delivery.findings.rows(digestList(day));
    if (rows.length > 0) {
      const date = new Date(day).toISOString().slice(0, 10);
      const bulletin = bulletinOf(
        { kind: 'digest', deliveryId: `digest/${date}`, thread: 'digest', from: day, to: day + DAY },
        rows,
      );
      await delivery.topic.publish(renderBulletin(bulletin));
      delivery.report({ what: 'bulletin', deliveryId: bulletin.deliveryId, total: rows.length });
    }
    // Somebody else was first: it tells the rest.
    if (!(await delivery.findings.writeState('digest', String(day + DAY), version))) return;
    version = (version ?? 0) + 1;
  }
}

import * as z from 'zod';
import type { OpenMembership } from '../../lib/campaigns/ports.ts';
import { DELIVERY, decide, digestList, LIST_KEPT } from '../../lib/findings/delivery.ts';
import { rowOf } from '../../lib/findings/digest-message.ts';
import {
  applyNotice,
  type Disposition,
  deliveryId,
  type Finding,
  type Notice,
  recordId,
} from '../../lib/findings/finding.ts';
import { renderNotice } from '../../lib/findings/publication.ts';
import { type Route, routeOf, withRoute } from '../../lib/findings/routing.ts';
import { isSettled, NOTHING_PASSED, type PassedOver, settledWith } from '../../lib/findings/settled.ts';
import { type Traffic, withTrafficShare } from '../../lib/findings/traffic.ts';
import { ocsf } from '../../lib/findings/views/ocsf.ts';
import type { FindingBus } from '../../lib/stores/event-bus.ts';
import { FindingError, type FindingStore, type StoredFinding } from '../../lib/stores/finding-store.ts';
import type { NotificationTopic } from '../../lib/stores/notification-topic.ts';
import { type Outbox, readNotice, type Waiting } from '../../lib/stores/outbox.ts';
import type { NotificationThrottle, ThrottleName } from './notification-throttle.ts';
import type { HubReport } from './security-hub.ts';

/** What delivery touches; the clock among it. */
export interface Delivery {
  readonly findings: FindingStore;
  readonly topic: NotificationTopic;
  readonly bus: FindingBus;
  /** the open finding of a campaign that names an account, if there is one */
  accuserOf(account: string): Promise<OpenMembership | undefined>;
  /** findings go to Security Hub too; they are only marked here, the sweep imports them */
  readonly hub: boolean;
  readonly brakes: Readonly<Record<ThrottleName, NotificationThrottle>>;
  /** a week of all traffic, which shares are taken of; undefined where none is known yet */
  traffic(): Promise<Traffic | undefined>;
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
      readonly fate: Disposition;
      readonly waited: number | undefined;
    }
  | { readonly what: 'unreadable'; readonly outbox: string; readonly key: string; readonly why: string }
  | { readonly what: 'failed'; readonly outbox: string; readonly key: string; readonly error: unknown }
  | { readonly what: 'bulletin'; readonly deliveryId: string; readonly total: number }
  | HubReport;

/** Detail type of a finding on the bus. */
export const DETAIL_TYPE = 'Siphonwatch Finding';

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
  let passed = NOTHING_PASSED;
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
        passed = passedOver(passed, text);
        continue;
      }
      const whole = withTrafficShare(await inThread(notice, delivery), await weekOf(delivery));
      if (!(await settle(whole, waiting.since, passed, delivery))) {
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

/** The week of all traffic; what cannot be read of it keeps nobody from being told. */
async function weekOf(delivery: Delivery): Promise<Traffic | undefined> {
  try {
    return await delivery.traffic();
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    delivery.report({ what: 'unreadable', outbox: 'findings', key: 'traffic', why: error.message });
    return undefined;
  }
}

/** An account's notice with the campaign that accuses it, so that nobody is told of one suspicion twice. */
async function inThread(notice: Notice, delivery: Delivery): Promise<Notice> {
  if (notice.subject.type !== 'account' || notice.shadow) return notice;
  const campaign = await delivery.accuserOf(notice.subject.id);
  return campaign === undefined ? notice : { ...notice, campaign: { ...campaign } };
}

/** Delivers one notice: claim, tell, record. False where another invocation is at it. */
async function settle(
  notice: Notice,
  since: string | undefined,
  passed: PassedOver,
  delivery: Delivery,
): Promise<boolean> {
  const { findings } = delivery;
  for (;;) {
    const now = delivery.now();
    const held = await findings.find(recordId(notice));
    const finding = held?.finding;
    if (isSettled(finding, notice.number)) return true;
    if (
      finding?.claim !== undefined &&
      finding.claim.by !== delivery.by &&
      Date.parse(finding.claim.until) > now
    )
      return false;
    const plan = await planOf(notice, finding, delivery, now);
    if (!concerns(plan, finding, delivery)) {
      const next = recorded(finding, notice, plan.fate, undefined, passed);
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
      if (!(await record(claimed, notice, plan.fate, passed, delivery))) continue;
    }
    const waited = since === undefined ? undefined : delivery.now() - Date.parse(since);
    delivery.report({ what: 'settled', notice, fate: plan.fate, waited });
    return true;
  }
}

/** Whether anything is to be done beyond recording. */
function concerns(plan: Plan, held: Finding | undefined, delivery: Delivery): boolean {
  if (plan.fate === 'shadow') return false;
  return plan.fate !== 'quiet' || (delivery.hub && held?.hub === true);
}

interface Plan {
  readonly fate: Disposition;
  readonly list: string | undefined;
}

async function planOf(
  notice: Notice,
  held: Finding | undefined,
  delivery: Delivery,
  now: number,
): Promise<Plan> {
  const claimed = held?.claim?.number === notice.number ? held.claim : undefined;
  if (claimed !== undefined) return resumed(claimed, deliveryId(notice), notice.subject.type, delivery);
  const exception = notice.shadow ? undefined : await delivery.findings.exceptionFor(notice.subject.id, now);
  const { fate } = decide(notice, held, exception, now);
  const route = fate === 'told' ? await routeFor(notice, delivery) : undefined;
  if (fate === 'digest' || route?.delivery === 'digest') return { fate: 'digest', list: digestList(now) };
  if (fate !== 'told') return { fate, list: undefined };
  const list = await delivery.brakes[notice.subject.type].admit(now);
  return list === undefined ? { fate, list } : { fate: 'storm', list };
}

/**
 * A delivery that died had decided already: the same fate, so that a notice is not told and listed too, and the same list where it got
 * into that. A list that was closed meanwhile may be told before it gets in: then it leaves that one, for good, for the list of now.
 */
async function resumed(
  { fate, list }: Pick<NonNullable<Finding['claim']>, 'fate' | 'list'>,
  id: string,
  limited: ThrottleName,
  { findings, brakes, now }: Delivery,
): Promise<Plan> {
  if (fate !== 'digest' && fate !== 'storm') return { fate, list: undefined };
  if (list !== undefined && (await findings.isEnlisted(list, id))) return { fate, list };
  const next = fate === 'digest' ? digestList(now()) : await brakes[limited].admit(now());
  // never back to an earlier day, whatever the clock says: nobody gets into a list again that it has left
  const stays =
    list !== undefined && next !== undefined && (fate === 'digest' ? next <= list : next === list);
  if (stays || (list !== undefined && !(await findings.leave(list, id, now() + LIST_KEPT))))
    return { fate, list };
  return next === undefined ? { fate: 'told', list: next } : { fate, list: next };
}

async function claim(
  notice: Notice,
  held: StoredFinding | undefined,
  plan: Plan,
  delivery: Delivery,
  now: number,
): Promise<StoredFinding | undefined> {
  const next: Finding = {
    ...applyNotice(held?.finding, notice, plan.fate),
    ...(delivery.hub ? { hub: true } : {}),
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
  if (delivery.hub) await delivery.findings.awaitImport(recordId(notice), deliveryId(notice));
  // Nobody is told, but the copy in Security Hub, made before the exception, follows.
  if (plan.fate === 'quiet') return;
  // People first: a list may close while the bus is away.
  if (plan.list !== undefined) {
    const row = rowOf(notice, deliveryId(notice), plan.fate);
    if (!(await delivery.findings.enlist(plan.list, row, now + LIST_KEPT)))
      throw new Error('another invocation has taken this notice to another list');
  }
  await delivery.bus.put({
    detailType: DETAIL_TYPE,
    detail: ocsf(notice, now),
    time: now,
    resources: [recordId(notice)],
  });
  if (plan.list === undefined) {
    const rendered = renderNotice(notice, now);
    const route = await routeFor(notice, delivery);
    await delivery.topic.publish({ ...rendered, attributes: withRoute(rendered.attributes, route) });
  }
}

async function routeFor(notice: Notice, { routes }: Delivery): Promise<Route | undefined> {
  return routes === undefined ? undefined : routeOf(notice, await routes());
}

/** Failed, not dead: whoever comes next need not wait for the lease. */
async function release({ finding, version }: StoredFinding, delivery: Delivery): Promise<void> {
  if (finding.claim === undefined) return;
  const until = new Date(delivery.now()).toISOString();
  await delivery.findings.write({ ...finding, claim: { ...finding.claim, until } }, version);
}

/** The record of a delivery; a change that people made meanwhile is kept, which costs another round. */
async function record(
  claimed: StoredFinding,
  notice: Notice,
  fate: Disposition,
  passed: PassedOver,
  delivery: Delivery,
): Promise<boolean> {
  for (let held: StoredFinding | undefined = claimed; held !== undefined; ) {
    const told = fate === 'told' ? new Date(delivery.now()).toISOString() : undefined;
    if (await delivery.findings.write(recorded(held.finding, notice, fate, told, passed), held.version))
      return true;
    held = await delivery.findings.find(claimed.finding.id);
  }
  return false;
}

function recorded(
  held: Finding | undefined,
  notice: Notice,
  fate: Disposition,
  told: string | undefined,
  passed: PassedOver,
): Finding {
  const { claim: _, passed: _passed, passedBetween: _between, ...rest } = applyNotice(held, notice, fate);
  return {
    ...rest,
    ...settledWith(held, notice.number, passed),
    ...(told === undefined ? {} : { toldAt: told }),
  };
}

/** One notice more that this version cannot read, by its number where at least that can be read. */
function passedOver({ numbers, unnumbered }: PassedOver, text: string): PassedOver {
  try {
    return { numbers: [...numbers, numbered.parse(JSON.parse(text)).number], unnumbered };
  } catch {
    return { numbers, unnumbered: true };
  }
}

const numbered = z.object({ number: z.number().int().min(1) });

import { DELIVERY, digestList, LIST_KEPT } from '../../lib/findings/delivery.ts';
import { digestMessageOf, exceptionEnded, type Row } from '../../lib/findings/digest-message.ts';
import { listName, type PendingMessage } from '../../lib/findings/notification-throttle.ts';
import { renderBulletin } from '../../lib/findings/publication.ts';
import { reviewLines } from '../../lib/findings/review-lines.ts';
import { openReview } from '../../lib/stores/reviews.ts';
import { DAY_MS } from '../../lib/time.ts';
import type { Delivery } from './deliver.ts';
import { THROTTLES, type ThrottleName } from './notification-throttle.ts';

/** Tells that a storm began, and lists that are due; a repeat has the same delivery id. */
export async function sendThrottled(delivery: Delivery, which: 'begun' | 'due'): Promise<void> {
  const now = delivery.now();
  for (const name of THROTTLES) {
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

async function tellStorm(name: ThrottleName, owed: PendingMessage, delivery: Delivery): Promise<void> {
  const thread = `storm-${name}-${owed.storm}`;
  const rows = owed.list === 0 ? [] : await delivery.findings.rows(listName(owed.storm, owed.list));
  if (owed.list > 0 && rows.length === 0) return;
  const bulletin = digestMessageOf(
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

/** Days that a first sweep looks back. A later one goes on where the last ended, as long as lists are kept. */
const FIRST_BACK = 7;

/** Tells the digests of days that are over. */
export async function sendDigests(delivery: Delivery): Promise<void> {
  const now = delivery.now();
  const today = Math.floor((now - DELIVERY.settle) / DAY_MS) * DAY_MS;
  const state = await delivery.findings.state('digest');
  const last = state === undefined ? today - FIRST_BACK * DAY_MS : Number(state.body);
  let version = state?.version;
  for (let day = Math.max(last, today - LIST_KEPT); day < today; day += DAY_MS) {
    const rows = await digestRows(day, delivery);
    if (rows.length > 0) {
      const date = new Date(day).toISOString().slice(0, 10);
      const bulletin = digestMessageOf(
        {
          kind: 'digest',
          deliveryId: `digest/${date}`,
          thread: 'digest',
          from: day,
          to: day + DAY_MS,
          review: reviewLines(await openReview(delivery.findings)),
        },
        rows,
      );
      await delivery.topic.publish(renderBulletin(bulletin));
      delivery.report({ what: 'bulletin', deliveryId: bulletin.deliveryId, total: rows.length });
    }
    // Somebody else was first: it tells the rest.
    if (!(await delivery.findings.writeState('digest', String(day + DAY_MS), version))) return;
    version = (version ?? 0) + 1;
  }
}

/** The lines of a day's digest; those of exceptions that ended on it as their findings stand now. */
async function digestRows(day: number, { findings }: Delivery): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const held of await findings.rows(digestList(day))) {
    const current =
      held.ended === undefined ? held : exceptionEnded(held, (await findings.find(held.finding))?.finding);
    if (current !== undefined) rows.push(current);
  }
  return rows;
}

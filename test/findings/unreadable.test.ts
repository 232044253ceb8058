import { describe, expect, it } from 'vitest';
import { type Delivery, deliver, type Report } from '../../lambdas/notify/deliver.ts';
import { sendDigests } from '../../lambdas/notify/digests.ts';
import { NotificationThrottle } from '../../lambdas/notify/notification-throttle.ts';
import { digestList } from '../../lib/findings/delivery.ts';
import { applyNotice } from '../../lib/findings/finding.ts';
import { IDLE_THROTTLE } from '../../lib/findings/notification-throttle.ts';
import { MemoryBus } from '../../lib/stores/event-bus.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { trafficOf } from '../../lib/stores/finding-queries.ts';
import { MemoryTopic } from '../../lib/stores/notification-topic.ts';
import { MemoryOutbox } from '../../lib/stores/outbox.ts';
import { verdictsByAccount } from '../../lib/stores/verdicts.ts';
import { ACCOUNT, NOW, opened } from './notices.ts';

/** After a rollback, or damage: one item of the findings table is of a version that this code cannot read. */
function world() {
  const passedOver: string[] = [];
  const options = { onUnreadable: ({ message }: Error) => passedOver.push(message) };
  const findings = new MemoryFindingStore(options);
  const topic = new MemoryTopic();
  const reports: Report[] = [];
  const delivery: Delivery = {
    findings,
    topic,
    bus: new MemoryBus(),
    accuserOf: async () => undefined,
    hub: false,
    traffic: () => trafficOf(findings),
    brakes: {
      account: new NotificationThrottle(findings, 'account', options),
      campaign: new NotificationThrottle(findings, 'campaign', options),
    },
    now: () => NOW,
    by: 'one',
    report: (line) => reports.push(line),
  };
  return { findings, topic, reports, delivery, passedOver };
}

async function delivered({ delivery }: ReturnType<typeof world>): Promise<string> {
  const outbox = new MemoryOutbox('profiles');
  outbox.append(ACCOUNT, opened, new Date(NOW).toISOString());
  const waiting = await outbox.read(ACCOUNT);
  return waiting === undefined ? 'nothing waits' : deliver(outbox, waiting, delivery);
}

describe('an item of another version', () => {
  it('that holds the traffic of all keeps no notice from being told', async () => {
    const here = world();
    here.findings.states.set('traffic', { body: '{"v":2}', version: 1 });
    expect(await delivered(here)).toBe('done');
    expect(here.topic.published).toHaveLength(1);
    expect(here.reports).toContainEqual(expect.objectContaining({ what: 'unreadable', key: 'traffic' }));
  });

  it('that holds the notification limit begins it anew', async () => {
    const here = world();
    here.findings.states.set('storm#account', {
      body: JSON.stringify({ ...IDLE_THROTTLE, v: 2 }),
      version: 1,
    });
    expect(await delivered(here)).toBe('done');
    expect(here.topic.published).toHaveLength(1);
    expect(here.passedOver.join()).toContain('notification limit of account');
  });

  it('among the rows of a digest costs itself alone', async () => {
    const here = world();
    const day = NOW - 86_400_000;
    here.findings.lists.set(digestList(day), new Map([['a', '{"delivery":"a","new":1}']]));
    await sendDigests(here.delivery);
    expect(here.passedOver).toHaveLength(1);
    expect(await here.findings.state('digest')).toBeDefined();
  });

  it('among the findings costs itself alone, in lists and for what verdicts teach', async () => {
    const here = world();
    const good = applyNotice(undefined, opened);
    await here.findings.write(good, undefined);
    here.findings.findings.set('f-new', {
      body: JSON.stringify({ ...good, id: 'f-new', new: 1 }),
      version: 1,
    });
    expect((await here.findings.list(10)).findings.map(({ id }) => id)).toEqual([good.id]);
    expect((await verdictsByAccount(here.findings)).size).toBe(0);
    // who erases has to see everything
    await expect(
      Promise.resolve(new MemoryFindingStore()).then(async (strict) => {
        strict.findings.set('f-new', { body: '{}', version: 1 });
        return strict.list(10);
      }),
    ).rejects.toThrow();
  });
});

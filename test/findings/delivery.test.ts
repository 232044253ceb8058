import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Delivery,
  deliver,
  type Report,
  tellDigests,
  tellStorms,
} from '../../lambdas/notify/deliver.ts';
import { StormBrake } from '../../lambdas/notify/storm-brake.ts';
import { deliveryId, type Notice } from '../../lib/findings/finding.ts';
import { count } from '../../lib/findings/people.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import { MemoryBus } from '../../lib/stores/event-bus.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-store.ts';
import { MemoryTopic } from '../../lib/stores/notification-topic.ts';
import { MemoryOutbox } from '../../lib/stores/outbox.ts';
import { ACCOUNT, calmed, campaign, escalated, NOW, opened } from './notices.ts';

/** A world in memory: what is stored and sent survives; invocations come and go. */
function world(wrap: <T extends object>(port: T) => T = (port) => port) {
  const findings = new MemoryFindingStore();
  const topic = new MemoryTopic();
  const bus = new MemoryBus();
  const outbox = new MemoryOutbox('profiles');
  const reports: Report[] = [];
  let clock = NOW;
  let invocations = 0;
  const invocation = (): Delivery => ({
    findings: wrap(findings),
    topic: wrap(topic),
    bus: wrap(bus),
    brakes: {
      account: new StormBrake(wrap(findings), 'account'),
      campaign: new StormBrake(wrap(findings), 'campaign'),
    },
    now: () => clock,
    by: `invocation-${++invocations}`,
    report: (line) => reports.push(line),
  });
  return {
    findings,
    topic,
    bus,
    outbox,
    reports,
    invocation,
    now: () => clock,
    pass: (ms: number) => {
      clock += ms;
    },
    async wake() {
      const delivery = invocation();
      for (const key of [...outbox.items.keys()]) {
        const waiting = await outbox.read(key);
        if (waiting) await deliver(wrap(outbox), waiting, delivery);
      }
      await tellStorms(delivery, 'begun');
    },
    async sweep() {
      const delivery = invocation();
      for (const { key } of await outbox.overdue('9999', 100_000)) {
        const waiting = await outbox.read(key);
        if (waiting) await deliver(wrap(outbox), waiting, delivery);
      }
      await tellStorms(delivery, 'due');
      await tellDigests(delivery);
    },
    told: () => topic.published.map(({ attributes }) => String(attributes.deliveryId)),
  };
}

const SINCE = new Date(NOW).toISOString();

/** The n-th of many accounts' openings. */
function opening(n: number): Notice {
  const digits = [...n.toString(16)].map((digit) => 'abcdefghijklmnop'[Number.parseInt(digit, 16)]).join('');
  const id = `a_${digits.padStart(26, '2')}`;
  return { ...opened, finding: `f-${n}-1`, subject: { ...opened.subject, id } };
}

describe('delivery', () => {
  it('tells an opening and an escalation at once, an update in the digest of its day', async () => {
    const here = world();
    here.outbox.append(ACCOUNT, opened, SINCE);
    await here.wake();
    here.outbox.append(ACCOUNT, escalated, SINCE);
    here.outbox.append(ACCOUNT, calmed, SINCE);
    await here.wake();
    expect(here.told()).toEqual([deliveryId(opened), deliveryId(escalated)]);
    expect(here.bus.entries).toHaveLength(3);
    expect(here.outbox.items.size).toBe(0);
    const held = await here.findings.find(opened.finding);
    expect(held?.finding).toMatchObject({
      state: 'calmed',
      level: 'clear',
      highest: 'critical',
      delivered: 3,
    });
    expect(held?.finding.history.map(({ fate }) => fate)).toEqual(['told', 'told', 'digest']);
    expect(held?.finding.claim).toBeUndefined();
    here.pass(24 * 3_600_000);
    await here.sweep();
    await here.sweep();
    expect(here.told().slice(2)).toEqual(['digest/2026-03-04']);
    expect(here.topic.published.at(-1)?.texts.email).toContain('calmed');
  });

  it('records the findings of shadow policies and exceptions, and tells nobody', async () => {
    const here = world();
    here.outbox.append(ACCOUNT, { ...opened, shadow: true }, SINCE);
    here.outbox.append('b', { ...opening(1), quiet: 'known partner' }, SINCE);
    await here.findings.putException({
      v: 1,
      subject: opening(2).subject.id,
      until: '2026-04-01T00:00:00.000Z',
      by: 'ada',
      at: SINCE,
      finding: 'f-2-0',
    });
    here.outbox.append('c', opening(2), SINCE);
    await here.wake();
    expect(here.told()).toEqual([]);
    expect(here.bus.entries).toEqual([]);
    expect((await here.findings.list(10)).findings).toHaveLength(2);
    expect((await here.findings.list(10, true)).findings.map(({ id }) => id)).toEqual([
      `${opened.finding}.shadow`,
    ]);
    here.pass(40 * 86_400_000);
    here.outbox.append('c', { ...opening(2), number: 2, transition: 'reopened' }, SINCE);
    await here.wake();
    expect(here.told()).toEqual([`${opening(2).subject.id}/2`]);
  });

  it('a notice that cannot be read stays and does not stop the one behind it', async () => {
    const here = world();
    here.outbox.items.set(ACCOUNT, { texts: ['{"v":9}', JSON.stringify(opened)], since: SINCE });
    await here.wake();
    expect(here.told()).toEqual([deliveryId(opened)]);
    expect(here.outbox.items.get(ACCOUNT)?.texts).toEqual(['{"v":9}']);
    expect(here.reports.map(({ what }) => what)).toEqual(['unreadable', 'settled']);
  });

  it('two invocations at once tell a notice once', async () => {
    const here = world();
    here.outbox.append(ACCOUNT, opened, SINCE);
    const waiting = await here.outbox.read(ACCOUNT);
    if (!waiting) throw new Error('nothing waits');
    await Promise.all([
      deliver(here.outbox, waiting, here.invocation()),
      deliver(here.outbox, waiting, here.invocation()),
    ]);
    expect(here.told()).toEqual([deliveryId(opened)]);
  });

  it('a topic that is down loses nothing and delays nothing once it is up', async () => {
    const here = world();
    here.outbox.append(ACCOUNT, opened, SINCE);
    const publish = here.topic.publish.bind(here.topic);
    here.topic.publish = () => Promise.reject(new Error('throttled'));
    await here.wake();
    expect(here.reports.map(({ what }) => what)).toEqual(['failed']);
    here.topic.publish = publish;
    await here.wake();
    expect(here.told()).toEqual([deliveryId(opened)]);
    expect(here.outbox.items.size).toBe(0);
  });

  it('whatever call the process dies in, every transition is told; twice only if it died between telling and recording', async () => {
    class Died extends Error {}
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat({ max: 60 }), { maxLength: 6 }),
        fc.boolean(),
        async (deaths, beforeOrAfter) => {
          let calls = 0;
          let dying = new Set(deaths);
          let dead = false;
          let unrecorded = 0;
          const mortal = <T extends object>(port: T): T =>
            new Proxy(port, {
              get(target, name) {
                const held = Reflect.get(target, name) as unknown;
                if (typeof held !== 'function') return held;
                return async (...given: unknown[]) => {
                  if (dead) throw new Died();
                  const dies = dying.has(calls++);
                  if (dies && beforeOrAfter) {
                    dead = true;
                    throw new Died();
                  }
                  const answer: unknown = await held.apply(target, given);
                  if (dies) {
                    dead = true;
                    if (name === 'publish') unrecorded++;
                    throw new Died();
                  }
                  return answer;
                };
              },
            });
          const here = world(mortal);
          here.outbox.append(ACCOUNT, opened, SINCE);
          here.outbox.append(ACCOUNT, escalated, SINCE);
          here.outbox.append(ACCOUNT, calmed, SINCE);
          here.outbox.append('c', campaign, SINCE);
          for (let round = 0; round < 10; round++) {
            dead = false;
            try {
              await (round % 3 === 2 ? here.sweep() : here.wake());
            } catch (error) {
              if (!(error instanceof Died)) throw error;
            }
            here.pass(140_000);
          }
          dying = new Set();
          dead = false;
          here.pass(26 * 3_600_000);
          await here.sweep();
          expect(here.outbox.items.size).toBe(0);
          const told = here.told();
          const expected = [
            deliveryId(opened),
            deliveryId(escalated),
            deliveryId(campaign),
            'digest/2026-03-04',
          ];
          expect(new Set(told)).toEqual(new Set(expected));
          // a death in release or record after a publish is the one window
          expect(told.length).toBeLessThanOrEqual(expected.length + Math.max(unrecorded, deaths.length));
          if (deaths.length === 0) expect(told).toHaveLength(expected.length);
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('the storm brake', () => {
  // STORM=10000 for the size that is promised; less by default, for the time it takes
  const many = Number(process.env.STORM ?? 2000);
  it(`${many} accounts at once give a handful of messages, and every finding is kept and listed`, async () => {
    const here = world();
    for (let n = 0; n < many; n++) here.outbox.append(`k${n}`, opening(n), SINCE);
    here.outbox.append('campaign', campaign, SINCE);
    await here.wake();
    expect(here.told().filter((id) => id === deliveryId(campaign))).toHaveLength(1);
    for (let minute = 0; minute < 120; minute += 5) {
      here.pass(5 * 60_000);
      await here.sweep();
    }
    const kinds = here.topic.published.map(({ attributes }) => attributes.kind);
    expect(kinds.filter((kind) => kind === 'finding')).toHaveLength(6);
    expect(kinds.filter((kind) => kind === 'storm')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'storm-list')).toHaveLength(1);
    expect(here.topic.published.at(-1)?.subject).toContain(`${count(many - 5)} findings opened in a storm`);
    expect((await here.findings.list(2 * many)).findings).toHaveLength(many + 1);
    expect(here.bus.entries).toHaveLength(many + 1);
    expect(here.outbox.items.size).toBe(0);
  });

  it('a few an hour are never a storm', async () => {
    const here = world();
    for (let n = 0; n < 30; n++) {
      here.outbox.append(`k${n}`, opening(n), SINCE);
      await here.wake();
      here.pass(10 * 60_000);
      await here.sweep();
    }
    expect(here.topic.published.every(({ attributes }) => attributes.kind === 'finding')).toBe(true);
    expect(here.topic.published).toHaveLength(30);
  });

  it('a storm that lasts is listed after ten minutes and then every hour, and each opening once', async () => {
    const here = world();
    let n = 0;
    for (let minute = 0; minute < 180; minute++) {
      for (let i = 0; i < 3; i++) {
        here.outbox.append(`k${n}`, opening(n), SINCE);
        n++;
      }
      await here.wake();
      if (minute % 5 === 0) await here.sweep();
      here.pass(60_000);
    }
    for (let i = 0; i < 20; i++) {
      here.pass(5 * 60_000);
      await here.sweep();
    }
    const lists = here.topic.published.filter(({ attributes }) => attributes.kind === 'storm-list');
    const alone = here.topic.published.filter(({ attributes }) => attributes.kind === 'finding');
    expect(lists.length).toBeLessThanOrEqual(5);
    const listed = lists.reduce((sum, { attributes }) => sum + Number(attributes.members), 0);
    expect(listed + alone.length).toBe(n);
  });
});

describe('routes of the policy', () => {
  const routes: Policy['notifications']['routes'] = [
    { name: 'pager', levels: ['critical'], delivery: 'now' },
    { name: 'apps', subjects: ['account'], peerGroups: ['api'], delivery: 'digest' },
    { name: 'ring', subjects: ['campaign'], delivery: 'now' },
  ];
  async function delivered(...notices: Notice[]) {
    const w = world();
    for (const notice of notices) w.outbox.append(notice.subject.id, notice, SINCE);
    for (const key of [...w.outbox.items.keys()]) {
      const waiting = await w.outbox.read(key);
      if (waiting !== undefined)
        await deliver(w.outbox, waiting, { ...w.invocation(), routes: () => Promise.resolve(routes) });
    }
    return w;
  }

  it('name the message for subscribers to filter by, with ten attributes still', async () => {
    const { topic } = await delivered({ ...opened, level: 'critical' }, campaign);
    const attributes = topic.published.map((held) => held.attributes);
    expect(attributes.map(({ route }) => route)).toEqual([
      'pager',
      campaign.level === 'critical' ? 'pager' : 'ring',
    ]);
    for (const one of attributes) expect(Object.keys(one)).toHaveLength(10);
  });

  it('can leave an opening to the digest; the escalation is told, the bus gets both', async () => {
    const suspect: Notice = {
      ...opened,
      level: 'suspect',
      subject: { ...opened.subject, product: 'api' },
    };
    const w = await delivered(suspect);
    expect(w.topic.published).toEqual([]);
    expect(w.bus.entries).toHaveLength(1);
    const raised = await delivered(suspect, {
      ...suspect,
      number: suspect.number + 1,
      transition: 'escalated',
      level: 'critical',
    });
    expect(raised.topic.published.map(({ attributes }) => attributes.route)).toEqual(['pager']);
  });

  it('none fits: told at once, as without routes', async () => {
    const chat: Notice = {
      ...opened,
      level: 'suspect',
      subject: { ...opened.subject, product: 'chat' },
      peers: { ...opened.peers, group: 'chat/pro' },
    };
    const { topic } = await delivered(chat);
    expect(topic.published).toHaveLength(1);
    expect(topic.published[0]?.attributes).not.toHaveProperty('route');
  });
});

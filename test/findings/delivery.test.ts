import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivery, deliver, type Report } from '../../lambdas/notify/deliver.ts';
import { sendDigests, sendThrottled } from '../../lambdas/notify/digests.ts';
import { NotificationThrottle } from '../../lambdas/notify/notification-throttle.ts';
import { importFindings } from '../../lambdas/notify/security-hub.ts';
import type { OpenMembership } from '../../lib/campaigns/ports.ts';
import { deliveryId, type Finding, type Notice } from '../../lib/findings/finding.ts';
import { count } from '../../lib/findings/format.ts';
import { triage, undo } from '../../lib/findings/triage.ts';
import type { Policy } from '../../lib/policy/policy.ts';
import { MemoryBus } from '../../lib/stores/event-bus.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { MemoryTopic } from '../../lib/stores/notification-topic.ts';
import { MemoryOutbox } from '../../lib/stores/outbox.ts';
import { keepReview } from '../../lib/stores/reviews.ts';
import { MemoryHub } from '../../lib/stores/security-hub.ts';
import { change } from '../../lib/stores/verdicts.ts';
import { account } from '../events.ts';
import { ACCOUNT, calmed, campaign, escalated, NOW, opened } from './notices.ts';
import { aReview } from './reviews.ts';

/** A world in memory: what is stored and sent survives; invocations come and go. */
function world(wrap: <T extends object>(port: T) => T = (port) => port) {
  const findings = new MemoryFindingStore();
  const topic = new MemoryTopic();
  const bus = new MemoryBus();
  const hub = new MemoryHub();
  const outbox = new MemoryOutbox('profiles');
  const reports: Report[] = [];
  let clock = NOW;
  let invocations = 0;
  /** accounts that the open finding of a campaign names */
  const accused = new Map<string, OpenMembership>();
  const invocation = (): Delivery => ({
    findings: wrap(findings),
    topic: wrap(topic),
    bus: wrap(bus),
    accuserOf: async (account) => accused.get(account),
    hub: true,
    traffic: async () => undefined,
    brakes: {
      account: new NotificationThrottle(wrap(findings), 'account'),
      campaign: new NotificationThrottle(wrap(findings), 'campaign'),
    },
    now: () => clock,
    by: `invocation-${++invocations}`,
    report: (line) => reports.push(line),
  });
  return {
    findings,
    topic,
    bus,
    accused,
    hub,
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
      await sendThrottled(delivery, 'begun');
    },
    async sweep() {
      const delivery = invocation();
      for (const { key } of await outbox.overdue('9999', 100_000)) {
        const waiting = await outbox.read(key);
        if (waiting) await deliver(wrap(outbox), waiting, delivery);
      }
      await sendThrottled(delivery, 'due');
      await sendDigests(delivery);
      await importFindings({ ...delivery, hub: wrap(hub), home: HOME });
    },
    told: () => topic.published.map(({ attributes }) => String(attributes.deliveryId)),
  };
}

const HOME = { partition: 'aws', region: 'us-east-1', accountId: '111122223333' } as const;
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
    await keepReview(here.findings, aReview([account(71), account(72)]));
    await here.sweep();
    await here.sweep();
    expect(here.told().slice(2)).toEqual(['digest/2026-03-04']);
    const { email, https } = here.topic.published.at(-1)?.texts ?? {};
    expect(email).toContain('calmed');
    // what the review asks, in the digest too
    for (const text of [email, https]) expect(text).toMatch(/1 question about 2\s+accounts/);
  });

  it('has failed where it told and could not take out what waits: whoever woke it asks again, and nobody is told twice', async () => {
    const here = world();
    here.outbox.append(ACCOUNT, opened, SINCE);
    const waiting = await here.outbox.read(ACCOUNT);
    if (waiting === undefined) throw new Error('nothing waits');
    const away: typeof here.outbox = Object.create(here.outbox, {
      remove: { value: () => Promise.reject(new Error('throttled')) },
    });
    expect(await deliver(away, waiting, here.invocation())).toBe('failed');
    expect(here.told()).toEqual([deliveryId(opened)]);
    expect(await deliver(here.outbox, waiting, here.invocation())).toBe('done');
    expect(here.told()).toEqual([deliveryId(opened)]);
  });

  it('tells the digests of all days on which the topic was away, once it is back', async () => {
    let away = false;
    const here = world((port) =>
      port instanceof MemoryTopic
        ? Object.assign(Object.create(port), {
            publish: (message: Parameters<MemoryTopic['publish']>[0]) =>
              away ? Promise.reject(new Error('topic away')) : port.publish(message),
          })
        : port,
    );
    const DAY = 86_400_000;
    await here.sweep();
    for (let day = 0; day < 12; day++) {
      away = true;
      here.outbox.append(ACCOUNT, { ...calmed, number: calmed.number + day + 1 }, SINCE);
      await here.wake().catch(() => undefined);
      here.pass(DAY);
      await here.sweep().catch(() => undefined);
    }
    away = false;
    await here.sweep();
    here.pass(600_000);
    await here.sweep();
    const days = new Set(here.told().filter((id) => id.startsWith('digest/')));
    expect(days.size).toBe(12);
  });

  it('puts a notice into one digest, though the delivery that put it there failed before midnight', async () => {
    let away = true;
    const here = world((port) =>
      port instanceof MemoryBus
        ? Object.assign(Object.create(port), {
            put: (event: Parameters<MemoryBus['put']>[0]) =>
              away ? Promise.reject(new Error('bus away')) : port.put(event),
          })
        : port,
    );
    here.outbox.append(ACCOUNT, calmed, SINCE);
    await here.wake().catch(() => undefined);
    const midnight = 86_400_000 - (here.now() % 86_400_000);
    here.pass(midnight + 60_000);
    away = false;
    await here.wake();
    for (let day = 0; day < 3; day++) {
      here.pass(86_400_000);
      await here.sweep();
    }
    expect(here.told().filter((id) => id.startsWith('digest/'))).toHaveLength(1);
    expect(here.reports.filter(({ what }) => what === 'bulletin')).toMatchObject([{ total: 1 }]);
  });

  it('folds an account that a campaign names into the digest, unless it is graver than the campaign', async () => {
    const here = world();
    here.accused.set(ACCOUNT, { id: 'c_1', finding: 'fc-1-1', level: 'suspect' });
    here.outbox.append(ACCOUNT, opened, SINCE);
    await here.wake();
    expect(here.told()).toEqual([]);
    const held = await here.findings.find(opened.finding);
    expect(held?.finding).toMatchObject({
      state: 'open',
      notice: { campaign: { id: 'c_1', finding: 'fc-1-1' } },
      history: [{ fate: 'digest' }],
    });
    here.outbox.append(ACCOUNT, escalated, SINCE);
    await here.wake();
    expect(here.told()).toHaveLength(1);
    expect(here.topic.published[0]?.texts.email).toContain('Part of  campaign c_1, fc-1-1');
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

  it('the digest of the day on which a benign verdict ends says what goes on, and nothing of what was taken back or calmed', async () => {
    const here = world();
    const [goes, undone, calm] = [opening(1), opening(2), opening(3)];
    for (const notice of [goes, undone, calm]) here.outbox.append(notice.finding, notice, SINCE);
    await here.wake();
    const until = NOW + 2 * 86_400_000;
    for (const { finding } of [goes, undone, calm])
      await change(here.findings, finding, (held) =>
        triage(held, { verdict: 'benign', by: 'ada', at: NOW, until, note: undefined }),
      );
    await change(here.findings, undone.finding, (held) => undo(held, 'ada', NOW, undefined));
    here.outbox.append(calm.finding, { ...calm, number: 2, transition: 'calmed', level: 'clear' }, SINCE);
    await here.wake();
    for (let hour = 0; hour < 80; hour += 2) {
      here.pass(2 * 3_600_000);
      await here.sweep();
    }
    const digests = here.topic.published.filter(({ attributes }) => attributes.kind === 'digest');
    expect(digests.map(({ attributes }) => attributes.deliveryId)).toEqual(['digest/2026-03-06']);
    expect(digests[0]?.texts.email).toContain('suspect continues, suppressed until 2026-03-06');
    const { rows } = JSON.parse(digests[0]?.texts.default ?? '{}') as { rows: { finding: string }[] };
    expect(rows.map(({ finding }) => finding)).toEqual([goes.finding]);
    const later = {
      ...goes,
      number: 2,
      transition: 'updated' as const,
      at: new Date(until + 1).toISOString(),
    };
    expect((await here.findings.find(goes.finding))?.finding.state).toBe('closed');
    here.outbox.append(goes.finding, later, SINCE);
    await here.wake();
    expect((await here.findings.find(goes.finding))?.finding.state).toBe('open');
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

  it('whatever fails at whatever call, the reader sees each transition once by its id, and a repeat only where a fault came between telling and recording', async () => {
    const call = fc.nat({ max: 70 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(call, fc.constantFrom(...FAULTS)), { maxLength: 6, selector: ([at]) => at }),
        async (planned) => {
          const faulty = new Faulty(new Map(planned));
          const here = world(faulty.port);
          for (const notice of [opened, escalated, calmed]) here.outbox.append(ACCOUNT, notice, SINCE);
          here.outbox.append('c', campaign, SINCE);
          for (let round = 0; round < 12; round++) {
            faulty.revive();
            try {
              await (round % 3 === 2 ? here.sweep() : here.wake());
            } catch (error) {
              if (!(error instanceof Fault)) throw error;
            }
            here.pass(140_000);
          }
          faulty.end();
          here.pass(26 * 3_600_000);
          await here.sweep();
          expect(here.outbox.items.size).toBe(0);

          const alone = [opened, escalated, campaign].map((notice) => deliveryId(notice));
          const all = [...alone, deliveryId(calmed)];
          // people: three by themselves, one in the digest, none in both
          expect(new Set(here.told())).toEqual(new Set([...alone, 'digest/2026-03-04']));
          const digest = here.topic.published.find(({ attributes }) => attributes.kind === 'digest');
          const rows = (JSON.parse(digest?.texts.default ?? '{}') as { rows: { delivery: string }[] }).rows;
          expect(rows.map(({ delivery }) => delivery)).toEqual([deliveryId(calmed)]);
          // machines: every transition
          const events = here.bus.entries.map(
            ({ detail }) => (detail as { metadata: { uid: string } }).metadata.uid,
          );
          expect(new Set(events)).toEqual(new Set(all));
          for (const [id, seen] of tally([...here.told(), ...events.map((uid) => `bus ${uid}`)]))
            expect(seen, id).toBeLessThanOrEqual(1 + faulty.between(id));
          // Security Hub: one copy of each finding, as it stands at the end, whenever it was made
          expect(
            [...here.hub.findings.values()].map((held) => [
              held.Id,
              held.ProductFields['siphonwatch/transition'],
            ]),
          ).toEqual(
            expect.arrayContaining([
              [`siphonwatch/${opened.finding}`, 'calmed'],
              [`siphonwatch/${campaign.finding}`, 'opened'],
            ]),
          );
          expect(here.hub.findings.size).toBe(2);
          for (const held of here.hub.imports)
            expect(held.CreatedAt).toBe(here.hub.findings.get(held.Id)?.CreatedAt);
          expect(here.hub.imports.length).toBeLessThanOrEqual(all.length + 2 * planned.length);
          expect(here.findings.awaited.size).toBe(0);
        },
      ),
      { numRuns: 120 },
    );
  });

  it('Security Hub that is down or refuses stops nobody; a close and a verdict archive the same copy', async () => {
    const here = world();
    here.outbox.append(ACCOUNT, opened, SINCE);
    const take = here.hub.import.bind(here.hub);
    here.hub.import = () => Promise.reject(new Error('Security Hub is not enabled'));
    await here.wake();
    await here.sweep();
    expect(here.told()).toEqual([deliveryId(opened)]);
    here.hub.import = async (held) => held.map(({ Id }) => ({ id: Id, why: 'InvalidInput: no' }));
    await here.sweep();
    expect(here.reports.map(({ what }) => what)).toEqual(['settled', 'import-failed', 'refused']);
    here.hub.import = take;
    await here.sweep();
    await here.sweep();
    expect(here.hub.imports).toHaveLength(1);
    const copy = () => here.hub.findings.get(`siphonwatch/${opened.finding}`);
    expect(copy()).toMatchObject({ RecordState: 'ACTIVE', Severity: { Label: 'HIGH' } });
    await change(here.findings, opened.finding, (held) =>
      triage(held, { verdict: 'benign', by: 'ada', at: NOW, until: undefined, note: undefined }),
    );
    await here.sweep();
    expect(copy()).toMatchObject({ RecordState: 'ARCHIVED', CreatedAt: opened.at });
    expect(copy()?.ProductFields['siphonwatch/verdict']).toContain('benign, said ada');
    // under the exception nobody is notified, but the copy follows
    here.outbox.append(ACCOUNT, escalated, SINCE);
    await here.wake();
    await here.sweep();
    expect(here.told()).toEqual([deliveryId(opened)]);
    expect(here.bus.entries).toHaveLength(1);
    expect(copy()).toMatchObject({ RecordState: 'ARCHIVED', Severity: { Label: 'CRITICAL' } });
    expect(here.hub.findings.size).toBe(1);
  });
});

/** What can go wrong with a call: the process dies, or only the call fails; before it had an effect, or after. */
const FAULTS = ['dies before', 'dies after', 'refused', 'answer lost'] as const;
class Fault extends Error {}

function tally(ids: readonly string[]): Map<string, number> {
  const seen = new Map<string, number>();
  for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1);
  return seen;
}

/** Ports whose calls fail where it was planned, and which ids had been told and not recorded when they did. */
class Faulty {
  readonly #planned: ReadonlyMap<number, (typeof FAULTS)[number]>;
  readonly #open = new Set<string>();
  readonly #between = new Map<string, number>();
  #calls = 0;
  #dead = false;
  #over = false;

  constructor(planned: ReadonlyMap<number, (typeof FAULTS)[number]>) {
    this.#planned = planned;
  }

  /** faults that came while an id was told and not recorded */
  between(id: string): number {
    return this.#between.get(id) ?? 0;
  }
  revive(): void {
    this.#dead = false;
  }
  end(): void {
    this.#dead = false;
    this.#over = true;
  }

  readonly port = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const held = Reflect.get(target, name) as unknown;
        if (typeof held !== 'function') return held;
        return async (...given: unknown[]) => {
          if (this.#dead) throw new Fault();
          const fault = this.#over ? undefined : this.#planned.get(this.#calls++);
          if (fault === 'dies before' || fault === 'refused') return this.#fail(fault);
          const answer: unknown = await held.apply(target, given);
          this.#note(String(name), given, answer);
          return fault === undefined ? answer : this.#fail(fault);
        };
      },
    });

  #fail(fault: string): never {
    if (fault.startsWith('dies')) this.#dead = true;
    for (const id of this.#open) this.#between.set(id, this.between(id) + 1);
    throw new Fault(fault);
  }

  #note(name: string, given: readonly unknown[], answer: unknown): void {
    const [first] = given;
    if (name === 'publish')
      this.#open.add(String((first as { attributes: { deliveryId: string } }).attributes.deliveryId));
    if (name === 'put')
      this.#open.add(`bus ${(first as { detail: { metadata: { uid: string } } }).detail.metadata.uid}`);
    if (name === 'writeState' && first === 'digest' && answer === true)
      for (const id of this.#open) if (id.startsWith('digest/')) this.#open.delete(id);
    if (name !== 'write' || answer !== true) return;
    const { notice, delivered = 0 } = first as Finding;
    for (let number = 1; number <= delivered; number++)
      for (const id of [`${notice.subject.id}/${number}`, `bus ${notice.subject.id}/${number}`])
        this.#open.delete(id);
  }
}

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
    expect(here.topic.published.at(-1)?.subject).toContain(`${count(many - 5)} findings opened at once`);
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

  it('can leave an opening to the digest; the escalation is notified, the bus gets both', async () => {
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

  it('none fits: notified at once, as without routes', async () => {
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

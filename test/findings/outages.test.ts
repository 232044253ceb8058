import { describe, expect, it } from 'vitest';
import { type Delivery, deliver } from '../../lambdas/notify/deliver.ts';
import { sendDigests, sendThrottled } from '../../lambdas/notify/digests.ts';
import { NotificationThrottle } from '../../lambdas/notify/notification-throttle.ts';
import { applyNotice, type Notice } from '../../lib/findings/finding.ts';
import { triage, undo } from '../../lib/findings/triage.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { MemoryTopic } from '../../lib/stores/notification-topic.ts';
import { MemoryOutbox } from '../../lib/stores/outbox.ts';
import { change } from '../../lib/stores/verdicts.ts';
import { escalated, NOW, opened } from './notices.ts';

const MINUTE = 60_000;
const iso = (ms: number): string => new Date(ms).toISOString();

/** Delivery whose bus can be away. */
class Desk {
  readonly findings = new MemoryFindingStore();
  readonly topic = new MemoryTopic();
  readonly outbox = new MemoryOutbox('profiles');
  now = Date.parse('2026-03-10T23:50:00Z');
  busAway = false;
  #invocations = 0;

  delivery(): Delivery {
    return {
      findings: this.findings,
      topic: this.topic,
      bus: {
        put: () => (this.busAway ? Promise.reject(new Error('the bus is away')) : Promise.resolve()),
      },
      accuserOf: async () => undefined,
      hub: false,
      traffic: async () => undefined,
      brakes: {
        account: new NotificationThrottle(this.findings, 'account'),
        campaign: new NotificationThrottle(this.findings, 'campaign'),
      },
      now: () => this.now,
      by: `i${++this.#invocations}`,
      report: () => undefined,
    };
  }

  async wake(key: string): Promise<void> {
    const waiting = await this.outbox.read(key);
    if (waiting !== undefined) await deliver(this.outbox, waiting, this.delivery());
  }

  async sweep(): Promise<void> {
    for (const { key } of await this.outbox.overdue('9', 100)) await this.wake(key);
    await sendThrottled(this.delivery(), 'due');
    await sendDigests(this.delivery());
  }

  async sweepFor(minutes: number): Promise<void> {
    for (let i = 0; i < minutes; i += 5) {
      this.now += 5 * MINUTE;
      await this.sweep();
    }
  }

  get told(): string {
    return this.topic.published.map(({ texts }) => texts.default).join(' ');
  }
}

const notice = (n: number, over: Partial<Notice> = {}): Notice => ({
  ...opened,
  number: 1,
  finding: `f-${n}-1`,
  subject: { ...opened.subject, id: `a_${n}` },
  ...over,
});

describe('an outage of the bus', () => {
  it('over midnight leaves an update in a digest that is told', async () => {
    const desk = new Desk();
    await desk.sweep();
    desk.busAway = true;
    desk.outbox.append('a_1', notice(1, { transition: 'updated' }), iso(desk.now));
    await desk.wake('a_1');
    await desk.sweepFor(20);
    desk.busAway = false;
    await desk.sweepFor(2 * 24 * 60);
    expect(desk.told).toContain('a_1/1');
    expect(desk.outbox.items.size).toBe(0);
  });

  it('and of the lists over midnight leaves an update in the digest of the next day', async () => {
    const desk = new Desk();
    await desk.sweep();
    const { enlist } = desk.findings;
    desk.findings.enlist = () => Promise.reject(new Error('throttled'));
    desk.outbox.append('a_1', notice(1, { transition: 'updated' }), iso(desk.now));
    await desk.wake('a_1');
    // the digest of the day of the claim is told meanwhile
    desk.now += 30 * MINUTE;
    await sendDigests(desk.delivery());
    desk.findings.enlist = enlist;
    await desk.sweepFor(2 * 24 * 60);
    expect(desk.told).toContain('a_1/1');
    expect(desk.outbox.items.size).toBe(0);
  });

  it('during a storm leaves every opening in a message or a list', async () => {
    const desk = new Desk();
    await desk.sweep();
    for (let n = 1; n <= 7; n++) {
      desk.busAway = n > 5;
      desk.outbox.append(`a_${n}`, notice(n), iso(desk.now));
      await desk.wake(`a_${n}`);
      desk.now += 1000;
    }
    await desk.sweepFor(25);
    desk.busAway = false;
    await desk.sweepFor(24 * 60);
    for (let n = 1; n <= 7; n++) expect(desk.told).toContain(`a_${n}/1`);
  });
});

describe('a delivery that dies after it has told', () => {
  it('tells the same message again, and puts the notice into no list, though a storm has begun meanwhile', async () => {
    const desk = new Desk();
    await desk.sweep();
    const append = (n: number) => desk.outbox.append(`a_${n}`, notice(n), iso(desk.now));
    append(1);
    const { write } = desk.findings;
    let writes = 0;
    // its claim is written, and nothing after it
    desk.findings.write = (...given) =>
      ++writes === 1 ? write.apply(desk.findings, given) : Promise.reject(new Error('died'));
    await desk.wake('a_1').catch(() => undefined);
    desk.findings.write = write;
    expect(desk.topic.published).toHaveLength(1);
    const [message] = desk.topic.published;
    for (let n = 2; n <= 12; n++) {
      append(n);
      await desk.wake(`a_${n}`);
    }
    await desk.sweepFor(24 * 60);
    expect(desk.outbox.items.size).toBe(0);
    const ofFirst = desk.topic.published.filter(({ texts }) => /a_1\/1\b/.test(texts.default));
    expect(new Set(ofFirst.map(({ texts }) => texts.default))).toEqual(new Set([message?.texts.default]));
  });
});

describe('an invocation beside another one', () => {
  it('leaves a notice that is being delivered to the one that claimed it', async () => {
    const desk = new Desk();
    let arrive = (): void => undefined;
    const first = desk.delivery();
    const slow: Delivery = {
      ...first,
      bus: { put: () => new Promise((resolve) => (arrive = resolve)) },
    };
    desk.outbox.append('a_1', notice(1), iso(desk.now));
    const waiting = await desk.outbox.read('a_1');
    if (waiting === undefined) throw new Error('nothing waits');
    const delivered = deliver(desk.outbox, waiting, slow);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await deliver(desk.outbox, waiting, desk.delivery())).toBe('busy');
    expect(desk.topic.published).toHaveLength(0);
    arrive();
    expect(await delivered).toBe('done');
    expect(desk.topic.published).toHaveLength(1);
  });

  it('that was thought dead gets into no list which its notice has left for that of the next day', async () => {
    const desk = new Desk();
    await desk.sweep();
    const { enlist } = desk.findings;
    let arrive = (): void => undefined;
    const onItsWay = new Promise<void>((resolve) => (arrive = resolve));
    desk.findings.enlist = async (...given) => {
      await onItsWay;
      return enlist.apply(desk.findings, given);
    };
    desk.outbox.append('a_1', notice(1, { transition: 'updated' }), iso(desk.now));
    const waiting = await desk.outbox.read('a_1');
    if (waiting === undefined) throw new Error('nothing waits');
    const late = deliver(desk.outbox, waiting, desk.delivery());
    await new Promise((resolve) => setTimeout(resolve, 5));
    desk.findings.enlist = enlist;
    // the next one has its place in the list of today when the first one arrives in that of yesterday, which is not told yet
    desk.now += 11 * MINUTE;
    await desk.wake('a_1');
    arrive();
    expect(await late).toBe('failed');
    await desk.sweepFor(2 * 24 * 60);
    expect(desk.topic.published.filter(({ texts }) => /a_1\/1\b/.test(texts.default))).toHaveLength(1);
  });
});

describe('a notice of a newer version', () => {
  it('is told when it can be read, though a later one was told before it', async () => {
    const desk = new Desk();
    const [first, later] = [notice(1), { ...escalated, ...notice(1, { number: 2 }) }];
    desk.outbox.items.set('a_1', {
      texts: [JSON.stringify({ ...first, v: 2 }), JSON.stringify(later)],
      since: iso(desk.now),
    });
    await desk.wake('a_1');
    expect(desk.outbox.items.get('a_1')?.texts).toHaveLength(1);
    desk.outbox.items.set('a_1', { texts: [JSON.stringify(first)], since: iso(desk.now) });
    await desk.wake('a_1');
    expect(desk.outbox.items.size).toBe(0);
    expect(desk.topic.published.map(({ texts }) => JSON.parse(texts.default).deliveryId)).toEqual([
      'a_1/2',
      'a_1/1',
    ]);
  });
});

describe('a decision', () => {
  const decided =
    (verdict: 'benign' | 'confirmed', by: string, decision: string) => (held: Parameters<typeof triage>[0]) =>
      triage(held, { verdict, by, at: NOW, until: undefined, note: undefined, decision });

  /** A store whose first write is sent twice: its answer was lost on the way. */
  class Twice extends MemoryFindingStore {
    armed = false;
    override async write(...of: Parameters<MemoryFindingStore['write']>): Promise<boolean> {
      const written = await super.write(...of);
      if (!this.armed) return written;
      this.armed = false;
      return super.write(...of);
    }
  }

  it('is made once, when its answer is lost and when its request comes again', async () => {
    const store = new Twice();
    await store.write(applyNotice(undefined, opened), undefined);
    store.armed = true;
    await change(store, opened.finding, decided('benign', 'ada', 'd-1'), 'd-1');
    await change(store, opened.finding, decided('benign', 'ada', 'd-1'), 'd-1');
    store.armed = true;
    await change(
      store,
      opened.finding,
      (held) => undo(held, 'ada', NOW + 1, undefined, { decision: 'd-2' }),
      'd-2',
    );
    const held = (await store.find(opened.finding))?.finding;
    expect(held?.audit?.map(({ action }) => action)).toEqual(['triage', 'undo']);
    expect(held?.verdict).toBeUndefined();
    expect(await store.exceptionFor(opened.subject.id, NOW)).toBeUndefined();
  });

  it('can be taken back by its name, until no verdict is left', async () => {
    const store = new MemoryFindingStore();
    await store.write(applyNotice(undefined, opened), undefined);
    await change(store, opened.finding, decided('benign', 'ada', 'd-1'), 'd-1');
    await change(store, opened.finding, decided('confirmed', 'bob', 'd-2'), 'd-2');
    const take = (named?: string) =>
      change(store, opened.finding, (held) => undo(held, 'ada', NOW, undefined, { undoes: named }));
    expect((await take('d-1')).finding.verdict?.verdict).toBe('confirmed');
    const { finding } = await take('d-2');
    expect([finding.state, finding.verdict]).toEqual(['open', undefined]);
    await expect(take('d-2')).rejects.toThrow('stands');
  });
});

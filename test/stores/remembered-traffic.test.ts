import { expect, it } from 'vitest';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { keepTraffic } from '../../lib/stores/finding-queries.ts';
import { RememberedTraffic } from '../../lib/stores/remembered-traffic.ts';
import { HOUR_MS } from '../../lib/time.ts';
import { iso, START } from '../events.ts';

const week = (requests: number) => ({ v: 1 as const, from: iso(START), to: iso(START + HOUR_MS), requests });

/** A store that counts its reads, and cannot be read while it is away. */
class Counted extends MemoryFindingStore {
  reads = 0;
  away = false;
  override async state(name: string) {
    this.reads++;
    if (this.away) throw new Error('throttled');
    return super.state(name);
  }
}

it('reads a week of traffic once an hour, and again at once where a read failed', async () => {
  const store = new Counted();
  await keepTraffic(store, week(7));
  store.reads = 0;
  let now = START;
  const remembered = new RememberedTraffic(store, () => now);
  store.away = true;
  await expect(remembered.week()).rejects.toThrow('throttled');
  store.away = false;
  expect(await remembered.week()).toEqual(week(7));
  expect(await remembered.week()).toEqual(week(7));
  expect(store.reads).toBe(2);
  await keepTraffic(store, week(9));
  now += HOUR_MS;
  expect(await remembered.week()).toEqual(week(7));
  now += 1;
  expect(await remembered.week()).toEqual(week(9));
});

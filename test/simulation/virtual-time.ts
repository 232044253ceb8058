import { AsyncLocalStorage } from 'node:async_hooks';
import type { World } from './world.ts';

/** What the clock of whoever runs now shows too much, ms. */
const clocks = new AsyncLocalStorage<number>();

/** `work` and all that goes on because of it sees a clock that is wrong. @param ms ahead of the world's time */
export function withClock<T>(ms: number, work: () => T): T {
  return clocks.run(ms, work);
}

/** `Date.now` and `setTimeout` are the world's while `work` runs. */
export async function inVirtualTime<T>(world: World, work: () => Promise<T>): Promise<T> {
  const real = { now: Date.now, setTimeout: globalThis.setTimeout };
  Date.now = () => Math.round(world.now + (clocks.getStore() ?? 0));
  const later = (run: () => void, ms = 0): object => {
    world.timer(run, ms);
    return { unref: () => undefined };
  };
  Object.assign(globalThis, { setTimeout: later });
  try {
    return await work();
  } finally {
    Date.now = real.now;
    globalThis.setTimeout = real.setTimeout;
  }
}

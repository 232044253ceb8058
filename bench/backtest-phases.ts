import { BacktestRun } from '../lib/backtest/backtest-run.ts';
import { readBatches } from '../lib/input/lines.ts';
import { Traffic } from '../lib/input/traffic.ts';
import { readUsageEvents } from '../lib/input/usage-events.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { defaultCalibration } from '../lib/scoring/default-calibration.ts';
import type { UsageEvent } from '../lib/telemetry/usage-event.ts';

/** What one process of the benchmark measures; each begins with an empty heap of its own. */
export const PHASES = {
  lines: 'lines read, unpacked and split',
  read: 'usage events read and validated, nothing more',
  events: 'usage events replayed',
  exchanges: 'exchanges recorded and replayed',
  once: 'usage events replayed once: memory',
  fourfold: 'the same four times over, a fortnight apart, by the same accounts: memory',
  pair: 'the same by twice as many accounts: memory',
  crowd: 'the same by four times as many accounts: memory',
} as const;
export type Phase = keyof typeof PHASES;

/** Copies of every account. */
const COPIES: Partial<Record<Phase, number>> = { pair: 2, crowd: 4 };
const FORTNIGHT = 14 * 86_400_000;

export interface PhaseResult {
  readonly events: number;
  readonly accounts: number;
  readonly seconds: number;
  /** of all threads of the process: garbage is collected beside the replay */
  readonly processorSeconds: number;
  readonly eventsPerSecond: number;
  /** encoded state of all accounts */
  readonly storedBytes: number;
  /** heap and buffers after a full collection, less those before the first event */
  readonly heldBytes: number;
  readonly peakRssBytes: number;
}

/** @param files usage events, or exchanges for the phase of that name */
export async function runPhase(phase: Phase, files: readonly string[]): Promise<PhaseResult> {
  const track = new BacktestRun({ policy: defaultPolicy, calibration: defaultCalibration }, new Map());
  const before = held();
  const began = performance.now();
  const cpu = process.cpuUsage();
  let events = 0;
  if (phase === 'lines') for await (const { lines } of readBatches(files)) events += lines.length;
  else if (phase === 'read')
    for await (const batch of readUsageEvents(files, { format: 'auto', recorder: noRecorder }))
      events += batch.events.length;
  else events = await replay(phase, files, track);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { accounts } = track.store;
  return {
    events,
    accounts,
    seconds,
    processorSeconds: (user + system) / 1e6,
    eventsPerSecond: Math.round(events / seconds),
    heldBytes: held() - before,
    storedBytes: track.store.bytes(),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function replay(phase: Phase, files: readonly string[], track: BacktestRun): Promise<number> {
  const traffic = await Traffic.of(files, { keySeed: 'benchmark' });
  const push = (onEvent: (event: UsageEvent) => void): Promise<number> =>
    traffic.feed({ label: phase, counted: () => '', onEvent });
  if (phase === 'fourfold')
    for (let round = 0; round < 4; round++) await push((event) => track.push(later(event, round)));
  else
    await push((event) => {
      for (let copy = 0; copy < (COPIES[phase] ?? 1); copy++) track.push(another(event, copy));
    });
  track.finish();
  return track.read;
}

function later(event: UsageEvent, round: number): UsageEvent {
  return {
    ...event,
    id: `${event.id}-${round}`,
    time: new Date(Date.parse(event.time) + round * FORTNIGHT).toISOString(),
  };
}

/** The same by an account of its own, which shares nothing with the others: not the payment, not the prompts. */
function another(event: UsageEvent, copy: number): UsageEvent {
  if (copy === 0) return event;
  const mark = 'abcdefgh'[copy] as string;
  return {
    ...event,
    account: `a_${mark}${event.account.slice(3)}`,
    prints: event.prints.map(
      (one) =>
        Object.fromEntries(
          Object.entries(one).map(([name, value]) => [
            name,
            name === 'epoch' || name === 'sketch' ? value : `${mark}${String(value).slice(1)}`,
          ]),
        ) as typeof one,
    ),
  };
}

function noRecorder(): never {
  throw new Error('the file holds usage events');
}

/** Bytes of heap and buffers in use. Needs --expose-gc. */
function held(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

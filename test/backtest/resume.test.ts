import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BacktestRun } from '../../lib/backtest/backtest-run.ts';
import type { BacktestOutcome } from '../../lib/backtest/outcome.ts';
import { Interrupted } from '../../lib/cli/backtest/interrupted.ts';
import { backtest } from '../../lib/cli/backtest/run-backtest.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, harvest, MINUTE, print, START } from '../events.ts';

/** Linked harvesters, applications, a clock that jumps, repeats and late arrivals: all that a state can hold. */
function traffic(): UsageEvent[] {
  const paid = (event: UsageEvent): UsageEvent => ({
    ...event,
    prints: event.prints.map((one) => ({ ...one, payment: print(7), network: print(9) })),
  });
  const made = [
    ...[1, 2, 3, 4].flatMap((n) =>
      harvest({
        account: account(n),
        events: 90,
        seed: n,
        everyMs: 23 * MINUTE,
        from: START + n * MINUTE,
      }).map(paid),
    ),
    ...[5, 6, 7].flatMap((n) =>
      application({
        account: account(n),
        events: 60,
        seed: n,
        everyMs: (17 + n) * MINUTE,
        from: START + n * 7 * MINUTE,
      }),
    ),
  ].sort((a, b) => (a.time < b.time ? -1 : 1));
  const late = made.slice(100, 104);
  made.splice(106, 0, ...late); // repeated ids, within the hour
  const [moved] = made.splice(20, 1);
  if (moved !== undefined) made.splice(200, 0, { ...moved, id: 'late' });
  made.splice(250, 0, { ...(made[0] as UsageEvent), id: 'mad', time: '2031-01-01T00:00:00.000Z' });
  return made;
}

const events = traffic();
const newTrack = (): BacktestRun =>
  new BacktestRun(
    { policy: defaultPolicy, calibration: testCalibration },
    new Map([1, 2, 3, 4].map((n) => [account(n), 'c1'])),
  );

/** Takes the state down after so many events, as a checkpoint does, and goes on with a new track. */
function replayed(cuts: readonly number[]): BacktestOutcome {
  let track = newTrack();
  events.forEach((event, i) => {
    track.push(event);
    if (!cuts.includes(i)) return;
    const next = newTrack();
    for (const frame of [...track.frames()].map((held) => serialize(held))) {
      const [part, value] = deserialize(frame) as [string, unknown];
      next.restore(part, value);
    }
    track = next;
  });
  track.finish();
  return track.outcome(undefined, 0, 1);
}

describe('a replay that is interrupted and taken up again', () => {
  it('finds what an uninterrupted one finds, wherever it was cut', { timeout: 240_000 }, () => {
    const whole = replayed([]);
    expect(whole.notices.length).toBeGreaterThan(0);
    expect(whole.result.events).toMatchObject({ repeated: 4, quarantined: 1 });
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(events.length - 1), { minLength: 1, maxLength: 4 }), (cuts) => {
        expect(replayed(cuts)).toEqual(whole);
      }),
      { numRuns: 12, examples: [[[0]], [[events.length - 1]]] },
    );
  });
});

describe('what a replay keeps', () => {
  it('does not grow with the number of events of the same accounts', { timeout: 240_000 }, () => {
    // more events within an hour than an item holds ids of
    const burst = harvest({
      account: account(9),
      events: 600,
      everyMs: 5_000,
      from: START + 13 * 86_400_000,
    });
    const bytesAfter = (fortnights: number): Record<string, number> => {
      const track = newTrack();
      for (let n = 0; n < fortnights; n++)
        for (const event of [...events, ...burst])
          if (event.id !== 'mad')
            track.push({
              ...event,
              id: `${event.id}-${n}`,
              time: new Date(Date.parse(event.time) + n * 14 * 86_400_000).toISOString(),
            });
      track.finish();
      const bytes: Record<string, number> = {};
      for (const [part, value] of track.frames()) bytes[part] = (bytes[part] ?? 0) + serialize(value).length;
      return bytes;
    };
    const two = bytesAfter(2);
    // traces grow with the looks up to a bound of their own
    const traces = (part: string): number => (part === 'board/standings' ? 12_000 : 16);
    for (const [part, bytes] of Object.entries(bytesAfter(6)))
      expect(bytes, part).toBeLessThan(1.02 * (two[part] ?? 0) + traces(part));
  });
});

describe('backtest --checkpoint', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const said: string[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'siphonwatch-resume-'));
    const lines = events.map((event) => JSON.stringify(event));
    writeFileSync(at('a.ndjson'), `${lines.slice(0, 250).join('\n')}\nnot an event\n`);
    writeFileSync(at('b.ndjson'), `${lines.slice(250).join('\n')}\n`);
    writeFileSync(at('strict.yaml'), 'v: 1\nid: strict\n');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => vi.restoreAllMocks());
  const files = (): string[] => [at('a.ndjson'), at('b.ndjson')];
  const hush = (): void => {
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      said.push(String(chunk));
      return true;
    });
  };

  it('goes on where it stopped, over files, and ends with the same', { timeout: 240_000 }, async () => {
    hush();
    const whole = await backtest(files(), {});
    const options = { checkpoint: at('state') };
    // stops at every pause: each call takes the run one read further
    const stop = AbortSignal.abort();
    let stops = 0;
    let made: Awaited<ReturnType<typeof backtest>> | undefined;
    while (made === undefined)
      made = await backtest(files(), options, stop).catch((error: unknown) => {
        if (!(error instanceof Interrupted)) throw error;
        stops++;
        return undefined;
      });
    expect(stops).toBeGreaterThan(1);
    const { throughput: _, ...rest } = made.result;
    expect(whole.result).toMatchObject(rest);
    expect(made.outcomes[0].accounts).toEqual(whole.outcomes[0].accounts);
    expect(made.outcomes[0].notices).toEqual(whole.outcomes[0].notices);
    expect(said.join('')).toContain('250 events were replayed before');
  });

  it('refuses a checkpoint of another run, a cut one, and standard input, each by name', async () => {
    hush();
    const options = { checkpoint: at('other') };
    await expect(backtest(files(), options, AbortSignal.abort())).rejects.toThrow(Interrupted);
    await expect(backtest(files(), { ...options, policy: at('strict.yaml') })).rejects.toThrow(
      /of another run \(rules changed since\)/,
    );
    await expect(backtest([at('b.ndjson')], options)).rejects.toThrow(/files changed since/);
    truncateSync(at('other'), statSync(at('other')).size - 40);
    await expect(backtest(files(), options)).rejects.toThrow(/cut or damaged/);
    writeFileSync(at('other'), readFileSync(at('a.ndjson')));
    await expect(backtest(files(), options)).rejects.toThrow(/not a checkpoint/);
    await expect(backtest(['-'], options)).rejects.toThrow(/standard input cannot be taken up again/);
  });
});

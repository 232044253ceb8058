import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { measure } from '../../bench/score/measure.ts';
import { flushesOf, flushesWithin, readLines, trafficFiles } from '../../bench/score/traffic.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/data', import.meta.url));

describe('the bench of the score function', () => {
  it('scores every event of the shipped traffic, and stores the same bytes in every round', async () => {
    const lines = await readLines(await trafficFiles(EXAMPLE), 600);
    expect(lines.count).toBe(600);
    const once = await measure(lines, flushesOf(lines, 200), 1);
    const twice = await measure(lines, flushesOf(lines, 200), 2);
    expect(once.flushes).toBe(3);
    expect(once.digest).toBe(twice.digest);
    expect(once.scorePerSecond).toBeGreaterThan(0);
    const shares = Object.values(once.phases).reduce((sum, share) => sum + share, 0);
    // phases and the whole are read from clocks of their own, a few milliseconds of 600 events
    expect(Math.abs(shares - 1)).toBeLessThan(0.1);
  });

  it('cuts the natural pace by time, and loses no event', async () => {
    const lines = await readLines(await trafficFiles(EXAMPLE), 300);
    const flushes = [...flushesWithin(lines, 5000)];
    expect(flushes.at(0)?.from).toBe(0);
    expect(flushes.at(-1)?.to).toBe(300);
    for (const [at, { from, to }] of flushes.entries()) {
      expect(from).toBe(at === 0 ? 0 : flushes[at - 1]?.to);
      expect(lines.arrived(to - 1) - lines.arrived(from)).toBeLessThan(5000);
    }
  });

  it('says what it looked for where a folder has no traffic', async () => {
    await expect(trafficFiles('/nonexistent')).rejects.toThrow(/no files of usage events or exchanges/);
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupOf } from '../../lib/aws/archive.ts';
import { alarmMetrics } from '../../lib/infra/alarms.ts';
import { MEASURED } from '../../lib/infra/cost/figures.ts';
import {
  archiveGroups,
  eventsPerRecord,
  readsOf,
  unitsAt,
  type Workload,
} from '../../lib/infra/cost/load.ts';
import { type Bounds, type Plan, planFor, WORKLOAD_BOUNDS } from '../../lib/infra/cost/plan.ts';
import { MONTH_SECONDS, PRICES } from '../../lib/infra/cost/prices.ts';
import { LATENCY, type Latency } from '../../lib/infra/latency.ts';
import { readSettings } from '../../lib/infra/settings.ts';
import { partitionKey } from '../../lib/telemetry/record.ts';
import { resourcesOf, synthesized } from './synthesized.ts';

function plan(
  eventsPerSecond: number,
  over: Partial<Workload> = {},
  latency: Latency = 'minute',
  given: Readonly<Record<string, unknown>> = {},
): Plan {
  const settings = readSettings({ 'siphonwatch:latency': latency, ...given });
  const workload = {
    eventsPerSecond,
    gateways: 2,
    accounts: 10_000,
    lingerMs: LATENCY[latency].lingerMs,
    buckets: LATENCY[latency].buckets,
    windowSeconds: settings.batchWindowSeconds,
    batchSize: settings.batchSize,
    parallelizationFactor: settings.parallelizationFactor,
    shards: 4,
    ...over,
  };
  return planFor(workload, settings, MEASURED);
}
const line = ({ lines }: Plan, part: string) => lines.find((held) => held.part === part);

describe('a plan', () => {
  it('counts events a record as a producer packs them: 1.6 at 500 a second of a gateway, not 20', () => {
    // measured with the producer and 256 buckets, 500 ms: 1.01, 1.09, 1.56, 2.27, 9.77, 19.53
    for (const [rate, measured] of [
      [10, 1.01],
      [100, 1.09],
      [500, 1.56],
      [1000, 2.27],
      [5000, 9.77],
      [10_000, 19.53],
    ] as const)
      expect(Math.abs(eventsPerRecord(rate, 500, 256) / measured - 1), String(rate)).toBeLessThan(0.15);
  });

  it('knows how many groups the archive divides buckets into', () => {
    for (const buckets of [16, 64, 256, 1000]) {
      const keys = Array.from({ length: buckets }, (_, n) => partitionKey(n, `b1-${buckets}`));
      expect(archiveGroups(buckets), String(buckets)).toBe(new Set(keys.map(groupOf)).size);
    }
  });

  it('costs less with the buckets that are recommended, and says when they are too few', () => {
    const [few, many] = [64, 256].map((buckets) => plan(1000, { buckets }));
    expect(few?.total.onDemand).toBeLessThan((many?.total.onDemand ?? 0) - 40);
    expect(few?.warnings.join()).not.toContain('buckets');
    expect(plan(100_000).warnings.join('\n')).toMatch(/64 buckets fill \d+ lanes unevenly.*--buckets \d+/);
  });

  it('costs more with more accounts, more gateways, and less latency', () => {
    const base = plan(1000);
    expect(plan(1000, { accounts: 10_000_000 }).total.onDemand).toBeGreaterThan(base.total.onDemand + 1);
    expect(plan(1000, { gateways: 50 }).load.recordsPerSecond).toBeGreaterThan(base.load.recordsPerSecond);
    expect(plan(1000, {}, 'seconds').total.onDemand).toBeGreaterThan(base.total.onDemand);
    expect(base.total.provisioned).toBeLessThan(base.total.onDemand);
  });

  it('has hunts where they are asked for: less than a tenth more, and where they end', () => {
    const of = (settings: object) => planFor(plan(1000).workload, readSettings({ ...settings }), MEASURED);
    expect(line(of({}), 'hunts, without queries')).toBeUndefined();
    const hunts = line(of({ 'siphonwatch:hunts': true }), 'hunts, without queries');
    expect(hunts?.firstLimit).toContain('4500 events a second');
    expect(hunts?.onDemand).toBeGreaterThan(10);
    expect(hunts?.onDemand).toBeLessThan(of({}).total.onDemand / 10);
  });

  it('writes as often as was measured, and in between the measured windows', () => {
    const units = (seconds: number) => unitsAt(seconds, MEASURED.windows, (held) => held.writeUnitsPerEvent);
    for (const { seconds, writeUnitsPerEvent } of MEASURED.windows)
      expect(units(seconds)).toBeCloseTo(writeUnitsPerEvent, 9);
    expect(units(20)).toBeLessThan(units(5));
    expect(units(20)).toBeGreaterThan(units(60));
  });

  it('costs and reads what the documents say', () => {
    const text = (name: string): string => readFileSync(`docs/${name}.md`, 'utf8').replaceAll(/\s+/g, ' ');
    const at = (seconds: number) => MEASURED.windows.find((held) => held.seconds === seconds);
    const writes = (seconds: number) => at(seconds)?.writeUnitsPerEvent.toFixed(2);
    const reads = (accounts: number) => readsOf(accounts, MEASURED);
    const readsAnEvent = (accounts: number) => (reads(accounts) * (at(60)?.flushesPerEvent ?? 0)).toFixed(2);
    expect(text('performance')).toContain(
      `${writes(60)} write units an event at a one-minute window, ${writes(5)} at five seconds`,
    );
    expect(text('performance')).toContain(
      `with 100,000 accounts ${readsAnEvent(100_000)} read units an event, with five million ${readsAnEvent(5_000_000)}.`,
    );
    const [few, some, many, most] = [5000, 20_000, 100_000, 5_000_000].map((n) => reads(n).toFixed(1));
    expect(text('operations')).toContain(
      `${few} read units a write with 5,000 accounts, ${some} with 20,000, ${many} with 100,000 and ${most} with five million`,
    );
    const flushes = ((at(60)?.flushesPerEvent ?? 0) * 1000 * MONTH_SECONDS) / 1e6;
    const { writeMillion, readMillion } = PRICES.dynamodb;
    const [write, read] = [flushes * writeMillion, (flushes * readMillion) / 2].map(Math.round);
    expect(text('performance')).toContain(
      `USD ${write} a month for a write unit, and ${read} for half a read unit`,
    );
    const usd = (value: number | undefined): string => Math.round(value ?? 0).toLocaleString('en-US');
    const made = plan(1000, { accounts: 6_900_000 });
    const link = line(made, 'tables, reads of all accounts');
    const says =
      /says USD (\S+) for those on demand and (\S+) provisioned: (\S+) and (\S+) are reads of `link`, and (\S+) its time in the 23 shards .* at the 4,608 MB/;
    expect(says.exec(text('operations'))?.slice(1)).toEqual([
      ...[made.total, link].flatMap((held) => [usd(held?.onDemand), usd(held?.provisioned)]),
      usd(line(made, 'linking, time of the function')?.onDemand),
    ]);
    expect(text('operations')).toContain(
      `USD ${usd(line(plan(1000, { accounts: 100_000 }), 'linking, time of the function')?.onDemand)} for 100,000 accounts`,
    );
  });

  it('says the law and the first limit of each resource, what is left out, and what will not do', () => {
    const large = plan(100_000);
    for (const { part, growth, firstLimit } of large.lines)
      expect([growth.length, firstLimit.length], part).not.toContain(0);
    expect(large.leftOut.length).toBeGreaterThan(3);
    expect(large.warnings.join('\n')).toMatch(/shards are too few[\s\S]*40000 write units a table/);
    expect(plan(0.1, { gateways: 1 }).warnings.filter((text) => text.includes('too few'))).toEqual([]);
  });

  it('reproduces list prices: a million writes on demand are 62.5 cents', () => {
    const made = plan(1000);
    const millions = (made.load.writeUnitsPerSecond * 2_592_000) / 1e6;
    expect(line(made, 'tables, writes')?.onDemand).toBeCloseTo(millions * 0.625, 6);
  });

  it('refuses what is not a traffic, by name and with what is allowed', () => {
    for (const rate of [0, -1, 1e12, 1e308, Number.POSITIVE_INFINITY])
      expect(() => plan(rate)).toThrow(/eventsPerSecond: .*a number from 0.001 to 1,000,000/);
    const refused = { gateways: Number.NaN, accounts: 1.5, shards: 4.5, batchSize: 0, lingerMs: 1e9 };
    for (const [name, value] of Object.entries(refused))
      expect(() => plan(1, { [name]: value })).toThrow(new RegExp(`^${name}: .*allowed is a`));
  });

  it('is bounded for every traffic that it takes', () => {
    const { eventsPerSecond, gateways, accounts, lingerMs, buckets, shards } = WORKLOAD_BOUNDS;
    const whole = ({ least, most }: Bounds) => fc.integer({ min: least, max: most });
    const any = ({ least, most }: Bounds) => fc.double({ min: least, max: most, noNaN: true });
    const workloads = fc.record({
      ...{
        gateways: whole(gateways),
        accounts: whole(accounts),
        shards: whole(shards),
        buckets: whole(buckets),
      },
      ...{ eventsPerSecond: any(eventsPerSecond), lingerMs: any(lingerMs) },
    });
    fc.assert(
      fc.property(workloads, ({ eventsPerSecond: rate, ...over }) => {
        const made = plan(rate, over);
        for (const { part, onDemand, provisioned } of made.lines)
          for (const usd of [onDemand, provisioned]) {
            expect(usd, part).toBeGreaterThanOrEqual(0);
            expect(usd, part).toBeLessThan(1e12);
          }
        for (const value of Object.values(made.load)) expect(Number.isFinite(value)).toBe(true);
        expect(made.concurrency).toBeLessThan(200_000);
      }),
      { numRuns: 50 },
    );
  });

  it('says the first limits of accounts, and what divides them', () => {
    const said = (accounts: number) => plan(1000, { accounts }).warnings.join('\n');
    expect(said(100_000)).not.toMatch(/calibrate|link/);
    expect(said(1_000_000)).toMatch(/--calibrate-shards 4/);
    expect(said(204_800)).not.toMatch(/what they ask/);
    expect(said(204_801)).toMatch(/hardly found among more than 204,800 accounts/);
    expect(said(10_000_000)).toMatch(/--calibrate-shards 40[\s\S]*--link-shards 32/);
    expect(said(20_000_000)).toMatch(/link ends at some 16,000,000 accounts/);
    expect(said(1_000_000_000)).toMatch(/calibrate ends at 1000 shards/);
    expect(plan(1_000_000).warnings.join('\n')).toMatch(/score would be behind/);
  });

  it('asks for nothing more once it is followed', () => {
    const asked = (made: Plan) =>
      Object.fromEntries(
        [...made.warnings.join('\n').matchAll(/--([a-z-]+) (\d+)/g)].map(([, name = '', value]) => [
          name,
          Number(value),
        ]),
      );
    const settings: Readonly<Record<string, string>> = {
      ...{ 'calibrate-shards': 'calibrateShards', 'link-shards': 'linkShards' },
      'batch-memory-mb': 'batchMemoryMb',
    };
    const rates = fc.double({ min: 0, max: 5.5, noNaN: true }).map((power) => 10 ** power);
    const sizes = fc.integer({ min: 1, max: 10_000_000 });
    fc.assert(
      fc.property(
        rates,
        sizes,
        fc.constantFrom(...(Object.keys(LATENCY) as Latency[])),
        (rate, accounts, latency) => {
          const said = asked(plan(rate, { accounts }, latency));
          const over = Object.fromEntries(
            Object.entries(said).filter(([name]) => settings[name] === undefined),
          );
          const given = Object.fromEntries(
            Object.entries(said).flatMap(([name, value]) =>
              settings[name] === undefined ? [] : [[`siphonwatch:${settings[name]}`, value]],
            ),
          );
          const followed = plan(rate, { accounts, ...over }, latency, given).warnings.join('\n');
          expect(followed).not.toMatch(/--[a-z-]+ \d|too few|unevenly|behind/);
        },
      ),
      { numRuns: 60 },
    );
    // 256 shards with eight lanes each are all that 8,192 buckets fill
    expect(plan(1_000_000, {}, 'minutes').warnings.join('\n')).toMatch(
      /too few .*: no 10,000 shards and 8,192 buckets do/,
    );
    // of a hundred thousand events a second it asked for 56 shards, then for 57, then for "more"
    expect(asked(plan(100_000))).toMatchObject({ shards: expect.any(Number), buckets: expect.any(Number) });
  });

  it('says the memory that a shard of link needs, and bills link and calibrate at that', () => {
    const made = (accounts: number, over: Record<string, unknown> = {}) =>
      plan(10_000, { accounts }, 'minute', over);
    const memory = (of: Plan) => /--batch-memory-mb (\d+)/.exec(of.warnings.join('\n'))?.[1];
    expect(memory(made(100_000))).toBeUndefined();
    // a tenth more than `compare` holds: some 3.5 GB of a million in 4, and 4.5 of ten million in 32
    expect(memory(made(1_000_000))).toBe('3840');
    expect(memory(made(10_000_000))).toBe('4864');
    const said = { 'siphonwatch:linkShards': 4, 'siphonwatch:batchMemoryMb': 3840 };
    expect(memory(made(1_000_000, said))).toBeUndefined();
    for (const part of ['linking, time of the function', 'calibration, once a day'])
      expect(line(made(1_000_000), part), part).toEqual(line(made(1_000_000, said), part));
    expect(memory(made(1_000_000, { 'siphonwatch:linkShards': 16 }))).toBeUndefined();
    expect(memory(made(100_000, { 'siphonwatch:batchMemoryMb': 256 }))).toBe('768');
    expect(memory(made(20_000_000))).toBeUndefined();
  });

  it('prices an alarm by the metrics that it looks at, as they are in the template', () => {
    const over = { hunts: true, triageApi: true, calibrateShards: 2, linkShards: 2, backtestShards: 2 };
    const looked = [...resourcesOf(synthesized(over), 'AWS::CloudWatch::Alarm').values()].map(
      ({ Properties: { Metrics } }) =>
        Array.isArray(Metrics)
          ? Metrics.filter((held) => JSON.stringify(held).includes('MetricStat')).length
          : 1,
    );
    const given = Object.fromEntries(
      Object.entries(over).map(([name, value]) => [`siphonwatch:${name}`, value]),
    );
    expect(alarmMetrics(readSettings(given))).toBe(looked.reduce((sum, count) => sum + count, 0));
  });
});

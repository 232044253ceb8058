import { describe, expect, it } from 'vitest';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { RebuiltTable } from '../../lib/aws/rebuilt-table.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { DAY, iso, print, START, usageEvent } from '../events.ts';
import { dividedTraffic } from './divided.ts';
import { USUAL } from './faults.ts';
import { Clients } from './functions.ts';
import { Rebuild } from './rebuilding.ts';
import { live, randomFor } from './run.ts';
import { recut, traffic } from './traffic.ts';

describe('a rebuild from the archive', () => {
  it('makes the same accounts, bit for bit, whatever went wrong when they were scored', async () => {
    for (const seed of [2, 7]) {
      const stream = traffic(randomFor(seed, 'traffic'));
      const { world } = await live(recut(stream, randomFor(seed, 'batches')), seed, USUAL);
      const rebuild = new Rebuild(world);
      world.interference = undefined;
      expect(await rebuild.in(() => rebuild.run())).toMatchObject({ unusable: 0, replayed: 0 });
      const accounts = stream.accounts.length;
      expect({ seed, ...(await rebuild.in(() => rebuild.compare())) }).toMatchObject({
        seed,
        accounts,
        same: accounts,
      });
      expect(await rebuild.in(() => rebuild.run())).toMatchObject({ records: 0, used: 0 });
    }
  });

  it('makes an account in lanes again, over splits and merges, and puts each lane in its place', async () => {
    const [stream] = [1, 2, 3, 4, 5, 6]
      .map((seed) => dividedTraffic(randomFor(seed, 'divided')))
      // with one bucketing
      .filter(({ unordered }) => unordered?.size === 1);
    if (stream === undefined) throw new Error('no traffic');
    const { world } = await live(stream, 3, undefined);
    const [large = ''] = stream.accounts;
    world.tables.damage('profiles', { account: { S: large }, item: { S: 'lane#hot#01' } }, (item) => ({
      ...item,
      slices: { B: new Uint8Array([99]) },
    }));
    const rebuild = new Rebuild(world);
    expect(await rebuild.in(() => rebuild.run())).toMatchObject({ unusable: 0, replayed: 0 });
    expect(await rebuild.in(() => rebuild.compare(true))).toMatchObject({ lost: 1, switched: 1, behind: 0 });
    expect(await rebuild.in(() => rebuild.compare())).toMatchObject({ same: stream.accounts.length });
  });

  it('takes the place of what was lost or damaged, and of nothing else', async () => {
    const stream = traffic(randomFor(3, 'traffic'));
    const { world } = await live(stream, 3, undefined);
    const [lost = '', damaged = ''] = stream.accounts;
    world.tables.expire('profiles', ({ account, item }) => account?.S === lost && item?.S === 'hot');
    world.tables.damage('profiles', { account: { S: damaged }, item: { S: 'hot' } }, (item) => ({
      ...item,
      slices: { B: new Uint8Array([99]) },
    }));
    const rebuild = new Rebuild(world);
    await rebuild.in(() => rebuild.run());
    expect(await rebuild.in(() => rebuild.compare(true))).toMatchObject({
      lost: 2,
      switched: 2,
      different: 0,
    });
    expect(await rebuild.in(() => rebuild.compare())).toMatchObject({ same: stream.accounts.length });
  });

  it('joins what an account has shown since with what was rebuilt, also where it then stays as it is', async () => {
    const stream = traffic(randomFor(3, 'traffic'));
    const { world } = await live(stream, 3, undefined);
    const rebuild = new Rebuild(world);
    await rebuild.in(() => rebuild.run());
    const [who = ''] = stream.accounts;
    const { dynamodb } = new Clients(world, { dead: false, sure: true });
    const facts = new FactItems(dynamodb, 'profiles', { retentionDays: 35 });
    const held = (await world.until(facts.load([who]))).get(who);
    const shown = collectFacts(held, [
      usageEvent({ time: iso(START + DAY), prints: [{ epoch: 'e1', prompt: print(1), payment: print(77) }] }),
    ]);
    if (shown === undefined) throw new Error('no facts');
    await world.until(facts.save(who, shown));
    const table = new RebuiltTable(dynamodb, 'profiles', 'rebuilt');
    const versions = await world.until(table.liveVersions(who));
    const others = new Map([[who, (versions.get(who) ?? 0) + 1]]);
    expect(await world.until(table.switchOver(who, others))).toBe('conflict');
    expect(await world.until(table.switchOver(who, versions))).toBe('switched');
    const after = new FactItems(dynamodb, 'profiles', { retentionDays: 35 });
    const { payment = [] } = (await world.until(after.load([who]))).get(who)?.values ?? {};
    expect(payment.map(({ value }) => value)).toContain(print(77));
  });
});

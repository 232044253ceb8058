import { describe, expect, it } from 'vitest';
import { USUAL } from './faults.ts';
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
});

import { describe, expect, it } from 'vitest';
import { linkRun } from '../../lib/campaigns/stored-run.ts';
import { HOUR, START } from '../events.ts';
import { Base, divided, historiesOf, memoryParts, rulesOf, storedAt, type World } from './divided-world.ts';

/** Random worlds: divided-run.slow.test.ts. */
const world: World = {
  sets: [6, 0],
  students: 0,
  company: 4,
  robust: true,
  past: 500,
  candidate: false,
};

describe('a run of link, divided', () => {
  it('leaves what one invocation leaves, bit for bit, also where every step is asked twice', async () => {
    const rules = rulesOf(world);
    const histories = historiesOf(world);
    const stored = await storedAt(histories, START + 60 * HOUR, rules);
    const accounts = histories.flatMap(([event]) => event?.account ?? []);
    const single = new Base();
    await single.run(stored, (ports) => linkRun(ports, rules));
    const expected = await single.outcome(accounts);
    expect(expected.reports[0]?.notices.length).toBeGreaterThan(0);
    const base = new Base();
    await base.run(stored, async (ports) => {
      const parts = memoryParts();
      const twice = await divided(ports, rules, 2, parts, 2);
      expect(parts.names()).toHaveLength(2 + 2 * 8 + 1);
      return twice;
    });
    expect(await base.outcome(accounts)).toEqual(expected);
  });

  it('does nothing before the first event, and gives its turn back', async () => {
    const rules = rulesOf(world);
    let turns = 0;
    const base = new Base();
    await base.run(await storedAt([], START, rules), (ports) =>
      divided(
        {
          ...ports,
          turn: {
            take: async () => turns++ === 0,
            end: async () => {
              turns--;
            },
          },
        },
        rules,
        2,
      ),
    );
    expect(turns).toBe(0);
    expect((await base.outcome([])).campaigns).toEqual([]);
  });

  it('refuses to go on where a shard has left nothing', async () => {
    const rules = rulesOf(world);
    const parts = memoryParts();
    const incomplete = {
      ...parts,
      keep: async <T>(name: string, value: T): Promise<T> =>
        name === 'links-1' ? value : parts.keep(name, value),
    };
    const base = new Base();
    const stored = await storedAt(historiesOf(world).slice(0, 2), START + HOUR, rules);
    await expect(base.run(stored, (ports) => divided(ports, rules, 2, incomplete))).rejects.toThrow(
      'links-1 is not there',
    );
  });
});

import { describe, expect, it } from 'vitest';
import { type AccountRows, learnModel, NO_VERDICTS } from '../../lib/scoring/learn-model.ts';
import { foldOf, type Model, readModel } from '../../lib/scoring/model.ts';
import { FACTS } from '../../lib/signals/facts/index.ts';
import { plainLibrary } from './plain-library.ts';

const { library, random } = plainLibrary(9);
const FLAT = Float64Array.from(FACTS, () => 0.8);
const RULES = { windows: [24], library, verdicts: NO_VERDICTS, sizes: { draws: 4, trees: 3, leaf: 2 } };
const past: AccountRows[] = Array.from({ length: 60 }, (_, i) => ({
  account: `account-${i}`,
  rows: [random(0, 0.5)],
  events: [100],
}));

describe('learning a model', () => {
  it('an account of the past is judged by forests that have not seen it', () => {
    const [first, ...others] = past as [AccountRows, ...AccountRows[]];
    const probe = random(0.4, 0.9);
    const some = (low: number, high: number) => Array.from({ length: 8 }, () => random(low, high));
    const [one, other] = [some(0.1, 0.3), some(0.2, 0.45)].map((rows) =>
      learnModel([{ ...first, rows }, ...others], RULES),
    ) as [Model, Model];
    const share = (held: Model): number => readModel(held).share(first.account, readModel(held).row(probe));
    expect(share(one)).toBe(share(other));
    expect(one.draws).not.toEqual(other.draws);
  });

  it('tells the library from the past, the same in every run', () => {
    const held = learnModel(past, RULES);
    expect(learnModel(past, RULES)).toEqual(held);
    const read = readModel(held);
    expect(read.share('account-3', read.row(random(0.7, 0.9)))).toBeGreaterThan(0.8);
    expect(read.share('account-3', read.row(random(0.1, 0.3)))).toBeLessThan(0.2);
  });

  it('accounts that hang together teach less than as many strangers, in whatever order they were linked', () => {
    const unnoticed: AccountRows[] = Array.from({ length: 60 }, (_, i) => ({
      account: `unnoticed-${i}`,
      rows: [random(0.6, 1)],
      events: [100],
    }));
    const names = unnoticed.map(({ account }) => account);
    const linked = [names, names.slice(3), ['account-1', 'account-2'], ['nobody', 'account-3']];
    const rules = { ...RULES, sizes: { ...RULES.sizes, leaf: 20 } };
    const learn = (groups: readonly (readonly string[])[]): Model =>
      learnModel([...past, ...unnoticed], { ...rules, linked: groups });
    const held = learn(linked);
    expect(learn([...linked].reverse())).toEqual(held);
    const share = (model: Model): number => {
      const read = readModel(model);
      return read.share('stranger', read.row(random(0.7, 0.9)));
    };
    expect(share(held)).toBeGreaterThan(share(learn([])) + 0.1);
  });

  it('two accounts are enough, wherever their folds fall', () => {
    const read = readModel(learnModel(past.slice(0, 2), RULES));
    expect(read.share('account-0', read.row(random(0.1, 0.3)))).toBeLessThan(0.5);
  });

  it('who shares a fold in one draw is chance in the next', () => {
    const names = Array.from({ length: 4000 }, (_, i) => `a_${i}`);
    const together = names.filter((name, i) => foldOf(name, 5) === foldOf(names[i - 1] ?? '', 5));
    const again = together.filter((name) => {
      const before = names[names.indexOf(name) - 1] ?? '';
      return foldOf(name, 5, 1) === foldOf(before, 5, 1);
    });
    expect(again.length / together.length).toBeGreaterThan(0.1);
    expect(again.length / together.length).toBeLessThan(0.3);
  });

  it('robust forests do not learn from a campaign in the past, however many accounts it has, that it is ordinary', () => {
    const campaign = Array.from({ length: 60 }, (_, i) => ({
      account: `c-${i}`,
      rows: [random(0.6, 1)],
      events: [100],
    }));
    const linked = [campaign.map(({ account }) => account)];
    const share = (held: readonly AccountRows[], robust: boolean): number => {
      const read = readModel(learnModel(held, { ...RULES, linked, robust }));
      return read.share('new', read.row(FLAT));
    };
    const poisoned = [...past, ...campaign];
    expect(share(past, false) - share(poisoned, false)).toBeGreaterThan(0.1);
    expect(share(past, true) - share(poisoned, true)).toBeLessThan(0.05);
  });
});

import { pooledMmd, prada, rules as ruleScore, volume } from '../peers.ts';
import { random } from '../random.ts';
import type { Account } from './accounts.ts';

export interface PeerResult {
  readonly name: string;
  readonly statistic: (number | undefined)[];
  /** flagged at the threshold that the detector sets itself; undefined where it sets none */
  readonly own: boolean[] | undefined;
}

export function peersOf(accounts: readonly Account[]): PeerResult[] {
  const draw = random(5);
  const pool = accounts.filter((held) => held.label === 'benign').flatMap((held) => held.view.queries);
  const mmd = pooledMmd(pool, draw);
  const mmdValues = accounts.map((held) => mmd.statistic(held.view));
  const pradaValues = accounts.map((held) => prada(held.view));
  const ruleValues = accounts.map((held) => ruleScore(held.view));
  return [
    { name: 'volume limit', statistic: accounts.map((held) => volume(held.view)), own: undefined },
    {
      name: 'PRADA (W < 0.95)',
      statistic: pradaValues,
      own: pradaValues.map((value) => value !== undefined && value > 0.05),
    },
    {
      name: 'MMD, pooled null 99.5 %',
      statistic: mmdValues,
      own: mmdValues.map((value) => value !== undefined && value > mmd.threshold(0.995)),
    },
    { name: 'published rules', statistic: ruleValues, own: ruleValues.map((value) => value >= 1) },
  ];
}

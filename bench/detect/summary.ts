import { levelRules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { binomialInterval } from '../../lib/statistics/binomial-interval.ts';
import type { Ablation } from './ablation.ts';
import { type Account, CONTAMINATIONS } from './accounts.ts';
import type { NullCheck } from './null-accounts.ts';
import type { PeerResult } from './other-detectors.ts';
import type { Outcome } from './outcomes.ts';

export interface Result {
  byContamination: {
    contamination: number;
    byKind: Record<
      string,
      {
        label: string;
        accounts: number;
        flagged: number;
        interval: [number, number];
        medianEvents: number | null;
        medianHours: number | null;
      }
    >;
    benign: { accounts: number; flagged: number; interval: [number, number] };
  }[];
  within500: Record<string, number>;
  detectors: {
    name: string;
    own: { caught: number; wronged: number } | null;
    /** thresholds that wrong such a share of the benign accounts; accounts over them by kind, benign ones too */
    at: { rate: number; caught: number; byKind: Record<string, number> }[];
  }[];
  nulls: NullCheck[];
  ablation: readonly Ablation[];
  totals: { benign: number; extraction: number };
  policy: { id: string; suspect: number };
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? null;
}

export function summarise(
  accounts: readonly Account[],
  outcomes: readonly Outcome[][],
  peers: readonly PeerResult[],
  nulls: NullCheck[],
  ablation: readonly Ablation[],
): Result {
  const kinds = [...new Set(accounts.map((held) => held.kind))].sort();
  const benign = accounts.filter((held) => held.label === 'benign');
  const byContamination = CONTAMINATIONS.map((contamination, c) => {
    const list = outcomes[c] ?? [];
    const byKind: Result['byContamination'][number]['byKind'] = {};
    for (const kind of kinds) {
      const of = list.filter(({ account }) => account.kind === kind);
      const hits = of.filter(({ events }) => events !== undefined);
      byKind[kind] = {
        label: of[0]?.account.label ?? '',
        accounts: of.length,
        flagged: hits.length,
        interval: binomialInterval(hits.length, of.length),
        medianEvents: median(hits.flatMap(({ events }) => events ?? [])),
        medianHours: median(hits.flatMap(({ hours }) => hours ?? [])),
      };
    }
    const wronged = list.filter(
      ({ account, events }) => account.label === 'benign' && events !== undefined,
    ).length;
    return {
      contamination,
      byKind,
      benign: {
        accounts: benign.length,
        flagged: wronged,
        interval: binomialInterval(wronged, benign.length),
      },
    };
  });
  const clean = outcomes[0] ?? [];
  const within500: Record<string, number> = {};
  for (const kind of kinds)
    within500[kind] = clean.filter(
      ({ account, events }) => account.kind === kind && events !== undefined && events <= 500,
    ).length;
  // by rarity, the same order that the policy thresholds
  const ours: PeerResult = {
    name: 'Siphonwatch',
    statistic: clean.map(({ p, score }) => -Math.log10(p) + score * 1e-6),
    own: clean.map(({ events }) => events !== undefined),
  };
  const detectors = [ours, ...peers].map((detector) => {
    const value = (i: number): number => detector.statistic[i] ?? Number.NEGATIVE_INFINITY;
    const sorted = accounts
      .map((_, i) => i)
      .filter((i) => accounts[i]?.label === 'benign')
      .map(value)
      .sort((a, b) => b - a);
    return {
      name: detector.name,
      own:
        detector.own === undefined
          ? null
          : {
              caught: accounts.filter((held, i) => held.label === 'extraction' && detector.own?.[i]).length,
              wronged: accounts.filter((held, i) => held.label === 'benign' && detector.own?.[i]).length,
            },
      at: [0.001, 0.01].map((rate) => {
        const threshold = sorted[Math.floor(rate * sorted.length)] ?? Number.POSITIVE_INFINITY;
        const over = accounts.filter((_, i) => value(i) > threshold);
        const byKind: Record<string, number> = {};
        for (const { kind } of over) byKind[kind] = (byKind[kind] ?? 0) + 1;
        return { rate, caught: over.filter(({ label }) => label === 'extraction').length, byKind };
      }),
    };
  });
  return {
    byContamination,
    within500,
    detectors,
    nulls,
    ablation,
    totals: {
      benign: benign.length,
      extraction: accounts.filter((held) => held.label === 'extraction').length,
    },
    policy: { id: defaultPolicy.id, suspect: levelRules(defaultPolicy).suspect },
  };
}

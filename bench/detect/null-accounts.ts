import { scoreRules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { addEvent, copySlice, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { type CalibrationAccount, learnCalibration, peakScore } from '../../lib/scoring/calibrate.ts';
import { type Calibration, tailAmong } from '../../lib/scoring/calibration.ts';
import { peerGroups } from '../../lib/scoring/peer-group.ts';
import { binomialInterval } from '../../lib/statistics/binomial-interval.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { beta, normal, random, shuffled } from '../random.ts';
import { type Account, ALLOWED, FOLDS } from './accounts.ts';

export const SIMULATED = 10_000;

export interface NullCheck {
  readonly name: string;
  readonly accounts: number;
  /** promised rate (over the calibration's period) to measured count */
  readonly rates: { promised: number; measured: number; interval: [number, number] }[];
  readonly uniform: UniformCheck;
}

/** Chances of benign accounts against the uniform distribution, on the side that wrongs customers. */
export interface UniformCheck {
  /** largest excess of the share of chances at or below a value over that value, and where */
  readonly excess: number;
  readonly at: number;
  /**
   * excess that 95 % of samples of this size stay below, judged with a calibration of its size (Dvoretzky, Kiefer, Wolfowitz;
   * Massart 1990; one-sided, two samples)
   */
  readonly band: number;
}

function againstUniform(ps: readonly number[], learntFrom: number): UniformCheck {
  const sorted = [...ps].sort((a, b) => a - b);
  let excess = 0;
  let at = 0;
  sorted.forEach((p, i) => {
    const over = (i + 1) / sorted.length - p;
    if (over > excess) {
      excess = over;
      at = p;
    }
  });
  return { excess, at, band: Math.sqrt((Math.log(1 / 0.05) / 2) * (1 / sorted.length + 1 / learntFrom)) };
}

const PROMISED = [0.1, 0.05, 0.01, 0.005, 0.001];

/** @param learntFrom accounts of the calibration that gave the chances */
function rateTable(name: string, ps: readonly number[], learntFrom: number): NullCheck {
  return {
    name,
    accounts: ps.length,
    uniform: againstUniform(ps, learntFrom),
    rates: PROMISED.map((promised) => {
      const hits = ps.filter((p) => p <= promised).length;
      return { promised, measured: hits / ps.length, interval: binomialInterval(hits, ps.length) };
    }),
  };
}

/** p of an account's peak score over the calibration's own period, so that promise and measurement cover the same time. */
function periodP(held: CalibrationAccount, calibration: Calibration): number {
  const score = peakScore(held, calibration, scoreRules(defaultPolicy));
  const last = held.slices[held.slices.length - 1]?.start ?? 0;
  return tailAmong(calibration.score, peerGroups(held.customer, last), score)?.p ?? 1;
}

export function nullChecks(accounts: readonly Account[]): NullCheck[] {
  const draw = random(17);
  const learn = (list: readonly CalibrationAccount[], contamination = 0) =>
    learnCalibration('null', list, { ...scoreRules(defaultPolicy), contamination });
  const simulated = Array.from({ length: SIMULATED + 1000 }, (_, i) => simulate(i, draw));
  const made = learn(simulated.slice(0, 1000));
  const benign = accounts.filter((held) => held.label === 'benign');
  const clean: number[] = [];
  const wary: number[] = [];
  for (let round = 0; round < 2; round++) {
    const folds = shuffled(benign, draw);
    for (let fold = 0; fold < FOLDS; fold++) {
      const others = folds.filter((_, i) => i % FOLDS !== fold);
      const calibrations = [learn(others), learn(others, ALLOWED)] as const;
      for (const held of folds.filter((_, i) => i % FOLDS === fold)) {
        clean.push(periodP(held, calibrations[0]));
        wary.push(periodP(held, calibrations[1]));
      }
    }
  }
  const learntFrom = (benign.length * (FOLDS - 1)) / FOLDS;
  return [
    rateTable(
      'simulated null accounts',
      simulated.slice(1000).map((held) => periodP(held, made)),
      1000,
    ),
    rateTable('benign accounts, folds shuffled twice', clean, learntFrom),
    rateTable(
      `the same, where up to ${ALLOWED * 100} % may be set aside and nobody attacks`,
      wary,
      learntFrom,
    ),
  ];
}

/** A null account: its own rates of tasks, reasoning and grading, its own template habits, pace and burstiness. */
function simulate(n: number, draw: () => number): CalibrationAccount {
  const task = beta(draw, 0.6, 5);
  const reasoning = beta(draw, 0.15, 6);
  const grading = beta(draw, 0.1, 6);
  const templates = Math.ceil(Math.exp(1.5 * Math.abs(normal(draw)) * 2));
  const events = Math.ceil(Math.exp(3 + 1.2 * normal(draw)));
  const spread = 0.3 + 2 * draw();
  const slices = new Map<number, Slice>();
  const from = Date.parse('2026-03-02T00:00:00Z');
  let time = from + draw() * 5 * 86_400_000;
  for (let i = 0; i < Math.min(events, 400); i++) {
    time += Math.exp(Math.log(1_800_000) + 2.5 * normal(draw));
    if (time > from + 14 * 86_400_000) break;
    const start = sliceStart(time);
    let slice = slices.get(start);
    if (slice === undefined) {
      slice = emptySlice(start);
      slices.set(start, slice);
    }
    addEvent(slice, simulatedEvent(n, i, draw, { task, reasoning, grading, templates, spread }), time);
  }
  if (slices.size === 0) slices.set(from, emptySlice(from));
  return {
    account: `null-${n}`,
    customer: {
      plan: draw() < 0.7 ? 'payg' : 'team',
      product: 'api',
      createdAt: from - draw() * 300 * 86_400_000,
    },
    slices: [...slices.values()].map(copySlice).sort((a, b) => a.start - b.start),
  };
}

function simulatedEvent(
  n: number,
  i: number,
  draw: () => number,
  habit: { task: number; reasoning: number; grading: number; templates: number; spread: number },
): UsageEvent {
  const print = () => Array.from({ length: 11 }, () => ALPHABET[Math.floor(draw() * 64)]).join('');
  const own = (k: number) => {
    const seeded = random(n * 1000 + k);
    return Array.from({ length: 11 }, () => ALPHABET[Math.floor(seeded() * 64)]).join('');
  };
  const head = Math.max(0, Math.round(7 + habit.spread * normal(draw)));
  return {
    v: 1,
    id: `${n}-${i}`,
    time: '2026-03-02T00:00:00.000Z',
    account: 'a_aaaaaaaaaaaaaaaaaaaaaaaaaa',
    model: 'm',
    outcome: 'ok',
    usage: { inputTokens: 10, outputTokens: 10 },
    params: {},
    customer: { plan: 'payg', product: 'api', createdAt: '2026-01-01T00:00:00.000Z' },
    shape: {
      turns: 1,
      system: false,
      words: head + 2,
      head,
      instruction: draw() < habit.task,
      lines: 1,
      script: 'latin',
      question: false,
      code: false,
      input: false,
    },
    behaviours: [
      ...(draw() < habit.reasoning ? (['reasoning'] as const) : []),
      ...(draw() < habit.grading ? (['grading'] as const) : []),
    ],
    prints: [
      {
        epoch: 'e',
        prompt: print(),
        opening: draw() < 0.5 ? own(Math.floor(draw() * habit.templates)) : print(),
        closing: print(),
      },
    ],
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

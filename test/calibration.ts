import { GROUP_SIGNALS, signalNull, surpriseNulls } from '../lib/campaigns/judging/group-score.ts';
import { type Calibration, SPREAD_AT } from '../lib/scoring/calibration.ts';
import type { Forest } from '../lib/scoring/forest.ts';

/**
 * A calibration whose verdict can be foretold: one tree with one question, whether more than half of the requests are
 * self-contained tasks begun in a new way, learnt as it were from ten thousand accounts of which none does that.
 */
const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString('base64');

const oneQuestion: Forest = {
  nodes: [3],
  column: base64(0, 255, 255),
  cut: base64(127, 0, 0),
  right: base64(2, 0, 0, 0, 0, 0),
  share: base64(2, 0, 255),
};

const ACCOUNTS = 10_000;
const groups = ['api/payg/new', 'api/payg', 'api', 'chat', 'everyone'];
const spread = Object.fromEntries(
  ['api', 'everyone'].map((group) => [group, SPREAD_AT.map((share) => share / 4)]),
);

/** Benign groups that show next to nothing of any signal. */
function groupNulls(): NonNullable<Calibration['groupScore']> {
  const small = {
    accounts: 500,
    quantiles: Array.from({ length: 39 }, () => 0),
    tail: { from: 0, scale: 0.01 },
  };
  const ordinary = {
    accounts: 500,
    quantiles: Array.from({ length: 39 }, (_, i) => i / 20),
    tail: { from: 1.9, scale: 0.4 },
  };
  const nulls: NonNullable<Calibration['groupScore']> = {};
  for (const { id } of GROUP_SIGNALS)
    for (const product of ['api', 'chat']) {
      for (const hours of [24, 168])
        for (let members = 2; members <= 64; members++)
          nulls[signalNull(id, hours, { product, members })] = small;
      for (const name of surpriseNulls(id, { product, members: 3 })) nulls[name] = ordinary;
    }
  return nulls;
}

export const testCalibration: Calibration = {
  v: 3,
  id: 'test-1',
  madeAt: '2026-02-28T00:00:00.000Z',
  days: 30,
  accounts: ACCOUNTS,
  events: 1_000_000,
  foreign: false,
  library: 'test',
  verdicts: { extraction: 0, benign: 0, grey: 0 },
  windows: [24, 168],
  model: { facts: [{ id: 'new-tasks', low: 0, high: 1 }], draws: [[oneQuestion, oneQuestion]] },
  score: Object.fromEntries(
    groups.map((group) => [group, { accounts: ACCOUNTS, ranks: [1, ACCOUNTS], values: [0.5, 0] }]),
  ),
  groupScore: groupNulls(),
  spread: { '24': { 'new-tasks': spread }, '168': { 'new-tasks': spread } },
};

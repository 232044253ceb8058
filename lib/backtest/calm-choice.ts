import { newJudgement } from '../detection/account-state.ts';
import { judgeAccount, judgeIdle, type Rules, type Subject } from '../detection/judge.ts';
import { IDLE_MS } from '../detection/reevaluate-idle.ts';
import type { Policy } from '../policy/policy.ts';
import { SLICE_MS } from '../profile/slice.ts';
import { WindowMemo } from '../profile/window-memo.ts';
import type { Calibration } from '../scoring/calibration.ts';
import type { PastAccount } from '../scoring/looks.ts';
import { CODE_VERSION } from '../version.ts';

/** Hours of calm that `tune` tries beside those of the policy. */
const CALM_HOURS: readonly number[] = [24, 48, 72, 168];

/** What a hysteresis would have told people; `--json` prints it. */
export interface CalmTrial {
  /** a level is left after so long without support */
  readonly calmHours: number;
  /** findings that opened */
  readonly opened: number;
  /** times that a finding calmed, and the same account came back: two messages that a longer calm saves */
  readonly returned: number;
  /** notices of all kinds */
  readonly notices: number;
  readonly chosen: boolean;
}

/** The traffic's. */
export interface Period {
  readonly days: number;
  /** its end, ms: who fell silent before has calmed by then */
  readonly until: number;
}

/** Lengths that the traffic can show anything of, the policy's own first: a calm and a return must both fit. @param days of traffic */
export function calmToTry(own: number, days: number): readonly number[] {
  return [own, ...CALM_HOURS.filter((hours) => hours !== own && hours <= (24 * days) / 2)];
}

/**
 * The lives of findings under several lengths of calm: accounts are judged by the functions that judge them in production, at the end of
 * each slice with events, and once a day while they are silent. Whoever reaches a level reaches it under all of them at the same moment.
 * @param accounts those that reach suspect; others have no finding
 */
export function tryCalm(
  accounts: readonly PastAccount[],
  policy: Policy,
  calibration: Calibration,
  { days, until }: Period,
): readonly CalmTrial[] {
  const trials = calmToTry(policy.calmHours, days).map((calmHours): CalmTrial => {
    const rules: Rules = { policy: { ...policy, calmHours }, calibration, code: CODE_VERSION, shadow: false };
    const told = accounts.flatMap((held) => transitionsOf(held, rules, until));
    return {
      calmHours,
      opened: told.filter((transition) => transition === 'opened').length,
      returned: told.filter((transition) => transition === 'reopened').length,
      notices: told.length,
      chosen: false,
    };
  });
  const chosen = chooseCalm(trials);
  return trials.map((trial, i) => ({ ...trial, chosen: i === chosen }));
}

/** Place of the trial with the fewest returns; of several the first, which is the policy's own, then the shortest. */
export function chooseCalm(trials: readonly Pick<CalmTrial, 'calmHours' | 'returned'>[]): number {
  const fewest = Math.min(...trials.map(({ returned }) => returned));
  return trials.findIndex(({ returned }) => returned === fewest);
}

/** What was told of an account, in its order. @param until end of the traffic, ms */
function transitionsOf(held: PastAccount, rules: Rules, until: number): readonly string[] {
  let judgement = newJudgement();
  const memo = new WindowMemo();
  for (const [i, { start }] of held.slices.entries()) {
    const subject: Subject = {
      account: held.account,
      customer: held.customer,
      firstSeen: held.slices[0]?.start ?? start,
      sampleEvents: [],
      slices: held.slices.slice(0, i + 1),
      memo,
    };
    const over = start + SLICE_MS;
    ({ judgement } = judgeAccount(subject, judgement, over, rules));
    const next = held.slices[i + 1]?.start ?? until;
    for (let at = over + IDLE_MS; at <= next && judgement.finding !== undefined; at += IDLE_MS)
      ({ judgement } = judgeIdle(subject, judgement, at, rules));
  }
  return judgement.notices.map(({ transition }) => transition);
}

import type { Notice } from '../findings/finding.ts';
import { CLEAR } from '../scoring/level.ts';
import { emptyRunningMax } from '../scoring/significance.ts';
import type { Judgement, ShadowJudgement } from './account-state.ts';
import { judgeAccount, type Rules, type Subject } from './judge.ts';

/** A look of the active policy. */
interface ActiveLook {
  /** before it: a candidate that is new to the account begins with the same slices, as older ones are at hand in some functions and in others not */
  readonly before: Pick<Judgement, 'looked'>;
  /** after it, shadow of the stored state still in it */
  readonly judged: Judgement;
}

/**
 * Judges the same account on the same windows under the candidate policy, beside what the active one has just made of
 * it. Without a candidate, what an earlier one left is dropped.
 * @param active what the active policy's look began and ended with
 * @param at event time, ms
 * @param judge how: as an event would, or as in silence
 */
export function judgeInShadow(
  subject: Subject,
  { before, judged }: ActiveLook,
  at: number,
  rules: Rules,
  judge: typeof judgeAccount = judgeAccount,
): { readonly judgement: Judgement; readonly notice: Notice | undefined } {
  const { candidate } = rules;
  if (candidate === undefined && judged.shadow === undefined) return { judgement: judged, notice: undefined };
  const { shadow, ...own } = judged;
  if (candidate === undefined) return { judgement: own, notice: undefined };
  const held =
    shadow?.policy === candidate.policy.id
      ? shadow
      : { ...freshShadow(candidate.policy.id, shadow, at), looked: before.looked };
  const { evidence, looked = 0, level, episode, finding } = held;
  const verdict = judge(subject, { ...own, evidence, looked, level, episode, finding }, at, {
    ...candidate,
    code: rules.code,
    shadow: true,
  });
  const { judgement } = verdict;
  return {
    judgement: {
      ...own,
      numbered: judgement.numbered,
      notices: judgement.notices,
      shadow: asShadow(candidate.policy.id, judgement),
    },
    notice: verdict.notice,
  };
}

/** What a candidate policy's judging came to, as it is kept beside the active judgement. */
export function asShadow(policy: string, judgement: Judgement): ShadowJudgement {
  const { evidence, looked, level, episode, finding } = judgement;
  return { policy, evidence, ...(looked === 0 ? {} : { looked }), level, episode, finding };
}

/** Episodes go on counting over candidates, so that two candidates' findings never share an id. */
export function freshShadow(
  policy: string,
  before: ShadowJudgement | undefined,
  at: number,
): ShadowJudgement {
  return {
    policy,
    evidence: emptyRunningMax(at),
    level: { ...CLEAR },
    episode: before?.episode ?? 0,
    finding: undefined,
  };
}

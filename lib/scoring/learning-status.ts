import type { Calibration } from './calibration.ts';
import { type SupportedBudget, supportedBudget, unsupported } from './supported-budget.ts';

/** How far a deployment's learning is, and whether anybody is accused yet. */
export interface LearningStatus {
  /**
   * learning: nobody is accused, what would be is recorded in the shadow; live: accounts are judged; held back: they were, until
   * today's accounts no longer scored like those of the past
   */
  readonly state: 'learning' | 'live' | 'held back';
  /** the calibration that the policy in force names */
  readonly inForce: string;
  /** the newest that was learnt here; undefined where none was */
  readonly newest: Learnt | undefined;
  /** what is missing, in sentences with numbers */
  readonly missing: readonly string[];
  /** whether the newest could accuse: the policy may name it */
  readonly ready: boolean;
}

type Learnt = Pick<Calibration, 'id' | 'madeAt' | 'accounts' | 'days' | 'verdicts'> & {
  readonly levels: SupportedBudget;
};

export interface LearningFacts {
  readonly inForce: Pick<Calibration, 'id' | 'foreign'>;
  readonly newest: Calibration | undefined;
  readonly budget: Parameters<typeof supportedBudget>[1];
  /** where the score has moved since the calibration in force was learnt; see stores/calibration-store.ts */
  readonly moved: readonly string[];
  /** whether this deployment lets a calibration accuse that was learnt elsewhere */
  readonly foreignAccuses?: boolean;
}

export function learningStatus(facts: LearningFacts): LearningStatus {
  const { inForce, newest, budget, moved, foreignAccuses = false } = facts;
  const levels = newest === undefined ? undefined : supportedBudget(newest, budget);
  return {
    state: inForce.foreign && !foreignAccuses ? 'learning' : moved.length > 0 ? 'held back' : 'live',
    inForce: inForce.id,
    newest:
      newest === undefined || levels === undefined
        ? undefined
        : {
            id: newest.id,
            madeAt: newest.madeAt,
            accounts: newest.accounts,
            days: newest.days,
            verdicts: newest.verdicts,
            levels,
          },
    missing: [
      ...(inForce.foreign && foreignAccuses
        ? [
            'a calibration of your own: the one in force was learnt elsewhere, and this deployment lets it accuse (foreignCalibration: accuse)',
          ]
        : []),
      ...(newest === undefined
        ? ['nothing was learnt here yet: it takes a day, and two accounts with twenty requests']
        : unsupported(newest, budget)),
      ...moved,
    ],
    ready: levels?.suspect !== undefined,
  };
}

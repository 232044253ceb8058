/** How suspicious a profile is, with hysteresis: rising is immediate, falling needs a calm stretch. */
export const LEVELS = ['clear', 'watch', 'suspect', 'critical'] as const;
export type Level = (typeof LEVELS)[number];

export function levelRank(level: Level): number {
  return LEVELS.indexOf(level);
}

/** The part of a policy that levels need. Probabilities are per account and month. */
export interface LevelRules {
  /** error budget: the chance that a benign account reaches the level within a month */
  readonly watch: number;
  readonly suspect: number;
  readonly critical: number;
  /** a level is left when no score has come near it for so long, ms of event time */
  readonly calm: number;
}

/** No account is a suspect at a chance that one in a hundred honest accounts reaches. */
export const MOST_SUSPECT = 0.01;

export interface LevelState {
  level: Level;
  /** event time at which it was entered, ms */
  since: number;
  /** event time at which evidence last supported it, ms */
  supported: number;
}

export const CLEAR: LevelState = { level: 'clear', since: 0, supported: 0 };

/** The highest level that exists, where it is not critical: of a level that the calibration does not support the chance is 0. */
export function cappedLevel({
  watch,
  suspect,
  critical,
}: LevelRules): Exclude<Level, 'critical'> | undefined {
  if (critical > 0) return undefined;
  if (suspect > 0) return 'suspect';
  return watch > 0 ? 'watch' : 'clear';
}

/** The level that a chance of p supports by itself. A level whose chance is 0 does not exist: not even a chance of 0 reaches it. */
export function levelFor(p: number, rules: LevelRules): Level {
  const reaches = (most: number): boolean => most > 0 && p <= most;
  if (reaches(rules.critical)) return 'critical';
  if (reaches(rules.suspect)) return 'suspect';
  if (reaches(rules.watch)) return 'watch';
  return 'clear';
}

/**
 * The next level, from the chance (per account and month) that a benign peer shows what the account shows now.
 */
export function nextLevel(state: LevelState, p: number, at: number, rules: LevelRules): LevelState {
  const now = levelFor(p, rules);
  if (levelRank(now) > levelRank(state.level)) return { level: now, since: at, supported: at };
  if (state.level === 'clear') return state;
  // a third of what raised the level is enough to keep it
  if (levelRank(levelFor(p / 3, rules)) >= levelRank(state.level))
    return { ...state, supported: Math.max(state.supported, at) };
  if (at - state.supported < rules.calm) return state;
  return { level: now, since: at, supported: at };
}

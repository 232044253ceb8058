import { startReplay } from '../../lib/backtest/replay.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import type { Calibration } from '../../lib/scoring/calibration.ts';
import { levelRank } from '../../lib/scoring/level.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import type { Traffic } from '../traffic.ts';
import type { Account } from './accounts.ts';

export interface Outcome {
  readonly account: Account;
  readonly score: number;
  /** chance among benign peers within a month */
  readonly p: number;
  /** events and hours to the flag at the shipped policy; undefined: not flagged */
  readonly events: number | undefined;
  readonly hours: number | undefined;
}

/** Every account judged event by event under the calibration of the other folds, once for each list of calibrations. */
export async function replayAll(
  traffic: Traffic,
  accounts: readonly Account[],
  calibrations: readonly (readonly Calibration[])[],
): Promise<Outcome[][]> {
  const byId = new Map(accounts.map((held) => [held.account, held]));
  const suspect = levelRank('suspect');
  const runs = calibrations.map((folds) => {
    const peaks = new Map<string, { score: number; p: number }>();
    const flags = new Map<string, { events: number; hours: number }>();
    const replays = folds.map((calibration) =>
      startReplay(
        new MemoryProfileStore({ retentionDays: 8 }),
        { policy: defaultPolicy, calibration, code: CODE_VERSION, shadow: false },
        {
          onStep(account, step) {
            const score = step.state.judgement.evidence.peak;
            peaks.set(account, { score, p: step.certainty?.p ?? peaks.get(account)?.p ?? 1 });
            if (levelRank(step.state.judgement.level.level) >= suspect && !flags.has(account)) {
              const { profile } = step.state;
              flags.set(account, {
                events: profile.totals.events,
                hours: (profile.lastSeen - profile.firstSeen) / 3_600_000,
              });
            }
          },
        },
      ),
    );
    return { peaks, flags, replays };
  });
  for await (const { event } of traffic.events()) {
    const fold = byId.get(event.account)?.fold;
    if (fold !== undefined) for (const { replays } of runs) replays[fold]?.push(event);
  }
  return runs.map(({ peaks, flags, replays }) => {
    for (const replay of replays) replay.finish();
    return accounts.map((account) => {
      const peak = peaks.get(account.account);
      const flag = flags.get(account.account);
      return { account, score: peak?.score ?? 0, p: peak?.p ?? 1, events: flag?.events, hours: flag?.hours };
    });
  });
}

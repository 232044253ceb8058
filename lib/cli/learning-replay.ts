import { startReplay } from '../backtest/replay.ts';
import type { AccountState } from '../detection/account-state.ts';
import type { Policy } from '../policy/policy.ts';
import type { Calibration } from '../scoring/calibration.ts';
import { MemoryProfileStore } from '../stores/profile-memory.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { CODE_VERSION } from '../version.ts';
import { type Traffic, tellRejected } from './traffic.ts';

/** Slices are kept for so long while something is learnt from them, whatever the policy forgets in production. */
const KEEP_DAYS = 120;

export interface LearningReplay {
  readonly label: string;
  readonly policy: Policy;
  readonly calibration: Calibration;
  /** whose events are replayed */
  readonly accept: (event: UsageEvent) => boolean;
  /** sees what is replayed, in order of arrival; `arrived` in ms */
  readonly onArrival?: (event: UsageEvent, arrived: number) => void;
}

/** Replays traffic for what it leaves in the profiles: what calibrate and tune learn from. */
export async function profilesOf(traffic: Traffic, replay: LearningReplay): Promise<Generator<AccountState>> {
  const { policy, calibration, label, accept, onArrival } = replay;
  const store = new MemoryProfileStore({ retentionDays: KEEP_DAYS });
  const running = startReplay(
    store,
    { policy: { ...policy, retentionDays: KEEP_DAYS }, calibration, code: CODE_VERSION, shadow: false },
    onArrival === undefined ? {} : { onArrival: (event, _, arrived) => onArrival(event, arrived) },
  );
  const rejected = await traffic.feed({
    label,
    counted: () => `${running.counts.read} events`,
    onEvent: (event) => {
      if (accept(event)) running.push(event);
    },
  });
  running.finish();
  tellRejected(rejected);
  return store.states();
}

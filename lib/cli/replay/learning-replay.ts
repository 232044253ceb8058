import { startReplay } from '../../backtest/replay.ts';
import { memberOf } from '../../campaigns/run-member.ts';
import type { CampaignTracker } from '../../campaigns/tracker.ts';
import type { AccountState } from '../../detection/account-state.ts';
import type { Rules } from '../../detection/judge.ts';
import { type Traffic, tellLate, tellRejected } from '../../input/traffic.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { UNLEARNT } from '../../scoring/unlearnt.ts';
import { MemoryProfileStore } from '../../stores/profile-memory.ts';
import type { UsageEvent } from '../../telemetry/usage-event.ts';
import { CODE_VERSION } from '../../version.ts';

/** Slices are kept for so long while something is learnt from them, whatever the policy forgets in production. */
const KEEP_DAYS = 120;

export interface LearningReplay {
  readonly label: string;
  readonly policy: Policy;
  /** accounts are judged with it meanwhile; default: nobody is judged */
  readonly calibration?: Calibration;
  /** whose events are replayed */
  readonly accept: (event: UsageEvent) => boolean;
  /** links all accounts of the traffic, an hour of arrival time at a time; it judges nobody */
  readonly linking?: CampaignTracker;
  /** is told every event that counts */
  readonly observe?: (event: UsageEvent, arrived: number) => void;
}

const LINK_EVERY_MS = 3_600_000;

/**
 * Replays traffic for what it leaves in the profiles: what calibrate and tune learn from. Returns a way through all of
 * them, as often as it is asked for.
 */
export async function profilesOf(
  traffic: Traffic,
  replay: LearningReplay,
): Promise<() => Generator<AccountState>> {
  const { policy, calibration = UNLEARNT, label, accept, linking, observe } = replay;
  const store = new MemoryProfileStore({ retentionDays: KEEP_DAYS });
  const rules: Rules = {
    policy: { ...policy, retentionDays: KEEP_DAYS },
    calibration,
    code: CODE_VERSION,
    shadow: false,
  };
  // without nulls of groups none is judged: what is wanted of the runs is who was linked, and since when
  const { groupScore: _, ...bare } = calibration;
  const link = (at: number): void => {
    linking?.run(
      at,
      { memberOf: (account) => memberOf(store.one(account)), watched: () => [...watched].sort() },
      { ...rules, calibration: bare },
    );
  };
  const watched = new Set<string>();
  let linkAt: number | undefined;
  const running = startReplay(store, rules, {
    onArrival(event, _, arrived) {
      linking?.observe(event.account, event, arrived);
      observe?.(event, arrived);
    },
    onStep(account, { state }) {
      if (state.judgement.level.level === 'clear') watched.delete(account);
      else watched.add(account);
    },
    onFlush(at) {
      linkAt ??= at + LINK_EVERY_MS;
      if (at < linkAt) return;
      linkAt = at + LINK_EVERY_MS;
      link(at);
    },
  });
  const rejected = await traffic.feed({
    label,
    counted: () => `${running.counts.read} events`,
    onEvent: (event) => {
      if (accept(event)) running.push(event);
    },
  });
  running.finish();
  link(running.now());
  tellRejected(rejected);
  tellLate(running.counts);
  return () => store.states();
}

import { newAccount } from '../../lib/detection/account-state.ts';
import { advance } from '../../lib/detection/advance.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import type { Evidences } from '../../lib/findings/dossier/bundle.ts';
import { applyNotice, type Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { Arrival } from '../../lib/profile/profile.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { account, harvest } from '../events.ts';

const rules: Rules = { policy: defaultPolicy, calibration: defaultCalibration, code: 'test', shadow: false };

/** What is stored of an account that harvests, after `size` events a batch, with the notice of `which`. */
export function evidenceOf(
  size: number,
  which: (notices: readonly Notice[]) => Notice | undefined,
): Evidences {
  const events = harvest({ account: account(1), events: 220 });
  const arrivals: Arrival[] = events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
  }));
  let state = newAccount(account(1));
  const notices: Notice[] = [];
  for (let i = 0; i < arrivals.length; i += size) {
    const step = advance(state, arrivals.slice(i, i + size), rules);
    state = step.state;
    if (step.notice !== undefined) notices.push(step.notice);
  }
  const notice = which(notices);
  if (notice === undefined) throw new Error('no notice');
  const { profile, judgement, sealed } = state;
  return {
    finding: applyNotice(undefined, notice),
    policy: defaultPolicy,
    calibration: defaultCalibration,
    profiles: [
      {
        account: profile.account,
        customer: profile.customer,
        firstSeen: profile.firstSeen,
        lastSeen: profile.lastSeen,
        sampleEvents: profile.samples,
        evidence: judgement.evidence,
        slices: joinSlices([sealed, profile.slices]),
      },
    ],
    events: arrivals,
    missing: [],
  };
}

import { type Campaign, newCampaign } from '../../lib/campaigns/campaign.ts';
import { judgeCampaign } from '../../lib/campaigns/judging/judge-campaign.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { campaignSnapshot, type Evidences, snapshotOf } from '../../lib/dossier/bundle.ts';
import { applyNotice, type Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import type { IngestedEvent } from '../../lib/profile/profile.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import type { Calibration } from '../../lib/scoring/calibration.ts';
import { testCalibration } from '../calibration.ts';
import { account, HOUR, harvest, MINUTE, START } from '../events.ts';

const rules: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };

/** What is stored of an account that harvests, after `size` events a batch, with the notice of `which`. */
export function evidenceOf(
  size: number,
  which: (notices: readonly Notice[]) => Notice | undefined,
): Evidences {
  const events = harvest({ account: account(1), events: 220 });
  const arrivals: IngestedEvent[] = events.map((event, i) => ({
    event,
    time: Date.parse(event.time),
    arrived: Date.parse(event.time),
    position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
  }));
  let state = newAccount(account(1));
  const notices: Notice[] = [];
  for (let i = 0; i < arrivals.length; i += size) {
    const step = processBatch(state, arrivals.slice(i, i + size), rules);
    state = step.state;
    notices.push(...step.notices);
  }
  const notice = which(notices);
  if (notice === undefined) throw new Error('no notice');
  return {
    finding: applyNotice(undefined, notice),
    policy: defaultPolicy,
    calibration: testCalibration,
    profiles: [snapshotOf(state)],
    events: arrivals,
    audit: [],
    missing: [],
  };
}

/** As testCalibration, with groups of the past: campaigns are judged by their members' learned scores. */
const learntGroups: Calibration = {
  ...testCalibration,
  groups: {
    accounts: { accounts: 10_000, ranks: [1, 10_000], values: [0.3, 0] },
    groups: { accounts: 60, ranks: [1, 60], values: [0.3, 0.1] },
    history: { traces: [], scores: [], margin: 0.3, rises: 40, fresh: 20, standing: 20, tail: 0.1 },
    content: [],
  },
};

/** What is stored of a campaign of `size` accounts that harvest, an hour after its finding was opened, judged by learned scores. */
export function learnedCampaignEvidenceOf(size: number): { held: Evidences; campaign: Campaign } {
  return campaignEvidenceOf(size, { calibration: learntGroups, events: 60, everyMs: 30 * MINUTE });
}

/** What is stored of a campaign of `size` accounts that harvest, an hour after its finding was opened. */
export function campaignEvidenceOf(
  size: number,
  { calibration = testCalibration, events: each = 14, everyMs = 2 * HOUR } = {},
): { held: Evidences; campaign: Campaign } {
  const rules: Rules = { policy: defaultPolicy, calibration, code: 'test', shadow: false };
  const accounts = Array.from({ length: size }, (_, i) => account(1001 + i)).sort();
  const events = accounts.flatMap((name, i) =>
    harvest({ account: name, events: each, from: START + i * MINUTE, everyMs, seed: i + 1 }),
  );
  const arrivals = events
    .map((event) => ({ event, time: Date.parse(event.time) }))
    .sort((a, b) => a.time - b.time)
    .map(({ event, time }, i) => ({
      event,
      time,
      arrived: time,
      position: { epoch: 's/b1', sequence: padSequence(String(i + 1)), index: 0 },
    }));
  const states = new Map(accounts.map((name) => [name, newAccount(name)]));
  const take = (run: readonly IngestedEvent[]): void => {
    for (const arrival of run) {
      const stored = states.get(arrival.event.account);
      if (stored !== undefined)
        states.set(stored.profile.account, processBatch(stored, [arrival], rules).state);
    }
  };
  const profiles = () =>
    accounts.flatMap((name) => {
      const state = states.get(name);
      if (state === undefined) return [];
      const { profile, judgement, sealed } = state;
      return [
        {
          account: name,
          customer: profile.customer,
          firstSeen: profile.firstSeen,
          lastSeen: profile.lastSeen,
          sampleEvents: profile.samples,
          evidence: judgement.evidence,
          slices: joinSlices([sealed, profile.slices]),
        },
      ];
    });
  const before = arrivals.filter(({ time }) => time <= START + 24 * HOUR);
  take(before);
  const group = {
    members: accounts,
    bodies: [accounts],
    links: [{ key: 'payment#p', kind: 'payment' as const, members: accounts, accounts: size }],
  };
  const at = Math.max(...before.map(({ time }) => time));
  const { campaign, notice } = judgeCampaign(
    newCampaign(group, at, undefined, START),
    { group, members: profiles(), at, tested: 25 },
    rules,
  );
  if (notice === undefined) throw new Error('no notice');
  take(arrivals.slice(before.length));
  const held: Evidences = {
    finding: applyNotice(undefined, notice),
    policy: defaultPolicy,
    calibration,
    profiles: profiles(),
    campaign: campaignSnapshot(campaign),
    events: arrivals,
    audit: [],
    missing: [],
  };
  return { held, campaign };
}

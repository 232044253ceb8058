import { memberOf } from '../../lib/campaigns/run-member.ts';
import { CampaignTracker } from '../../lib/campaigns/tracker.ts';
import { newAccount } from '../../lib/detection/account-state.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { timeRules } from '../../lib/detection/process-batch.ts';
import type { Notice } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { fold, newProfile } from '../../lib/profile/profile.ts';
import type { GroupRanks } from '../../lib/scoring/group-ranks.ts';
import type { CalibrationSize } from '../../lib/scoring/supported-budget.ts';
import { seeded } from '../../lib/statistics/random.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, HOUR, harvest, MINUTE, print, START } from '../events.ts';

/** The events with sketches that share a third of their bins with a topic's vocabulary. */
export function about(topic: number, events: readonly UsageEvent[], seed: number): UsageEvent[] {
  const uniform = seeded(seed + 1);
  const words = seeded(topic);
  const vocabulary = Array.from({ length: 16 * 40 }, () => Math.floor(words() * 65_536));
  return events.map((event) => {
    const sketch = Buffer.alloc(32);
    for (let bin = 0; bin < 16; bin++) {
      const common = vocabulary[Math.floor(uniform() * 40) * 16 + bin] as number;
      sketch.writeUInt16LE(uniform() < 0.35 ? common : Math.floor(uniform() * 65_536), 2 * bin);
    }
    const prints = event.prints.map((held) => ({ ...held, sketch: sketch.toString('base64url') }));
    return { ...event, prints };
  });
}

/** Accounts that harvest one query set, of a topic, and share nothing else. */
export const harvesters = (count: number, first: number, topic = 1): UsageEvent[][] =>
  Array.from({ length: count }, (_, i) =>
    about(
      topic,
      harvest({ account: account(first + i), events: 90, everyMs: 40 * MINUTE, seed: first + i }),
      first + i,
    ),
  );

/** Accounts that do one course's exercises, with one template. */
export const students = (count: number): UsageEvent[][] =>
  Array.from({ length: count }, (_, i) =>
    about(2, application({ account: account(500 + i), events: 60, everyMs: HOUR, seed: 7 }), 500 + i).map(
      (event, n) => ({
        ...event,
        prints: event.prints.map((held) => ({
          ...held,
          prompt: print(i * 60 + n),
        })),
      }),
    ),
  );

/** Accounts of which each asks things of its own, in its own way of an application. */
export const strangers = (count: number): UsageEvent[][] =>
  Array.from({ length: count }, (_, i) =>
    about(
      1000 + i,
      application({ account: account(2000 + i), events: 26, everyMs: 2 * HOUR, seed: 2000 + i }),
      i,
    ),
  );

export interface Found {
  readonly named: Set<string>;
  readonly notices: readonly Notice[];
}

/** Four days of runs, one in two days, under nulls in which no group came above 0.3, or others. */
export function run(
  histories: readonly UsageEvent[][],
  others: Partial<GroupRanks> = {},
  size: Partial<CalibrationSize> = {},
): Found {
  const rules: Rules = {
    policy: defaultPolicy,
    calibration: {
      ...testCalibration,
      ...size,
      groups: {
        accounts: { accounts: 5000, ranks: [1, 40, 5000], values: [0.3, 0.2, 0] },
        groups: { accounts: 60, ranks: [1, 60], values: [0.3, 0.1] },
        history: { traces: [], scores: [], margin: 0.3, rises: 40, fresh: 20, standing: 20, tail: 0.1 },
        content: [{ epoch: 'e1', prompts: 50_000, rest: 2, features: [], counts: [] }],
        ...others,
      },
    },
    code: 'test',
    shadow: false,
  };
  const tracker = new CampaignTracker({ permutations: 0 });
  const states = new Map<string, ReturnType<typeof newAccount>>();
  let sequence = 0;
  for (const events of histories) {
    const [first] = events;
    if (first === undefined) continue;
    for (const event of events) tracker.observe(event.account, event, Date.parse(event.time));
    const arrivals = events.map((event) => ({
      event,
      time: Date.parse(event.time),
      arrived: Date.parse(event.time),
      position: { epoch: 's/b1', sequence: padSequence(String(++sequence)), index: 0 },
    }));
    const { profile } = fold(newProfile(first.account), arrivals, timeRules(rules.policy));
    states.set(first.account, { ...newAccount(first.account), profile });
  }
  const ports = {
    memberOf: (name: string) => memberOf(states.get(name) ?? newAccount(name)),
    watched: () => [],
  };
  const notices: Notice[] = [];
  for (let at = START + 2 * DAY; at <= START + 4 * DAY; at += 2 * DAY)
    notices.push(...tracker.run(at, ports, rules).notices);
  return { named: new Set(tracker.campaigns().flatMap(({ accused }) => [...accused.keys()])), notices };
}

import { beforeAll, describe, expect, it } from 'vitest';
import type { Campaign } from '../../lib/campaigns/campaign.ts';
import type { Comparison } from '../../lib/campaigns/content/comparison.ts';
import { learnGroupNull } from '../../lib/campaigns/judging/group-null.ts';
import { judgeCampaign } from '../../lib/campaigns/judging/judge-campaign.ts';
import { judgeInShadow } from '../../lib/campaigns/judging/judge-in-shadow.ts';
import { collectFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { isDue, unlinked } from '../../lib/campaigns/run-plan.ts';
import { type LinkPorts, linkRun } from '../../lib/campaigns/stored-run.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { processBatch } from '../../lib/detection/process-batch.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { padSequence } from '../../lib/profile/position.ts';
import { joinSlices } from '../../lib/profile/window.ts';
import { MemoryCampaignStore } from '../../lib/stores/campaign-store.ts';
import { MemoryLinkStore } from '../../lib/stores/link-store.ts';
import { MemoryMembershipIndex } from '../../lib/stores/membership-index.ts';
import { MemoryProfileStore } from '../../lib/stores/profile-memory.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { testCalibration } from '../calibration.ts';
import { account, application, DAY, HOUR, harvest, MINUTE, print, START } from '../events.ts';

/** Ordinary applications, and two campaigns of twelve on four payments each. */
function traffic(): Map<string, UsageEvent[]> {
  const all = new Map<string, UsageEvent[]>();
  const at = (name: string, run: UsageEvent[], payment: number, network: number): void => {
    const events = run.map((event) => ({
      ...event,
      params: { temperature: 0.7, maxTokens: 1024 },
      prints: event.prints.map((prints) => ({ ...prints, payment: print(payment), network: print(network) })),
    }));
    all.set(name, [...(all.get(name) ?? []), ...events]);
  };
  for (let i = 0; i < 100; i++) {
    at(
      account(i),
      application({ account: account(i), events: 40, everyMs: 3 * HOUR, seed: 100 + i }),
      1000 + i,
      2000 + i,
    );
    at(
      account(i),
      harvest({ account: account(i), events: i % 6, everyMs: 15 * HOUR, seed: 300 + i }),
      1000 + i,
      2000 + i,
    );
  }
  for (let c = 0; c < 2; c++)
    for (let i = 0; i < 12; i++) {
      const name = account(700 + c * 100 + i);
      const run = harvest({
        account: name,
        events: 60,
        everyMs: 2 * HOUR,
        from: START + i * MINUTE,
        seed: 2000 + c * 50 + i,
      });
      at(name, run, 4000 + c * 10 + (i % 4), 4100 + c * 10 + (i % 3));
    }
  return all;
}

let rules: Rules;
let links: MemoryLinkStore;
let profiles: MemoryProfileStore;

beforeAll(async () => {
  const bare: Rules = { policy: defaultPolicy, calibration: testCalibration, code: 'test', shadow: false };
  links = new MemoryLinkStore();
  profiles = new MemoryProfileStore();
  let sequence = 0;
  for (const [name, events] of traffic()) {
    const run = [...events].sort((a, b) => (a.time < b.time ? -1 : 1));
    const [state] = (await profiles.load([name])).values();
    if (state === undefined) throw new Error('no state');
    const step = processBatch(
      state,
      run.map((event) => ({
        event,
        time: Date.parse(event.time),
        arrived: Date.parse(event.time),
        position: { epoch: 's', sequence: padSequence(String(++sequence)), index: 0 },
      })),
      bare,
    );
    await profiles.save(state, step.state, step.seal);
    await links.put(name, collectFacts(undefined, run), undefined);
  }
  const benign = [...profiles.loadNow(Array.from({ length: 100 }, (_, i) => account(i))).values()].map(
    ({ profile, sealed }) => ({
      account: profile.account,
      customer: profile.customer,
      slices: joinSlices([sealed, profile.slices]),
    }),
  );
  const groupScore = learnGroupNull(benign, { windows: [24, 168] }, { resamples: 160 });
  const policy = { ...defaultPolicy, campaigns: { ...defaultPolicy.campaigns, budget: 1 } };
  rules = { ...bare, policy, calibration: { ...testCalibration, groupScore } };
});

function ports(
  over: Partial<LinkPorts> = {},
): LinkPorts & { campaigns: MemoryCampaignStore; accusations: MemoryMembershipIndex } {
  const campaigns = new MemoryCampaignStore();
  const accusations = new MemoryMembershipIndex(campaigns);
  const clock = {
    newestArrival: async () => Math.max(...[...profiles.states()].map(({ profile }) => profile.arrived)),
  };
  return {
    clock,
    turn: { take: async () => true, end: async () => {} },
    links,
    comparisons: { last: async () => undefined, keep: async () => {} },
    campaigns,
    accusations,
    profiles,
    remaining: () => 300_000,
    ...over,
  } as LinkPorts & {
    campaigns: MemoryCampaignStore;
    accusations: MemoryMembershipIndex;
  };
}

async function stored(campaigns: MemoryCampaignStore) {
  const found = [];
  for await (const held of campaigns.all()) found.push(held);
  return found.sort((a, b) => (a.campaign.id < b.campaign.id ? -1 : 1));
}

describe('a link run', () => {
  it('finds both campaigns and nobody else', async () => {
    const on = ports();
    const report = await linkRun(on, rules);
    expect(report.accounts).toBe(124);
    expect(report.notices.map(({ transition }) => transition)).toEqual(['opened', 'opened']);
    const named = (await stored(on.campaigns)).flatMap(({ campaign }) => [...campaign.accused.keys()]);
    const [one] = (await stored(on.campaigns)).map(({ campaign }) => campaign);
    expect(await on.accusations.of(one?.members[3] ?? '')).toEqual({
      id: one?.id,
      finding: one?.judgement.finding?.id,
      level: one?.judgement.level.level,
    });
    expect(await on.accusations.of(account(5))).toBeUndefined();
    expect(named.sort()).toEqual(
      [700, 800].flatMap((from) => Array.from({ length: 12 }, (_, i) => account(from + i))).sort(),
    );
  });

  it('compares contents once an hour, and judges the groups of the last comparison until then', async () => {
    // nothing is judged within this time: what is due is counted
    const nobody = { accounts: 0, ranks: [], values: [] };
    const learnt = { accounts: nobody, groups: nobody, content: [] };
    const at = START + 200 * DAY;
    let compared = 0;
    const reading = Object.assign(Object.create(links) as MemoryLinkStore, {
      watched: () => links.watched(),
      scan: (...of: Parameters<MemoryLinkStore['scan']>) => links.scan(...of),
      prompts: () => {
        compared++;
        return links.prompts();
      },
    });
    let held: Comparison | undefined;
    const run = (clock: number, over: Partial<Rules> = {}, id = 'learnt') =>
      linkRun(
        ports({
          links: reading,
          clock: { newestArrival: async () => clock },
          comparisons: {
            last: async () => held,
            keep: async (comparison) => {
              held = comparison;
            },
          },
          remaining: () => 0,
        }),
        { ...rules, ...over, calibration: { ...rules.calibration, id, groups: learnt } },
      );
    const { postponed } = await run(at);
    expect([compared, held]).toEqual([1, { at, calibration: 'learnt', code: 'test', groups: [] }]);
    held = { at, calibration: 'learnt', code: 'test', groups: [[account(1), account(2), account(3)]] };
    expect((await run(at + 59 * MINUTE)).postponed).toBe(postponed + 1);
    expect(compared).toBe(1);
    expect((await run(at + HOUR)).postponed).toBe(postponed);
    expect([compared, held.at]).toEqual([2, at + HOUR]);
    await run(at + HOUR, { code: 'newer' });
    await run(at + HOUR, { code: 'newer' }, 'another');
    expect(compared).toBe(4);
    // a slice that is over since is compared at once
    held = { at: at - MINUTE, calibration: 'learnt', code: 'test', groups: [] };
    await run(at);
    expect(compared).toBe(5);
  });

  it('that is repeated says nothing twice', async () => {
    const on = ports();
    const first = await linkRun(on, rules);
    const before = await stored(on.campaigns);
    const again = await linkRun(on, rules);
    expect(first.notices.length).toBe(2);
    expect(again.notices).toEqual([]);
    expect((await stored(on.campaigns)).map(({ campaign }) => campaign)).toEqual(
      before.map(({ campaign }) => campaign),
    );
  });

  it('that dies half way leaves whole campaigns, and the next run does the rest: the same in the end', async () => {
    const whole = ports();
    await linkRun(whole, rules);
    for (const dieAt of [1, 2]) {
      const on = ports();
      let saves = 0;
      const dying = {
        ...on,
        campaigns: {
          all: () => on.campaigns.all(),
          find: (id: string) => on.campaigns.find(id),
          save: async (...call: Parameters<MemoryCampaignStore['save']>) => {
            if (++saves === dieAt) throw new Error('killed');
            return on.campaigns.save(...call);
          },
        },
      };
      await expect(linkRun(dying, rules)).rejects.toThrow('killed');
      await linkRun(on, rules);
      const ids = (held: Awaited<ReturnType<typeof stored>>) =>
        held.map(({ campaign }) => ({ id: campaign.id, notices: campaign.judgement.notices }));
      expect(ids(await stored(on.campaigns))).toEqual(ids(await stored(whole.campaigns)));
    }
  });

  it('that races with another one opens every finding once', async () => {
    const on = ports();
    const [a, b] = await Promise.all([linkRun(on, rules), linkRun(on, rules)]);
    expect(a.notices.length + b.notices.length).toBe(2);
    const notices = (await stored(on.campaigns)).flatMap(({ campaign }) => campaign.judgement.notices);
    expect(notices.length).toBe(2);
  });

  it('postpones what time does not allow', async () => {
    const on = ports({ remaining: () => 1000 });
    const report = await linkRun(on, rules);
    expect(report.judged).toBe(0);
    expect(report.postponed).toBeGreaterThan(0);
    expect(await stored(on.campaigns)).toEqual([]);
  });

  it('does not fail on accounts that the profile table has forgotten', async () => {
    const forgetful = { load: async () => new Map() };
    const report = await linkRun(ports({ profiles: forgetful }), rules);
    expect(report.notices).toEqual([]);
  });

  it('judges a candidate beside the active policy: recorded, and nothing else changed', async () => {
    const alone = ports();
    await linkRun(alone, rules);
    const on = ports();
    const strict = { ...rules.policy, campaigns: { ...rules.policy.campaigns, budget: 1e-9 } };
    const candidate = { policy: { ...rules.policy, id: 'candidate' }, calibration: rules.calibration };
    // nobody is suspect under the active policy; the candidate names both
    await linkRun(on, { ...rules, policy: strict, candidate });
    const quiet = await stored(on.campaigns);
    expect(quiet.map(({ campaign }) => campaign.accused.size)).toEqual([0, 0]);
    expect(quiet.map(({ campaign }) => campaign.shadow?.accused.size)).toEqual([12, 12]);
    for (const { campaign } of quiet)
      expect(campaign.judgement.notices).toMatchObject([
        { transition: 'opened', shadow: true, versions: { policy: 'candidate' } },
      ]);
    // the other way round: what the active policy says is what it says without a candidate
    const both = ports();
    const { notices } = await linkRun(both, {
      ...rules,
      candidate: { policy: { ...strict, id: 'candidate' }, calibration: rules.calibration },
    });
    expect(notices.map(({ shadow }) => shadow)).toEqual([false, false]);
    const without = (await stored(both.campaigns)).map(({ campaign: { shadow: _, ...own } }) => own);
    expect(without).toEqual((await stored(alone.campaigns)).map(({ campaign }) => campaign));
  });

  it('looks at a candidate’s finding until it has calmed and closed, though nothing links its members any more', async () => {
    const on = ports();
    const strict = { ...rules.policy, campaigns: { ...rules.policy.campaigns, budget: 1e-9 } };
    const candidate = { policy: { ...rules.policy, id: 'candidate' }, calibration: rules.calibration };
    const beside = { ...rules, policy: strict, candidate };
    await linkRun(on, beside);
    const [held] = await stored(on.campaigns);
    if (held === undefined) throw new Error('no campaign');
    let campaign: Campaign = { ...held.campaign, members: held.campaign.members.slice(0, 1) };
    for (let at = campaign.judgedAt; at < held.campaign.judgedAt + 30 * 24 * HOUR; at += 7 * HOUR) {
      const [rest] = unlinked([campaign]);
      if (rest === undefined) break;
      if (!isDue(campaign, rest.group, false, at, beside)) continue;
      const { campaign: judged } = judgeCampaign(
        campaign,
        { group: rest.group, members: [], at, tested: 25 },
        beside,
      );
      campaign = judgeInShadow(judged, { group: rest.group, members: [], at, tested: 25 }, beside);
      campaign = { ...campaign, judgedAt: at };
    }
    expect(campaign.judgement.notices.map(({ transition, shadow }) => [transition, shadow])).toEqual([
      ['opened', true],
      ['calmed', true],
      ['closed', true],
    ]);
    expect(unlinked([campaign])).toEqual([]);
    expect(campaign.judgement.finding).toBeUndefined();
  });

  it('shows a candidate what only it is asked to judge: groups smaller than the active policy takes', async () => {
    const on = ports();
    const large = { ...rules.policy, campaigns: { ...rules.policy.campaigns, smallest: 50 } };
    const candidate = { policy: { ...rules.policy, id: 'candidate' }, calibration: rules.calibration };
    const { notices } = await linkRun(on, { ...rules, policy: large, candidate });
    expect(notices).toEqual([]);
    expect((await stored(on.campaigns)).map(({ campaign }) => campaign.shadow?.accused.size)).toEqual([
      12, 12,
    ]);
  });
});

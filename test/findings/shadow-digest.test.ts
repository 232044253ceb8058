import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Delivery, deliver } from '../../lambdas/notify/deliver.ts';
import { NotificationThrottle } from '../../lambdas/notify/notification-throttle.ts';
import { sendShadowDigest } from '../../lambdas/notify/shadow-digest.ts';
import { applyNotice, type Finding, type NoticeMember } from '../../lib/findings/finding.ts';
import type { CandidateWork } from '../../lib/findings/policy-comparison.ts';
import { shadowDigest } from '../../lib/findings/shadow-digest.ts';
import { MemoryBus } from '../../lib/stores/event-bus.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { MemoryTopic } from '../../lib/stores/notification-topic.ts';
import { MemoryOutbox } from '../../lib/stores/outbox.ts';
import { keepReview } from '../../lib/stores/reviews.ts';
import { DAY_MS } from '../../lib/time.ts';
import { account, iso } from '../events.ts';
import { ACCOUNT, campaign, NOW, opened } from './notices.ts';
import { aReview } from './reviews.ts';

const [member] = campaign.subject.members ?? [];
if (member === undefined) throw new Error('the fixture has members');

const MEMBER: NoticeMember = member;
const CANDIDATE = 'mine-1';
const AT = Date.parse(opened.at);

function finding(account: string, shadow: boolean, verdict?: 'confirmed' | 'benign'): Finding {
  const base = opened;
  const made = applyNotice(undefined, {
    ...base,
    level: 'suspect',
    finding: `f-${account}-1`,
    subject: { ...base.subject, id: account },
    versions: { ...base.versions, policy: shadow ? CANDIDATE : 'default-1' },
    shadow,
  });
  return verdict === undefined
    ? made
    : { ...made, verdict: { verdict, by: 'someone', at: '2026-03-05T00:00:00Z' } };
}

function ring(shadow: boolean, accounts: readonly string[], verdict?: 'confirmed'): Finding {
  const made = finding('c_ring', shadow, verdict);
  const members = accounts.map((account) => ({ ...MEMBER, account }));
  return {
    ...made,
    notice: { ...made.notice, subject: { ...made.notice.subject, type: 'campaign', members } },
  };
}

/** The candidate has judged these accounts, since `AT`. */
const judged = (...accounts: string[]): CandidateWork => ({
  since: AT,
  judged: new Map(accounts.map((account) => [account, AT])),
});

const digestOf = (active: readonly Finding[], shadow: readonly Finding[], work?: CandidateWork) =>
  shadowDigest({ active, shadow, candidate: CANDIDATE, work, period: DAY_MS });

it('counts new true and false positives by verdicts, and links the rest for triage', () => {
  const digest = digestOf(
    [finding('a', false), finding('gone', false, 'benign')],
    [
      finding('a', true),
      finding('caught', true, 'confirmed'),
      finding('wronged', true, 'benign'),
      finding('new', true),
    ],
  );
  expect(digest).toMatchObject({
    counts: { active: 2, shadow: 4, both: 1 },
    newlyCaught: 1,
    newlyWronged: 1,
    noLongerCaught: 0,
    noLongerWronged: 1,
  });
  expect(digest.lines.join('\n')).toContain('siphonwatch findings show f-new-1.shadow');
  expect(digest.lines.join('\n')).toContain('no verdict yet');
});

it('a member of a campaign is no news where the other policy names the campaign, and its verdict is the campaign’s', () => {
  const digest = digestOf([ring(false, ['m1', 'm2'])], [finding('m1', true), finding('m3', true)]);
  expect(digest.onlyShadow.map(({ subject }) => subject)).toEqual(['m3']);
  expect(digestOf([finding('m2', false)], [ring(true, ['m1', 'm2'], 'confirmed')])).toMatchObject({
    newlyCaught: 1,
    noLongerCaught: 0,
    counts: { active: 1, shadow: 2, both: 1 },
  });
});

it('a candidate is not credited with what an earlier one found, nor blamed for accounts that it never saw', () => {
  const before = finding('x', true);
  const other = {
    ...before,
    notice: { ...before.notice, versions: { ...before.notice.versions, policy: 'old' } },
  };
  expect(digestOf([], [other], judged('x'))).toMatchObject({
    counts: { shadow: 0, both: 0 },
    onlyShadow: [],
  });
  expect(digestOf([finding('a', false), finding('b', false)], [], judged('a'))).toMatchObject({
    accounts: 1,
    onlyActive: [{ subject: 'a' }],
  });
});

it('no event judged is said, and is no difference', () => {
  const none = { since: Number.POSITIVE_INFINITY, judged: new Map<string, number>() };
  const digest = digestOf([finding('a', false)], [finding('b', true)], none);
  expect(digest.lines).toEqual([
    'No event was judged under candidate mine-1 yet: there is nothing to compare.',
  ]);
  expect(digest.counts).toEqual({ active: 0, shadow: 0, both: 0 });
  expect(shadowDigest({ active: [], shadow: [], period: DAY_MS }).lines).toEqual([
    'No candidate is judged beside the active policy.',
  ]);
});

it('counts of a comparison are those of sets, over a stretch that lies where events were judged', () => {
  const accounts = fc.subarray(['a', 'b', 'c', 'd', 'e', 'f']);
  const side = (shadow: boolean) =>
    fc
      .tuple(accounts, accounts, fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }))
      .map(([own, members, old]) => [
        ...own.map((account, i): Finding => {
          const held = finding(account, shadow);
          return old[i] === true
            ? { ...held, updatedAt: new Date(AT - 3 * DAY_MS).toISOString(), state: 'closed' }
            : held;
        }),
        ...(members.length === 0 ? [] : [ring(shadow, members)]),
      ]);
  fc.assert(
    fc.property(side(false), side(true), fc.option(accounts, { nil: undefined }), (active, shadow, seen) => {
      const { counts, onlyActive, onlyShadow, from, to, lines } = digestOf(
        active,
        shadow,
        seen && judged(...seen),
      );
      expect(counts.shadow).toBe(counts.both + onlyShadow.length);
      expect(counts.active).toBe(counts.both + onlyActive.length);
      expect(counts.both).toBeLessThanOrEqual(Math.min(counts.active, counts.shadow));
      expect(from <= to).toBe(true);
      expect(lines.length).toBeGreaterThan(0);
    }),
    { numRuns: 60 },
  );
});

it('is published once a day by the sweep, under a kind of its own, and not at all without a shadow', async () => {
  const findings = new MemoryFindingStore();
  const topic = new MemoryTopic();
  const outbox = new MemoryOutbox('profiles');
  let clock = NOW;
  const delivery: Delivery = {
    findings,
    topic,
    bus: new MemoryBus(),
    accuserOf: async () => undefined,
    hub: false,
    traffic: async () => undefined,
    brakes: {
      account: new NotificationThrottle(findings, 'account'),
      campaign: new NotificationThrottle(findings, 'campaign'),
    },
    now: () => clock,
    by: 'test',
    report: () => undefined,
  };
  await sendShadowDigest(delivery);
  expect(topic.published).toEqual([]);
  outbox.append(ACCOUNT, { ...opened, shadow: true }, new Date(NOW).toISOString());
  const waiting = await outbox.read(ACCOUNT);
  if (waiting === undefined) throw new Error('nothing waits');
  await deliver(outbox, waiting, delivery);
  expect(topic.published).toEqual([]);
  clock += DAY_MS;
  await keepReview(findings, aReview([account(71)], [account(72), account(73)]));
  await findings.putAnswer({
    account: account(71),
    verdict: 'benign',
    at: iso(NOW),
    by: 'ada',
    decision: 'd-1',
  });
  await sendShadowDigest(delivery);
  await sendShadowDigest(delivery);
  expect(topic.published.map(({ attributes }) => attributes)).toEqual([
    {
      kind: 'shadow-digest',
      level: 'clear',
      transition: 'updated',
      deliveryId: 'shadow/2026-03-05',
      members: 1,
    },
  ]);
  expect(topic.published[0]?.texts.email).toContain('siphonwatch policy promote');
  // what is left to be asked, with what answers would bring
  for (const form of ['email', 'https'] as const) {
    expect(topic.published[0]?.texts[form]).toContain('1 question about 2 accounts');
    expect(topic.published[0]?.texts[form]).toContain('up to 60 %');
  }
});

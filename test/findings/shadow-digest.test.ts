import { expect, it } from 'vitest';
import { type Delivery, deliver } from '../../lambdas/notify/deliver.ts';
import { NotificationThrottle } from '../../lambdas/notify/notification-throttle.ts';
import { sendShadowDigest } from '../../lambdas/notify/shadow-digest.ts';
import { applyNotice, type Finding } from '../../lib/findings/finding.ts';
import { shadowDigest } from '../../lib/findings/shadow-digest.ts';
import { MemoryBus } from '../../lib/stores/event-bus.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { MemoryTopic } from '../../lib/stores/notification-topic.ts';
import { MemoryOutbox } from '../../lib/stores/outbox.ts';
import { DAY_MS } from '../../lib/time.ts';
import { ACCOUNT, campaign, NOW, opened } from './notices.ts';

const [member] = campaign.subject.members ?? [];
if (member === undefined) throw new Error('the fixture has members');

function finding(account: string, shadow: boolean, verdict?: 'confirmed' | 'benign'): Finding {
  const base = opened;
  const made = applyNotice(undefined, {
    ...base,
    level: 'suspect',
    finding: `f-${account}-1`,
    subject: { ...base.subject, id: account },
    shadow,
  });
  return verdict === undefined
    ? made
    : { ...made, verdict: { verdict, by: 'someone', at: '2026-03-05T00:00:00Z' } };
}

it('counts new true and false positives by verdicts, and links the rest for triage', () => {
  const digest = shadowDigest(
    [finding('a', false), finding('gone', false, 'benign')],
    [
      finding('a', true),
      finding('caught', true, 'confirmed'),
      finding('wronged', true, 'benign'),
      finding('new', true),
    ],
    DAY_MS,
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
  const ring = (shadow: boolean, verdict?: 'confirmed'): Finding => {
    const made = finding('c_ring', shadow, verdict);
    const members = ['m1', 'm2'].map((account) => ({ ...member, account }));
    return {
      ...made,
      notice: { ...made.notice, subject: { ...made.notice.subject, type: 'campaign', members } },
    };
  };
  const digest = shadowDigest([ring(false)], [finding('m1', true), finding('m3', true)], DAY_MS);
  expect(digest.onlyShadow.map(({ subject }) => subject)).toEqual(['m3']);
  expect(shadowDigest([finding('m2', false)], [ring(true, 'confirmed')], DAY_MS)).toMatchObject({
    newlyCaught: 1,
    noLongerCaught: 0,
    counts: { both: 0 },
  });
});

it('says so when there is nothing to compare', () => {
  expect(shadowDigest([], [], DAY_MS).lines).toEqual(['Neither policy has a finding yet.']);
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
});

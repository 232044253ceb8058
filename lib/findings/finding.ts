import { z } from 'zod';
import { LEVELS } from '../scoring/level.ts';

/**
 * A finding: one suspicion on an account or a campaign over one episode. A notice is one transition of it, numbered
 * within its subject, complete enough to be rendered for people without reading anything else.
 */

const iso = z.iso.datetime();

export const TRANSITIONS = ['opened', 'escalated', 'updated', 'calmed', 'closed', 'reopened'] as const;
export type Transition = (typeof TRANSITIONS)[number];

export const reason = z.strictObject({
  signal: z.string(),
  title: z.string(),
  value: z.number(),
  p: z.number().describe('share of peers that show as much'),
  points: z.number(),
  evidence: z.string().describe('one sentence with numbers'),
});
export type Reason = z.infer<typeof reason>;

export const explanation = z.strictObject({
  id: z.string(),
  title: z.string(),
  fits: z.boolean(),
  because: z.string().describe('what was looked at and what was found'),
});
export type Explanation = z.infer<typeof explanation>;

export const link = z.strictObject({
  kind: z.string().describe('payment, network, credential, client, creation, synchrony, prompts, ...'),
  members: z.number().int().min(0).describe('members of the campaign that share it'),
  others: z.number().int().min(0).describe('accounts outside that share it'),
  evidence: z.string(),
});

export const member = z.strictObject({
  account: z.string(),
  role: z.string().describe('core or edge'),
  firstSeen: iso,
  lastSeen: iso,
  events: z.number().int().min(0),
  outputTokens: z.number().int().min(0),
  links: z.array(z.string()),
});

export const notice = z.strictObject({
  v: z.literal(1),
  number: z
    .number()
    .int()
    .min(1)
    .describe('counts the notices of one subject; with the subject it makes the delivery id'),
  transition: z.enum(TRANSITIONS),
  finding: z.string().describe('stable id of the finding, and of its thread'),
  subject: z.strictObject({
    type: z.enum(['account', 'campaign']),
    id: z.string().describe('pseudonym of the account, or id of the campaign'),
    plan: z.string(),
    product: z.string(),
    accountAgeDays: z.number().optional(),
    members: z.array(member).optional().describe('of a campaign, most active first, at most 50'),
    memberCount: z.number().int().min(1).optional(),
  }),
  at: iso.describe('event time of the transition'),
  since: iso.describe('event time since when the behaviour is seen'),
  level: z.enum(LEVELS),
  previous: z.enum(LEVELS),
  score: z.number(),
  log10E: z.number(),
  p: z.number().describe('chance that a benign peer shows as much within a month'),
  peers: z.strictObject({ group: z.string(), accounts: z.number().int() }),
  promise: z.number().describe('error budget of the level: at most this share of benign accounts a month'),
  window: z.strictObject({ hours: z.number(), from: iso, to: iso, events: z.number().int() }),
  reasons: z.array(reason),
  explanations: z.array(explanation),
  links: z.array(link),
  stake: z.strictObject({
    requests: z.number().int(),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    models: z.array(z.strictObject({ model: z.string(), share: z.number() })),
    listPriceUsd: z.number().optional(),
    trafficShare: z.number().optional(),
  }),
  sampleEvents: z.array(z.string()),
  versions: z.strictObject({ policy: z.string(), calibration: z.string(), code: z.string() }),
  quiet: z.string().optional().describe('why nobody is to be woken: the reason of an exception'),
  shadow: z.boolean().describe('a finding of a shadow policy is recorded, never notified'),
});
export type Notice = z.infer<typeof notice>;

export const VERDICTS = ['confirmed', 'benign', 'unsure'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const FINDING_STATES = ['open', 'calmed', 'closed'] as const;

/** What the findings table keeps of a finding: its newest notice and what people said of it. */
export const finding = z.strictObject({
  v: z.literal(1),
  id: z.string(),
  state: z.enum(FINDING_STATES),
  openedAt: iso,
  updatedAt: iso,
  level: z.enum(LEVELS),
  highest: z.enum(LEVELS),
  notice,
  history: z.array(
    z.strictObject({
      number: z.number().int(),
      transition: z.enum(TRANSITIONS),
      level: z.enum(LEVELS),
      at: iso,
    }),
  ),
  verdict: z
    .strictObject({
      verdict: z.enum(VERDICTS),
      by: z.string(),
      at: iso,
      until: iso.optional(),
      note: z.string().max(4000).optional(),
    })
    .optional(),
});
export type Finding = z.infer<typeof finding>;

/** Deterministic id of a subject's n-th episode. */
export function findingId(type: 'account' | 'campaign', subject: string, episode: number): string {
  return `${type === 'account' ? 'f' : 'fc'}-${subject.replace(/^[ac]_/, '').slice(0, 16)}-${episode}`;
}

/** Deterministic id of a notice, for readers that must not see it twice. */
export function deliveryId(held: Pick<Notice, 'subject' | 'number' | 'shadow'>): string {
  return `${held.subject.id}/${held.number}${held.shadow ? '/shadow' : ''}`;
}

/** The finding after a notice; a repeat or an older notice changes nothing. */
export function applyNotice(held: Finding | undefined, next: Notice): Finding {
  const entry = { number: next.number, transition: next.transition, level: next.level, at: next.at };
  if (held === undefined) {
    return {
      v: 1,
      id: next.finding,
      state: stateAfter(next.transition),
      openedAt: next.at,
      updatedAt: next.at,
      level: next.level,
      highest: next.level,
      notice: next,
      history: [entry],
    };
  }
  if (next.number <= held.notice.number) return held;
  return {
    ...held,
    state: stateAfter(next.transition),
    updatedAt: next.at,
    level: next.level,
    highest: LEVELS.indexOf(next.level) > LEVELS.indexOf(held.highest) ? next.level : held.highest,
    notice: next,
    history: [...held.history, entry].slice(-100),
  };
}

function stateAfter(transition: Transition): (typeof FINDING_STATES)[number] {
  if (transition === 'calmed') return 'calmed';
  return transition === 'closed' ? 'closed' : 'open';
}

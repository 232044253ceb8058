import * as z from 'zod';
import { LIMITS } from '../limits.ts';
import { LEVELS } from '../scoring/level.ts';
import { DAY_MS } from '../time.ts';

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

export const ordinaryWork = z.strictObject({
  share: z.number().describe('part of its requests that are not what the campaign is accused of'),
  requestsPerDay: z.number(),
  outputTokensPerDay: z.number().describe('shared out by requests: an estimate'),
  listPriceUsdPerDay: z.number().optional().describe('where the policy prices all its models'),
});
export type OrdinaryWork = z.infer<typeof ordinaryWork>;

export const member = z.strictObject({
  account: z.string(),
  role: z.string().describe('core or edge'),
  plan: z.string().optional(),
  ageDays: z.number().optional().describe('age of the account, days'),
  firstSeen: iso,
  lastSeen: iso,
  events: z.number().int().min(0).describe('requests in the longest window of the policy'),
  outputTokens: z.number().int().min(0).describe('tokens harvested: output tokens in the same window'),
  links: z.array(z.string()),
  requestsPerDay: z.number().optional().describe('over the days of the window that it was there'),
  trafficShare: z.number().optional().describe("part of the linked accounts' requests in the same window"),
  models: z
    .array(z.strictObject({ model: z.string(), share: z.number() }))
    .optional()
    .describe('most used first, at most 3'),
  atRisk: ordinaryWork.optional().describe('ordinary work that is lost by acting on it'),
});
export type NoticeMember = z.infer<typeof member>;

export const notice = z.strictObject({
  v: z.literal(1),
  number: z
    .number()
    .int()
    .min(1)
    .describe(
      'grows with the notices of one subject (seconds of event time, or one more than the last); with the subject it makes the delivery id',
    ),
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
    bystanders: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe('linked accounts that are no members, since their own behaviour is ordinary'),
  }),
  at: iso.describe('event time of the transition'),
  since: iso.describe('event time since when the behaviour is seen'),
  level: z.enum(LEVELS),
  previous: z.enum(LEVELS),
  highestLevel: z
    .enum(LEVELS)
    .optional()
    .describe(
      'the highest level that exists under the policy and the calibration in force, where it is not critical',
    ),
  score: z.number(),
  log10E: z.number(),
  p: z.number().describe('chance that a benign peer shows as much within a month'),
  pIsBound: z
    .literal(true)
    .optional()
    .describe('p is the smallest chance that the calibration can show: what is seen may be rarer still'),
  peers: z.strictObject({ group: z.string(), accounts: z.number().int() }),
  promise: z.number().describe('error budget of the level: at most this share of benign accounts a month'),
  window: z.strictObject({ hours: z.number(), from: iso, to: iso, events: z.number().int() }),
  reasons: z.array(reason),
  explanations: z.array(explanation),
  links: z.array(link),
  campaign: z
    .strictObject({ id: z.string(), finding: z.string(), level: z.enum(LEVELS) })
    .optional()
    .describe('of an account: the open finding of a campaign that names it, whose thread it belongs to'),
  stake: z.strictObject({
    requests: z.number().int(),
    inputTokens: z.number().int(),
    outputTokens: z.number().int(),
    models: z.array(z.strictObject({ model: z.string(), share: z.number() })),
    listPriceUsd: z.number().optional(),
    trafficShare: z.number().optional(),
  }),
  evidence: z
    .strictObject({ since: iso, peak: z.number(), peakAt: iso })
    .optional()
    .describe('running maximum of the score in the budget period: what p and log10E rest on'),
  oneByOne: z
    .strictObject({
      accounts: z.number().int().min(1).describe('linked accounts, bystanders too'),
      log10E: z.number().describe("mean of the accounts' own e-values, as a decimal logarithm"),
      found: z.number().int().min(0).describe('members that would have been found alone'),
    })
    .optional()
    .describe("of a campaign: its accounts' own evidence, judged one by one"),
  sampleEvents: z.array(z.string()),
  versions: z.strictObject({ policy: z.string(), calibration: z.string(), code: z.string() }),
  quiet: z.string().optional().describe('why notifications are suppressed: the reason of an exception'),
  shadow: z.boolean().describe('a finding of a shadow policy is recorded, and nobody is notified'),
});
export type Notice = z.infer<typeof notice>;

export const VERDICTS = ['confirmed', 'benign', 'unsure'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const FINDING_STATES = ['open', 'calmed', 'closed'] as const;
export type FindingState = (typeof FINDING_STATES)[number];

/** What became of a notice: told at once, folded into a digest or a storm's list, or only recorded. */
export const DISPOSITIONS = ['told', 'digest', 'storm', 'quiet', 'shadow'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** Longest name of who decides: the ARN of an IAM user with a path (IAM quotas: 512 of path, 64 of name). */
export const AUTHOR_MAX = 700;

/** Silences of single persons. Whoever has as many colleagues as are kept is not alone. */
export const silenced = z
  .array(z.strictObject({ by: z.string().max(AUTHOR_MAX), since: iso, until: iso }))
  .max(LIMITS.silences.most)
  .describe('how long each person has silenced the subject alone, without a gap; no undo shortens it');

export const verdictRecord = z.strictObject({
  verdict: z.enum(VERDICTS),
  by: z.string().max(AUTHOR_MAX),
  at: iso.describe('processing time'),
  until: iso.optional().describe('benign: silent until then; unsure: no updates until then'),
  wanted: iso.optional().describe('benign: until when it would hold if a second person agreed'),
  second: z.string().max(AUTHOR_MAX).optional().describe('who had given the same verdict before'),
  note: z.string().max(4000).optional(),
});
export type VerdictRecord = z.infer<typeof verdictRecord>;

/** The longest name of whoever looks after a finding. */
export const OWNER_MAX = 200;

const side = z.strictObject({
  state: z.enum(FINDING_STATES),
  verdict: verdictRecord.optional(),
  owner: z.string().max(OWNER_MAX).optional().describe('who looks after it'),
});

/** Who changed what: one entry for each change that a person made, numbered within the finding. */
export const auditEntry = z.strictObject({
  n: z.number().int().min(1),
  at: iso.describe('processing time'),
  by: z.string().max(AUTHOR_MAX).describe('the principal, as far as IAM vouches for it'),
  claimed: z.string().max(AUTHOR_MAX).optional().describe('what the author calls itself'),
  action: z.enum(['triage', 'undo', 'assign', 'note']),
  decision: z.string().max(128).optional().describe('id of the decision: the same one is never made twice'),
  undoes: z.number().int().min(1).optional().describe('number of the change that is taken back'),
  note: z.string().max(4000).optional(),
  before: side,
  after: side,
  chain: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe(
      'hash of the link before and of this entry (audit-chain.ts); entries of early versions have none',
    ),
});
export type AuditEntry = z.infer<typeof auditEntry>;

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
      fate: z.enum(DISPOSITIONS).optional(),
    }),
  ),
  verdict: verdictRecord.optional(),
  owner: z.string().max(OWNER_MAX).optional().describe('who looks after it; no verdict depends on it'),
  silenced: silenced.optional(),
  audit: z
    .array(auditEntry)
    .optional()
    .describe('newest changes by people, ascending; all of them are items'),
  delivered: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('highest notice number that is delivered: a repeat of it changes nothing'),
  passed: z
    .array(z.number().int())
    .optional()
    .describe(
      'lower numbers that a version could not read and passed over: people are still to be notified of them',
    ),
  passedBetween: z
    .array(z.tuple([z.number().int(), z.number().int()]))
    .optional()
    .describe(
      'pairs of numbers between which a version passed over notices without knowing their numbers: people are still to be notified of them',
    ),
  hub: z
    .boolean()
    .optional()
    .describe('a copy of it is in Security Hub: whatever changes is imported, suppressed or not'),
  toldAt: iso.optional().describe('processing time at which people were last notified at once'),
  claim: z
    .strictObject({
      number: z.number().int(),
      by: z.string(),
      until: iso,
      fate: z.enum(DISPOSITIONS),
      list: z.string().optional().describe('digest or storm list that it goes into'),
    })
    .optional()
    .describe(
      'a notice is being delivered by one invocation, another waits until then; a retry keeps the fate',
    ),
});
export type Finding = z.infer<typeof finding>;

/** Deterministic id of a finding: its subject, and when it was opened (event time, ms). */
export function findingId(type: 'account' | 'campaign', subject: string, openedAt: number): string {
  const when = new Date(openedAt).toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase();
  return `${findingIdStart(type, subject)}${when}`;
}

/** What all ids of findings on a subject begin with. */
export function findingIdStart(type: 'account' | 'campaign', subject: string): string {
  return `${type === 'account' ? 'f' : 'fc'}-${subject.replace(/^[ac]_/, '').slice(0, 16)}-`;
}

/** Deterministic id of a notice, for readers that must not see it twice. */
export function deliveryId(held: Pick<Notice, 'subject' | 'number' | 'shadow'>): string {
  return `${held.subject.id}/${held.number}${held.shadow ? '/shadow' : ''}`;
}

/** Id under which a notice's finding is kept: a shadow policy's never meets the active one's. */
export function recordId(held: Pick<Notice, 'finding' | 'shadow'>): string {
  return held.shadow ? `${held.finding}.shadow` : held.finding;
}

/** The finding after a notice; a repeat or an older notice changes nothing. */
export function applyNotice(held: Finding | undefined, next: Notice, fate?: Disposition): Finding {
  const entry = {
    number: next.number,
    transition: next.transition,
    level: next.level,
    at: next.at,
    ...(fate === undefined ? {} : { fate }),
  };
  if (held === undefined) {
    return {
      v: 1,
      id: recordId(next),
      state: stateAfter(undefined, next),
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
    state: stateAfter(held, next),
    updatedAt: next.at,
    level: next.level,
    highest: LEVELS.indexOf(next.level) > LEVELS.indexOf(held.highest) ? next.level : held.highest,
    notice: next,
    history: [...held.history, entry].slice(-LIMITS.findingHistory.most),
  };
}

/** Transitions that open a finding again that people had closed; what merely goes on does not. */
const REVIVES: readonly Transition[] = ['opened', 'escalated', 'reopened'];

function stateAfter(held: Finding | undefined, { transition, at }: Notice): FindingState {
  const { verdict, state } = held ?? {};
  if (state === 'closed' && verdict !== undefined) {
    const benign = verdict.verdict === 'benign';
    if (benign && (verdict.until === undefined || verdict.until > at)) return 'closed';
    // What goes on after a benign verdict has ended is open again.
    if (!REVIVES.includes(transition) && !(benign && transition === 'updated')) return 'closed';
  }
  if (transition === 'calmed') return 'calmed';
  return transition === 'closed' ? 'closed' : 'open';
}

/** A finding of which nothing was heard for so long is over, whether or not its account still sends. */
export const SILENT_DAYS = 30;

/** The state as of `now` (ms): an account that stopped sending sends nothing that could close its finding. */
export function stateAt(held: Finding, now: number): FindingState {
  return now - Date.parse(held.updatedAt) > SILENT_DAYS * DAY_MS ? 'closed' : held.state;
}

import * as z from 'zod';
import type { Campaign } from '../campaigns/campaign.ts';
import type { AccountState } from '../detection/account-state.ts';
import { wholeAccount } from '../detection/lanes.ts';
import { type AuditEntry, auditEntry, type Finding, finding as findingSchema } from '../findings/finding.ts';
import { type Policy, policy as policySchema } from '../policy/policy.ts';
import { decodeSlices, encodeSlices } from '../profile/codec.ts';
import type { CustomerFacts, IngestedEvent } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import { type Calibration, calibration as calibrationSchema } from '../scoring/calibration.ts';
import type { RunningMax } from '../scoring/significance.ts';
import { describeReason, reasonOf } from '../telemetry/reason.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';

/** What a dossier rests on: everything that its numbers are worked out from, and nothing else. */
export interface Evidences {
  readonly finding: Finding;
  readonly policy: Policy;
  readonly calibration: Calibration;
  readonly profiles: readonly ProfileSnapshot[];
  /** of a finding on a campaign, where its table still had it */
  readonly campaign?: CampaignSnapshot;
  /** in order of arrival */
  readonly events: readonly IngestedEvent[];
  /** all changes that people made, ascending */
  readonly audit: readonly AuditEntry[];
  /** what could not be had, in sentences */
  readonly missing: readonly string[];
}

/** An account as it was stored when the dossier was made. Times in ms. */
export interface ProfileSnapshot {
  readonly account: string;
  readonly customer: CustomerFacts;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly sampleEvents: readonly string[];
  readonly evidence: RunningMax;
  /** ascending, distinct starts */
  readonly slices: readonly Slice[];
}

export function snapshotOf(state: AccountState): ProfileSnapshot {
  const { profile, judgement, sealed } = wholeAccount(state);
  return {
    account: profile.account,
    customer: profile.customer,
    firstSeen: profile.firstSeen,
    lastSeen: profile.lastSeen,
    sampleEvents: profile.samples,
    evidence: judgement.evidence,
    slices: joinSlices([sealed, profile.slices]),
  };
}

const campaignLine = z.strictObject({
  id: z.string(),
  linkedAt: z.number().describe('when its link first stood: slices before it are no evidence'),
  members: z.array(z.string()).describe('accounts of the group, ascending'),
  named: z
    .array(z.strictObject({ account: z.string(), since: z.number() }))
    .describe('members that the open finding names, and since when'),
  evidence: z
    .strictObject({ since: z.number(), peak: z.number(), peakAt: z.number() })
    .describe('running maximum of the score in the budget period'),
  absorbed: z.array(z.string()).describe('campaigns that went on in this one'),
  predecessor: z.string().optional(),
  seenAt: z.number().describe('last run in which a group carried it'),
  judgedAt: z.number(),
});
/** A campaign as it was stored when the dossier was made. Times in ms. */
export type CampaignSnapshot = z.infer<typeof campaignLine>;

export function campaignSnapshot(campaign: Campaign): CampaignSnapshot {
  const { id, linkedAt, members, accused, judgement, absorbed, predecessor, seenAt, judgedAt } = campaign;
  return {
    id,
    linkedAt,
    members: [...members],
    named: [...accused].map(([account, since]) => ({ account, since })),
    evidence: { ...judgement.evidence },
    absorbed: [...absorbed],
    ...(predecessor === undefined ? {} : { predecessor }),
    seenAt,
    judgedAt,
  };
}

/** A dossier's file that cannot be read. */
export class BundleError extends Error {
  override readonly name = 'BundleError';
}

const profileLine = z.strictObject({
  account: z.string(),
  customer: z.strictObject({ plan: z.string(), product: z.string(), createdAt: z.number() }),
  firstSeen: z.number(),
  lastSeen: z.number(),
  sampleEvents: z.array(z.string()),
  evidence: z.strictObject({ since: z.number(), peak: z.number(), peakAt: z.number() }),
  slices: z.base64().describe('encodeSlices (lib/profile/codec.ts)'),
});

const eventLine = z.strictObject({
  arrived: z.number(),
  position: z.strictObject({ epoch: z.string(), sequence: z.string(), index: z.number().int() }),
  event: z.looseObject({ id: z.string(), time: z.string(), account: z.string() }),
});

/** Names of the files of evidence; `campaign.json` only where there is one. */
const EVIDENCE_FILES = [
  'finding.json',
  'policy.json',
  'calibration.json',
  'campaign.json',
  'profiles.ndjson',
  'events.ndjson',
  'audit.ndjson',
  'missing.json',
] as const;
type EvidenceFile = (typeof EVIDENCE_FILES)[number];

const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const lines = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join('');

/** Evidence as files, by name. */
export function writeEvidence(held: Evidences): Map<string, Uint8Array> {
  const texts: Readonly<Record<EvidenceFile, string | undefined>> = {
    'finding.json': pretty(held.finding),
    'policy.json': pretty(held.policy),
    'calibration.json': pretty(held.calibration),
    'campaign.json': held.campaign === undefined ? undefined : pretty(held.campaign),
    'profiles.ndjson': lines(
      held.profiles.map((profile) => ({
        ...profile,
        slices: Buffer.from(encodeSlices(profile.slices)).toString('base64'),
      })),
    ),
    'events.ndjson': lines(held.events.map(({ event, arrived, position }) => ({ arrived, position, event }))),
    'audit.ndjson': lines(held.audit),
    'missing.json': pretty(held.missing),
  };
  return new Map(
    EVIDENCE_FILES.flatMap((name) => {
      const text = texts[name];
      return text === undefined ? [] : [[name, new TextEncoder().encode(text)] as const];
    }),
  );
}

/** Evidence from files. @throws BundleError naming the file and what is wrong */
export function readEvidence(files: ReadonlyMap<string, Uint8Array>): Evidences {
  const text = (name: EvidenceFile): string => {
    const data = files.get(name);
    if (data === undefined) throw new BundleError(`${name} is missing`);
    return new TextDecoder().decode(data);
  };
  const whole = <T>(name: EvidenceFile, schema: z.ZodType<T>): T => parse(name, schema, text(name));
  const each = <T>(name: EvidenceFile, schema: z.ZodType<T>): T[] =>
    text(name)
      .split('\n')
      .filter((line) => line !== '')
      .map((line, i) => parse(`${name}, line ${i + 1}`, schema, line));
  return {
    finding: whole('finding.json', findingSchema),
    policy: whole('policy.json', policySchema),
    calibration: whole('calibration.json', calibrationSchema),
    ...(files.has('campaign.json') ? { campaign: whole('campaign.json', campaignLine) } : {}),
    profiles: each('profiles.ndjson', profileLine).map((line) => ({
      ...line,
      slices: decodeSlices(Buffer.from(line.slices, 'base64')),
    })),
    events: each('events.ndjson', eventLine).map(({ arrived, position, event }) => ({
      // Written by this code from events that the pipeline had accepted; what was changed since fails the manifest.
      event: event as unknown as UsageEvent,
      time: Date.parse(event.time),
      arrived,
      position,
    })),
    audit: each('audit.ndjson', auditEntry),
    missing: whole('missing.json', z.array(z.string())),
  };
}

function parse<T>(what: string, schema: z.ZodType<T>, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BundleError(`${what} is not JSON`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new BundleError(`${what}: ${describeReason(reasonOf(result.error, value))}`);
  return result.data;
}

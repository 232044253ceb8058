import { certaintyWords } from '../certainty.ts';
import { type Notice, recordId } from '../finding.ts';
import { headline, summary } from '../headline.ts';
import { defanged, identifier, plain } from '../plain.ts';
import { deadline, nextSteps } from '../steps.ts';
import { stakeWords } from './email.ts';

/**
 * AWS Security Finding Format for BatchImportFindings
 * (https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html): a finding is found again
 * by its Id, so that a later notice updates it; at most 240 KB.
 */
export const ASFF_MAX = {
  title: 256,
  description: 1024,
  recommendation: 512,
  resources: 32,
  field: 2048,
} as const;

/** Where the findings are imported: the deployment's own account. */
export interface SecurityHubHome {
  /** aws, aws-cn, aws-us-gov */
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

const SEVERITY: Readonly<Record<Notice['level'], string>> = {
  clear: 'INFORMATIONAL',
  watch: 'LOW',
  suspect: 'HIGH',
  critical: 'CRITICAL',
};

/**
 * A notice as an ASFF finding.
 * @param openedAt ISO time at which the finding was opened
 * @param now processing time, ms
 */
export function asff(
  notice: Notice,
  home: SecurityHubHome,
  openedAt: string,
  now: number,
): Record<string, unknown> {
  const { partition, region, accountId } = home;
  const sure = certaintyWords(notice);
  const { subject, versions } = notice;
  const over = notice.transition === 'closed';
  const text = (value: string, max: number) => plain(value, max);
  const fields: Record<string, string> = {
    'siphonwatch/level': notice.level,
    'siphonwatch/transition': notice.transition,
    'siphonwatch/score': String(notice.score),
    'siphonwatch/log10E': String(notice.log10E),
    'siphonwatch/p': String(notice.p),
    'siphonwatch/policy': versions.policy,
    'siphonwatch/calibration': versions.calibration,
    'siphonwatch/code': versions.code,
    'siphonwatch/plan': subject.plan || 'unknown',
    'siphonwatch/product': subject.product || 'unknown',
    'siphonwatch/stake': stakeWords(notice),
    'siphonwatch/certainty': `${sure.place} ${sure.evidence} ${sure.limits}`,
    ...Object.fromEntries(
      notice.reasons
        .slice(0, 3)
        .map((reason, i) => [`siphonwatch/reason${i + 1}`, `${reason.title}: ${reason.evidence}`]),
    ),
  };
  return {
    SchemaVersion: '2018-10-08',
    Id: `siphonwatch/${identifier(recordId(notice))}`,
    ProductArn: `arn:${partition}:securityhub:${region}:${accountId}:product/${accountId}/default`,
    GeneratorId: `siphonwatch/${text(versions.policy, 64)}`,
    AwsAccountId: accountId,
    Types: ['Unusual Behaviors/User', 'Effects/Data Exfiltration'],
    CreatedAt: openedAt,
    UpdatedAt: new Date(now).toISOString(),
    FirstObservedAt: notice.since,
    LastObservedAt: notice.at,
    Severity: { Label: SEVERITY[notice.level], Original: String(notice.score) },
    Confidence: Math.max(0, Math.min(100, Math.floor(100 * (1 - notice.p)))),
    Title: text(`Model extraction: ${headline(notice)}`, ASFF_MAX.title),
    Description: text(
      `${summary(notice)} ${sure.promise} ${sure.place} ${stakeWords(notice, false)} ${notice.reasons
        .slice(0, 3)
        .map((reason) => defanged(reason.evidence, 160))
        .join('; ')}`,
      ASFF_MAX.description,
    ),
    Remediation: {
      Recommendation: {
        Text: text(
          nextSteps(notice, now)
            .map((step) => `${deadline(step)}: ${step.what}`)
            .join(' '),
          ASFF_MAX.recommendation,
        ),
      },
    },
    ProductFields: Object.fromEntries(
      Object.entries(fields)
        .map(([name, value]) => [name, text(value, ASFF_MAX.field)] as const)
        .filter(([, value]) => value !== ''),
    ),
    Resources: [subject.id, ...(subject.members ?? []).map((held) => held.account)]
      .slice(0, ASFF_MAX.resources)
      .map((id) => ({ Type: 'Other', Id: identifier(id), Partition: partition, Region: region })),
    RecordState: over ? 'ARCHIVED' : 'ACTIVE',
  };
}

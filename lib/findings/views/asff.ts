import { type Finding, type Notice, recordId } from '../finding.ts';
import { headline, summary } from '../headline.ts';
import { deadline, nextSteps } from '../next-steps.ts';
import { defanged, identifier, plain } from '../sanitize.ts';
import { significanceText } from '../significance-text.ts';
import { stakeWords } from './email.ts';

/**
 * AWS Security Finding Format for BatchImportFindings
 * (https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html): a finding is found again
 * by its Id, so that a later import updates it, unless its UpdatedAt is not later; at most 240 KB.
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
  readonly partition: 'aws' | 'aws-cn' | 'aws-us-gov';
  readonly region: string;
  readonly accountId: string;
}

/** ARN of the product under which an account's own findings are imported. */
export function productArn({ partition, region, accountId }: SecurityHubHome): string {
  return `arn:${partition}:securityhub:${region}:${accountId}:product/${accountId}/default`;
}

/** @throws Error naming the value where it is not such an ARN */
export function homeOf(arn: string): SecurityHubHome {
  const found = /^arn:(aws|aws-cn|aws-us-gov):securityhub:([a-z0-9-]+):(\d{12}):product\/\3\/default$/.exec(
    arn,
  );
  const [, partition, region = '', accountId = ''] = found ?? [];
  if (partition !== 'aws' && partition !== 'aws-cn' && partition !== 'aws-us-gov')
    throw new Error(`SECURITY_HUB must be the ARN of an account's default product (got ${plain(arn, 200)})`);
  return { partition, region, accountId };
}

const SEVERITY: Readonly<Record<Notice['level'], AsffFinding['Severity']['Label']>> = {
  clear: 'INFORMATIONAL',
  watch: 'LOW',
  suspect: 'HIGH',
  critical: 'CRITICAL',
};

/** The fields of ASFF that are used. */
export interface AsffFinding {
  SchemaVersion: '2018-10-08';
  Id: string;
  ProductArn: string;
  GeneratorId: string;
  AwsAccountId: string;
  Types: string[];
  CreatedAt: string;
  UpdatedAt: string;
  FirstObservedAt: string;
  LastObservedAt: string;
  Severity: { Label: 'INFORMATIONAL' | 'LOW' | 'HIGH' | 'CRITICAL'; Original: string };
  Confidence: number;
  /** what updates of an imported finding change; the fields of the same names are the customer's from then on */
  FindingProviderFields: {
    Severity: { Label: AsffFinding['Severity']['Label']; Original: string };
    Confidence: number;
    Types: string[];
  };
  Title: string;
  Description: string;
  Remediation: { Recommendation: { Text: string } };
  ProductFields: Record<string, string>;
  Resources: { Type: 'Other'; Id: string; Partition: 'aws' | 'aws-cn' | 'aws-us-gov'; Region: string }[];
  RecordState: 'ACTIVE' | 'ARCHIVED';
}

/**
 * A finding as it stands, by its newest notice, as an ASFF finding; archived where it is closed, by the detector or by
 * people.
 * @param now processing time, ms
 */
export function asff(
  held: Pick<Finding, 'notice' | 'openedAt' | 'state' | 'verdict'>,
  home: SecurityHubHome,
  now: number,
): AsffFinding {
  const { notice, verdict } = held;
  const { partition, region, accountId } = home;
  const sure = significanceText(notice);
  const { subject, versions } = notice;
  const text = (value: string, max: number) => plain(value, max);
  const types = ['Unusual Behaviors/User', 'Effects/Data Exfiltration'];
  const severity = { Label: SEVERITY[notice.level], Original: String(notice.score) };
  const confidence = Math.max(0, Math.min(100, Math.floor(100 * (1 - notice.p))));
  const fields: Record<string, string> = {
    'siphonwatch/level': notice.level,
    'siphonwatch/transition': notice.transition,
    'siphonwatch/verdict':
      verdict === undefined ? '' : `${verdict.verdict}, said ${verdict.by} at ${verdict.at}`,
    'siphonwatch/score': String(notice.score),
    'siphonwatch/log10E': String(notice.log10E),
    'siphonwatch/p': String(notice.p),
    'siphonwatch/policy': versions.policy,
    'siphonwatch/calibration': versions.calibration,
    'siphonwatch/code': versions.code,
    'siphonwatch/plan': subject.plan || 'unknown',
    'siphonwatch/product': subject.product || 'unknown',
    'siphonwatch/stake': stakeWords(notice),
    'siphonwatch/certainty': `${sure.sentence} ${sure.place} ${sure.evidence} ${sure.oneByOne === undefined ? '' : `${sure.oneByOne} `}${sure.limits}`,
    ...Object.fromEntries(
      notice.reasons
        .slice(0, 3)
        .map((reason, i) => [`siphonwatch/reason${i + 1}`, `${reason.title}: ${reason.evidence}`]),
    ),
    'siphonwatch/members': String(subject.memberCount ?? ''),
    'siphonwatch/links': notice.links
      .map((link) => `${link.kind}: ${link.members} members, ${link.others} others`)
      .join('; '),
    'siphonwatch/explanations': notice.explanations
      .map(({ title, fits }) => `${fits ? 'fits' : 'does not fit'}: ${title}`)
      .join('; '),
    ...Object.fromEntries(
      nextSteps(notice, now).map((step, i) => [
        `siphonwatch/step${i + 1}`,
        `${deadline(step)}: ${step.what} ${step.command}`,
      ]),
    ),
  };
  return {
    SchemaVersion: '2018-10-08',
    Id: `siphonwatch/${identifier(recordId(notice))}`,
    ProductArn: productArn(home),
    GeneratorId: `siphonwatch/${text(versions.policy, 64)}`,
    AwsAccountId: accountId,
    Types: types,
    CreatedAt: held.openedAt,
    UpdatedAt: new Date(now).toISOString(),
    FirstObservedAt: notice.since,
    LastObservedAt: notice.at,
    Severity: severity,
    Confidence: confidence,
    FindingProviderFields: { Severity: severity, Confidence: confidence, Types: types },
    Title: text(`Model extraction: ${headline(notice)}`, ASFF_MAX.title),
    Description: text(
      `${summary(notice)} ${sure.sentence} ${stakeWords(notice, false)} ${notice.reasons
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
    RecordState: held.state === 'closed' ? 'ARCHIVED' : 'ACTIVE',
  };
}

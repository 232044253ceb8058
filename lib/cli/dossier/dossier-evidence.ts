import { type ArchivedEvents, readArchivedEvents } from '../../aws/archived-events.ts';
import { CalibrationBucket } from '../../aws/calibration-bucket.ts';
import { CampaignTable } from '../../aws/campaign-table.ts';
import { findPolicy } from '../../aws/policy-history.ts';
import { ProfileTable } from '../../aws/profile-table.ts';
import {
  type CampaignSnapshot,
  campaignSnapshot,
  type Evidences,
  type ProfileSnapshot,
  snapshotOf,
} from '../../dossier/bundle.ts';
import type { AuditEntry, Finding } from '../../findings/finding.ts';
import { count } from '../../findings/format.ts';
import { plain } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import { defaultPolicy, type Policy } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { CalibrationMissing, CalibrationOfOtherFormat } from '../../stores/calibration-store.ts';
import { DAY_MS } from '../../time.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import { rolloutTarget } from '../policy/rollout-target.ts';
import type { Deployment, DeploymentOptions } from '../shared/deployment.ts';

export interface EvidenceOptions extends DeploymentOptions {
  readonly policy?: string;
  readonly stack?: string;
  readonly calibration?: string;
}

/** All evidence that is still there, and in sentences what is not. @throws InputError where policy or calibration is none */
export async function gatherEvidence(
  finding: Finding,
  audit: readonly AuditEntry[],
  options: EvidenceOptions,
  deployment: Deployment,
): Promise<Evidences> {
  const { notice } = finding;
  const missing: string[] = [];
  const policy = await policyOf(finding, options);
  const calibration = await calibrationOf(finding, policy, options, deployment);
  const campaign = await campaignOf(finding, deployment, missing);
  const accounts = accountsOf(finding, campaign, missing);
  const profiles = await profilesOf(accounts, policy, deployment, missing);
  const held = {
    finding,
    policy,
    calibration,
    ...(campaign === undefined ? {} : { campaign }),
    profiles,
    audit,
    missing,
  };
  if (deployment.archiveBucket === undefined) {
    missing.push('The archive was off or not given (--archive-bucket): there are no events.');
    return { ...held, events: [] };
  }
  const from = Math.min(Date.parse(notice.window.from), Date.parse(notice.since)) - DAY_MS;
  // Events may come late and still belong to slices of the finding's window.
  const to = Date.parse(finding.updatedAt) + DAY_MS + policy.allowedLatenessHours * 3_600_000;
  const archived = await readArchivedEvents(
    deployment.s3,
    deployment.archiveBucket,
    new Set(accounts),
    from,
    to,
  );
  if (archived.unreadable > 0)
    missing.push(
      `${archived.unreadable} places of archived objects are damaged: events of these accounts may have stood there.`,
    );
  if (archived.events.length === 0) missing.push('The archive holds no events of these accounts any more.');
  else {
    const first = Math.min(...profiles.map((profile) => profile.firstSeen));
    missing.push(...emptyDayWords(archived, first, to - DAY_MS));
  }
  return { ...held, events: archived.events };
}

/**
 * Days (UTC) of which nothing is left, in a sentence. The archive files events by the day of their arrival: a day whose
 * events came later, as in a replay, is not missing.
 * @param from ms, the first event of the accounts that is known of
 * @param to ms
 */
export function emptyDayWords(
  { emptyDays, events }: Pick<ArchivedEvents, 'emptyDays' | 'events'>,
  from: number,
  to: number,
): string[] {
  const happened = new Set(events.map(({ event }) => event.time.slice(0, 10)));
  const empty = emptyDays.filter(
    (day) => Date.parse(day) + DAY_MS > from && Date.parse(day) < to && !happened.has(day),
  );
  return empty.length === 0
    ? []
    : [
        `The archive has no events of these accounts that happened or arrived on ${empty.join(', ')}: no traffic then, or it had expired.`,
      ];
}

/** The policy that the notice names: of the file, the shipped one, or out of AppConfig's history. */
async function policyOf({ notice }: Finding, options: EvidenceOptions): Promise<Policy> {
  const wanted = notice.versions.policy;
  const made = `the finding was made with policy ${plain(wanted, 64)}`;
  if (options.policy !== undefined) {
    const policy = await loadPolicy(options.policy);
    if (policy.id === wanted) return policy;
    throw new InputError(`${made}, ${options.policy} is ${policy.id}: give the right one with --policy FILE`);
  }
  if (defaultPolicy.id === wanted) return defaultPolicy;
  const target = await rolloutTarget(options, 'read');
  try {
    const found = await findPolicy(target.rollout, wanted);
    if ('policy' in found) return found.policy;
    const known = found.known.length === 0 ? 'no policy' : `only ${found.known.join(', ')}`;
    throw new InputError(
      `${made}, which is neither the shipped one (${defaultPolicy.id}) nor in AppConfig: ${target.where} has ${known}. It cannot be had from here; give it with --policy FILE`,
    );
  } catch (error) {
    if (error instanceof InputError || !(error instanceof Error)) throw error;
    throw new InputError(
      `${made}, which is not the shipped one (${defaultPolicy.id}), and AppConfig could not be asked for it: ${error.message}. Name the stack with --stack, or give the policy with --policy FILE`,
      { cause: error },
    );
  } finally {
    target.close();
  }
}

async function calibrationOf(
  { notice }: Finding,
  policy: Policy,
  options: EvidenceOptions,
  deployment: Deployment,
): Promise<Calibration> {
  const calibration =
    options.calibration === undefined && deployment.stateBucket !== undefined
      ? await new CalibrationBucket(deployment.s3, deployment.stateBucket)
          .get(policy.calibration)
          .catch((error: unknown) => {
            if (error instanceof CalibrationMissing)
              throw new InputError(`${error.message}; give it with --calibration FILE`, { cause: error });
            if (error instanceof CalibrationOfOtherFormat)
              throw new InputError(
                `${error.message}. A finding that was made with it is assessed by the version that made it (${notice.versions.code})`,
                { cause: error },
              );
            throw error;
          })
      : await loadCalibration(options.calibration);
  if (calibration.id !== notice.versions.calibration)
    throw new InputError(
      `the finding was made with calibration ${plain(notice.versions.calibration, 128)}, this one is ${calibration.id}: give it with --calibration FILE`,
    );
  return calibration;
}

async function campaignOf(
  { notice }: Finding,
  deployment: Deployment,
  missing: string[],
): Promise<CampaignSnapshot | undefined> {
  if (notice.subject.type === 'account') return undefined;
  if (deployment.campaignTable === undefined) {
    missing.push(
      'The campaigns table was not given (--campaign-table): its members and evidence are not here.',
    );
    return undefined;
  }
  const stored = await new CampaignTable(deployment.dynamodb, deployment.campaignTable).find(
    notice.subject.id,
  );
  if (stored === undefined) missing.push('The campaign had expired: its members and evidence are not here.');
  return stored === undefined ? undefined : campaignSnapshot(stored.campaign);
}

/** The account, or all members of the campaign that are known. */
function accountsOf(
  { notice }: Finding,
  campaign: CampaignSnapshot | undefined,
  missing: string[],
): readonly string[] {
  if (notice.subject.type === 'account') return [notice.subject.id];
  const listed = (notice.subject.members ?? []).map(({ account }) => account);
  const accounts = [...new Set([...(campaign?.members ?? []), ...listed])].sort();
  const named = notice.subject.memberCount ?? accounts.length;
  if (named > accounts.length)
    missing.push(
      `The notice counts ${count(named)} members and lists ${count(listed.length)}; of the others nothing is here.`,
    );
  return accounts;
}

async function profilesOf(
  accounts: readonly string[],
  policy: Policy,
  deployment: Deployment,
  missing: string[],
): Promise<ProfileSnapshot[]> {
  if (deployment.profileTable === undefined) {
    missing.push('The profiles table was not given (--profile-table): there are no stored slices.');
    return [];
  }
  const table = new ProfileTable(deployment.dynamodb, deployment.profileTable, {
    retentionDays: policy.retentionDays,
  });
  const states = await table.load(accounts);
  const profiles: ProfileSnapshot[] = [];
  for (const account of accounts) {
    const state = states.get(account);
    if (state === undefined || (state.profile.version === 0 && state.lanes === undefined))
      missing.push(`The profile of ${account} had expired.`);
    else profiles.push(snapshotOf(state));
  }
  return profiles;
}

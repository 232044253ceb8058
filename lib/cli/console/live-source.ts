import { CalibrationBucket } from '../../aws/calibration-bucket.ts';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { ProfileTable } from '../../aws/profile-table.ts';
import type { AccountOutcome } from '../../backtest/outcome.ts';
import { type ConsoleStatus, statusWarnings } from '../../console/status.ts';
import { asTyped } from '../../contract/command.ts';
import { NO_SHADOW } from '../../contract/policy-names.ts';
import type { Finding, Verdict } from '../../findings/finding.ts';
import type { Author } from '../../findings/principal.ts';
import { shadowDigest } from '../../findings/shadow-digest.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { defaultPolicy, type Policy } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { levelRank } from '../../scoring/level.ts';
import { significanceOf } from '../../scoring/significance.ts';
import { largest } from '../../statistics/extremes.ts';
import { trafficOf, wholeTrail } from '../../stores/finding-queries.ts';
import { openReview } from '../../stores/reviews.ts';
import { DAY_MS } from '../../time.ts';
import { CandidateLog } from '../policy/candidate-work.ts';
import { loadCalibration } from '../policy/policy-file.ts';
import { type RolloutOptions, rolloutTarget } from '../policy/rollout-target.ts';
import { calledAnywhere } from '../shared/called-as.ts';
import { decideOn } from '../shared/decide.ts';
import { asInputError, type Deployment } from '../shared/deployment.ts';
import type { ConsoleOrigin, ConsoleSource } from './console-source.ts';

export interface LiveOptions extends RolloutOptions {
  readonly calibration?: string;
}

const MAX_FINDINGS = 10_000;
/** A shadow digest looks so far back, ms. */
const SHADOW_MS = 14 * DAY_MS;

/** The console on a deployment or a running demo: everything is read, verdicts are written. */
export function liveOrigin(deployment: Deployment, options: LiveOptions, author: Author): ConsoleOrigin {
  const store = new DynamoFindingStore(deployment.dynamodb, deployment.findingTable, {
    onUnreadable: ({ message }) => say(`left out: ${message}`),
  });
  return {
    read: async () => {
      try {
        return await readLive(deployment, options, store);
      } catch (error) {
        throw asInputError(error, deployment.where);
      }
    },
    live: {
      demo: deployment.local,
      author: author.claimed === undefined ? author.principal : `${author.claimed} (${author.principal})`,
      async find(id) {
        const held = await store.find(id);
        if (held === undefined) return undefined;
        const exception = await store.exceptionFor(held.finding.notice.subject.id, Date.now());
        return {
          finding: held.finding,
          audit: await wholeTrail(store, held.finding),
          ...(exception === undefined ? {} : { quietUntil: exception.until }),
        };
      },
      decide: decideOn(deployment, store, () => Promise.resolve(author)),
    },
  };
}

async function readLive(
  deployment: Deployment,
  options: LiveOptions,
  store: DynamoFindingStore,
): Promise<ConsoleSource> {
  const rollout = await policiesOf(options);
  const { policy } = rollout;
  const calibration =
    options.calibration !== undefined || deployment.stateBucket === undefined
      ? await loadCalibration(options.calibration)
      : await new CalibrationBucket(deployment.s3, deployment.stateBucket).get(policy.calibration);
  const [{ findings }, shadow, week, review] = await Promise.all([
    store.list(MAX_FINDINGS),
    rollout.shadow === undefined ? undefined : store.list(MAX_FINDINGS, true),
    trafficOf(store),
    openReview(store),
  ]);
  const log = rollout.shadow && new CandidateLog(rollout.shadow.id);
  const accounts = await accountsOf(deployment, findings, { policy, calibration, log });
  const last = accounts.reduce((latest, held) => Math.max(latest, held.lastSeen), 0);
  const told = {
    lastEvent: last === 0 ? '' : new Date(last).toISOString(),
    accounts: accounts.length,
    calibration: pick(calibration),
  };
  const status: ConsoleStatus = {
    ...told,
    readAt: new Date().toISOString(),
    active: accounts.filter((held) => held.lastSeen > last - DAY_MS).length,
    events: accounts.reduce((sum, held) => sum + held.events, 0),
    policy: rollout.active,
    shadow:
      rollout.shadow === undefined
        ? undefined
        : {
            ...rollout.shadow,
            lines: shadowDigest({
              active: findings,
              shadow: shadow?.findings ?? [],
              candidate: rollout.shadow.id,
              work: log?.work,
              period: SHADOW_MS,
            }).lines.map((line) => asTyped(line, calledAnywhere())),
          },
    week,
    review,
    warnings: [...rollout.warnings, ...statusWarnings(told, deployment.local ? undefined : Date.now())],
  };
  return {
    title: deployment.local ? 'the demo' : deployment.where,
    labelled:
      deployment.labels !== undefined
        ? 'labels'
        : accounts.some((held) => held.label !== '')
          ? 'verdicts'
          : 'none',
    policy,
    calibration,
    accounts,
    findings,
    status,
    // old traffic that is replayed goes on from its last event
    now: deployment.local
      ? largest(
          findings.map((held) => Date.parse(held.updatedAt)),
          last,
        )
      : Date.now(),
  };
}

function pick({ id, madeAt, accounts, days, foreign }: Calibration): ConsoleStatus['calibration'] {
  return { id, madeAt, accounts, days, foreign };
}

const LABEL_OF: Readonly<Record<Verdict, AccountOutcome['label']>> = {
  confirmed: 'extraction',
  benign: 'benign',
  unsure: 'grey',
};

interface Judging {
  readonly policy: Policy;
  readonly calibration: Calibration;
  /** what the candidate has judged, where there is one */
  readonly log: CandidateLog | undefined;
}

async function accountsOf(
  deployment: Deployment,
  findings: readonly Finding[],
  { policy, calibration, log }: Judging,
): Promise<AccountOutcome[]> {
  if (deployment.profileTable === undefined)
    throw new InputError('which profiles? Give --profile-table NAME (or PROFILE_TABLE)');
  const byAccount = new Map<string, Finding>();
  const campaignOf = new Map<string, Finding>();
  for (const held of [...findings].reverse())
    if (held.notice.subject.type === 'account') byAccount.set(held.notice.subject.id, held);
    else for (const { account } of held.notice.subject.members ?? []) campaignOf.set(account, held);
  const table = new ProfileTable(deployment.dynamodb, deployment.profileTable, {
    retentionDays: policy.retentionDays,
  });
  const accounts: AccountOutcome[] = [];
  for await (const { profile, judgement } of table.scan()) {
    log?.add({ profile, judgement });
    const sure = significanceOf(judgement.evidence, profile.customer, calibration);
    const finding = byAccount.get(profile.account);
    const campaign = campaignOf.get(profile.account);
    const told = finding ?? campaign;
    const verdict = (finding?.verdict ?? campaign?.verdict)?.verdict;
    const label = deployment.labels?.get(profile.account);
    accounts.push({
      id: profile.account,
      account: profile.account,
      label: label?.label ?? (verdict === undefined ? '' : LABEL_OF[verdict]),
      kind: label?.kind ?? '',
      campaign: label?.campaign ?? campaign?.notice.subject.id ?? '',
      group: sure?.group ?? '',
      events: profile.totals.events,
      firstSeen: profile.firstSeen,
      lastSeen: profile.lastSeen,
      peak: judgement.evidence.peak,
      peakAt: judgement.evidence.peakAt,
      p: sure?.p ?? 1,
      reasons: finding?.notice.reasons.map((reason) => reason.title) ?? [],
      ...(told === undefined || levelRank(told.highest) < levelRank('suspect')
        ? {}
        : {
            flag: {
              level: told.highest,
              at: Date.parse(told.openedAt),
              events: finding?.notice.window.events ?? profile.totals.events,
              via: finding === undefined ? ('campaign' as const) : ('account' as const),
              finding: told.id,
            },
          }),
    });
    if (accounts.length % 10_000 === 0) say(`${accounts.length} profiles read ...`);
  }
  return accounts;
}

interface Policies {
  readonly policy: Policy;
  readonly active: ConsoleStatus['policy'];
  readonly shadow: { readonly id: string; readonly since: string } | undefined;
  readonly warnings: readonly string[];
}

/** The policies in force; the shipped one, said so, where the rollout cannot be read. */
async function policiesOf(options: RolloutOptions): Promise<Policies> {
  const target = await rolloutTarget(options, 'read');
  try {
    const [active, shadow] = await Promise.all([
      target.rollout.current('active'),
      target.rollout.current('shadow'),
    ]);
    const iso = (date: Date | undefined): string => date?.toISOString() ?? '';
    return {
      policy: active?.policy ?? defaultPolicy,
      active: {
        id: active?.policy.id ?? defaultPolicy.id,
        since: iso(active?.deployed?.startedAt),
        state:
          active?.deployed?.state.toLowerCase().replaceAll('_', ' ') ??
          ((await target.rollout.deployments('active', 1)).length === 0
            ? 'shipped, nothing was pushed'
            : 'shipped, what was pushed is not in force'),
        note: '',
      },
      shadow:
        shadow === undefined || shadow.policy.id === NO_SHADOW
          ? undefined
          : { id: shadow.policy.id, since: iso(shadow.deployed?.startedAt) },
      warnings: [],
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return {
      policy: defaultPolicy,
      active: { id: defaultPolicy.id, since: '', state: 'not known', note: '' },
      shadow: undefined,
      warnings: [`The active policy cannot be read (${why}): shown against the shipped one.`],
    };
  } finally {
    target.close();
  }
}

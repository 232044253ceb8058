import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { CalibrationBucket } from '../../aws/calibration-bucket.ts';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { ProfileTable } from '../../aws/profile-table.ts';
import type { AccountOutcome, BacktestOutcome } from '../../backtest/outcome.ts';
import type { Finding } from '../../findings/finding.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { parsePolicy } from '../../policy/parse-policy.ts';
import { defaultPolicy } from '../../policy/policy.ts';
import { levelRank } from '../../scoring/level.ts';
import { significanceOf } from '../../scoring/significance.ts';
import { loadCalibration } from '../policy/policy-file.ts';
import { rolloutTarget } from '../policy/rollout-target.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { asInputError, connect, type DeploymentOptions, withEvidenceOptions } from '../shared/deployment.ts';
import { type ConsoleSource, startConsole } from './console-server.ts';

interface ConsoleOptions extends DeploymentOptions {
  readonly port: number;
  readonly stack?: string;
  readonly calibration?: string;
  readonly json?: boolean;
}

function port(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 0 && value < 65_536))
    throw new InvalidArgumentError('must be a port number');
  return value;
}

/** `console [OUTCOME]`: a local page on loopback, for a saved backtest, the running demo or deployed tables. */
export function consoleCommand(): Command {
  return withEvidenceOptions(
    new Command('console')
      .description(
        'a local page: suspects, campaigns, thresholds and their effect; loopback only, holds no data of its own',
      )
      .argument(
        '[outcome]',
        'what `backtest --save FILE` wrote; without it, the deployed tables that are named, else the running demo',
      ),
  )
    .option('--stack <name>', 'the deployed stack, for its policy (SIPHONWATCH_STACK)')
    .option('--calibration <file>', 'calibration (JSON); default: the one that the policy names')
    .option('--port <n>', 'port on 127.0.0.1; 0 for any', port, 0)
    .option('--json', 'print the address as a JSON document')
    .action((file: string | undefined, options: ConsoleOptions) =>
      runCommand('console', async () => {
        const source = file === undefined ? await deployed(options) : await saved(file, options);
        const server = await startConsole(source, options.port).catch((error: unknown) => {
          if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
            throw new InputError(`--port ${options.port}: in use; give another, or 0 for any`, {
              cause: error,
            });
          throw error;
        });
        if (options.json === true) printJson({ url: server.url, accounts: source.accounts.length });
        else process.stdout.write(`${server.url}\n`);
        say('Open it in a browser on this machine. Ctrl-C ends it.');
        await new Promise<void>((resolve) => {
          process.once('SIGINT', resolve);
          process.once('SIGTERM', resolve);
        });
        await server.close();
        return 0;
      }),
    );
}

const outcomeFile = z.looseObject({
  v: z.literal(1),
  result: z.looseObject({
    versions: z.looseObject({ policy: z.string() }),
    accounts: z.unknown().optional(),
  }),
  policy: z.unknown(),
  accounts: z.array(
    z.looseObject({
      id: z.string(),
      account: z.string(),
      p: z.number(),
      peak: z.number(),
      group: z.string(),
    }),
  ),
  notices: z.array(
    z.looseObject({ finding: z.string(), subject: z.looseObject({ type: z.string(), id: z.string() }) }),
  ),
});

/** @throws InputError saying what the file is not */
export async function saved(file: string, options: { calibration?: string }): Promise<ConsoleSource> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new InputError(
      `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        cause: error,
      },
    );
  });
  let json: unknown;
  try {
    json = JSON.parse((bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8'));
  } catch (error) {
    throw new InputError(
      `${file}: ${bytes[0] === 0x1f ? 'truncated or damaged gzip, or not JSON' : 'not JSON'}; make it with backtest --save`,
      { cause: error },
    );
  }
  const parsed = outcomeFile.safeParse(json);
  if (!parsed.success)
    throw new InputError(`${file}: not what backtest --save writes: ${z.prettifyError(parsed.error)}`);
  // The shape that the page reads is checked above; the rest is shown as text.
  const outcome = json as BacktestOutcome;
  const policy = parsePolicy(JSON.stringify(outcome.policy));
  if (!policy.ok)
    throw new InputError(`${file}: its policy is of another version of siphonwatch: run backtest again`);
  return {
    title: `backtest of ${outcome.result.events.read.toLocaleString('en-US')} events`,
    labelled: outcome.accounts.some((held) => held.label !== '') ? 'labels' : 'none',
    policy: policy.policy,
    calibration: await loadCalibration(options.calibration),
    accounts: outcome.accounts,
    notices: outcome.notices,
  };
}

async function deployed(options: ConsoleOptions): Promise<ConsoleSource> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const deployment = await connect(options);
  try {
    if (deployment.profileTable === undefined)
      throw new InputError('which profiles? Give --profile-table NAME (or PROFILE_TABLE)');
    const policy = await activePolicy(options);
    const calibration =
      options.calibration !== undefined || deployment.stateBucket === undefined
        ? await loadCalibration(options.calibration)
        : await new CalibrationBucket(deployment.s3, deployment.stateBucket).get(policy.calibration);
    const { findings } = await new DynamoFindingStore(deployment.dynamodb, deployment.findingTable).list(
      10_000,
    );
    const byAccount = new Map<string, Finding>();
    for (const held of [...findings].reverse())
      if (held.notice.subject.type === 'account') byAccount.set(held.notice.subject.id, held);
    const campaignOf = new Map<string, Finding>();
    for (const held of findings)
      if (held.notice.subject.type === 'campaign')
        for (const member of held.notice.subject.members ?? []) campaignOf.set(member.account, held);
    const table = new ProfileTable(deployment.dynamodb, deployment.profileTable, {
      retentionDays: policy.retentionDays,
    });
    const accounts: AccountOutcome[] = [];
    for await (const { profile, judgement } of table.scan()) {
      const sure = significanceOf(judgement.evidence, profile.customer, calibration);
      const finding = byAccount.get(profile.account);
      const campaign = campaignOf.get(profile.account);
      const told = finding ?? campaign;
      const verdict = (finding?.verdict ?? campaign?.verdict)?.verdict;
      accounts.push({
        id: profile.account,
        account: profile.account,
        label:
          verdict === 'confirmed'
            ? 'extraction'
            : verdict === 'benign'
              ? 'benign'
              : verdict === 'unsure'
                ? 'grey'
                : '',
        kind: '',
        campaign: campaign?.notice.subject.id ?? '',
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
    return {
      title: deployment.where,
      labelled: accounts.some((held) => held.label !== '') ? 'verdicts' : 'none',
      policy,
      calibration,
      accounts,
      notices: findings.map((held) => held.notice),
    };
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

/** The policy in force; the shipped one, said so, where the rollout cannot be read. */
async function activePolicy(options: ConsoleOptions) {
  try {
    const target = await rolloutTarget(options, 'read');
    try {
      return (await target.rollout.current('active'))?.policy ?? defaultPolicy;
    } finally {
      target.close();
    }
  } catch (error) {
    say(
      `WARNING: the active policy cannot be read (${error instanceof Error ? error.message : String(error)}); shown against the shipped one`,
    );
    return defaultPolicy;
  }
}

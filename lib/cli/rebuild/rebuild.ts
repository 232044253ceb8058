import { Command } from 'commander';
import { ArchiveReader } from '../../aws/archive-reader.ts';
import { FactItems } from '../../aws/fact-items.ts';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { ProfileTable } from '../../aws/profile-table.ts';
import { QuarantineBucket } from '../../aws/quarantine.ts';
import { RebuiltTable } from '../../aws/rebuilt-table.ts';
import { rebuiltTableOf } from '../../contract/tables.ts';
import type { Rules } from '../../detection/judge.ts';
import { type Notice, recordId } from '../../findings/finding.ts';
import { isSettled } from '../../findings/settled.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { windowMs } from '../../profile/window.ts';
import { printJson, runCommand } from '../shared/command.ts';
import {
  asInputError,
  connect,
  type Deployment,
  type DeploymentOptions,
  withEvidenceOptions,
} from '../shared/deployment.ts';
import {
  NOTHING_REBUILT,
  type RebuildPorts,
  type Rebuilt,
  rebuildGroup,
  TwoStreams,
} from './rebuild-accounts.ts';
import { rebuildRules } from './rebuild-rules.ts';
import { type Compared, compareAccounts } from './switch-over.ts';

interface RebuildOptions extends DeploymentOptions {
  readonly quarantineBucket?: string;
  readonly into?: string;
  readonly from?: string;
  readonly to?: string;
  readonly stream?: string;
  readonly policy?: string;
  readonly calibration?: string;
  readonly allowedSkewSeconds: string;
  readonly replayClock?: boolean;
  readonly compare?: boolean;
  readonly switch?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** What the verb prints with `--json`. */
interface Result {
  readonly into: string;
  readonly days: readonly string[];
  readonly rebuilt: Rebuilt;
  readonly compared?: Compared;
}

/** `rebuild`: makes the profiles anew from the archive, in a second table, and can put them in the place of the live ones. */
export function rebuildCommand(): Command {
  return withEvidenceOptions(
    new Command('rebuild').description('make the profiles anew from the archive, into a second table'),
  )
    .option('--into <name>', 'the second table; without it, the name of the live one and -rebuilt')
    .option(
      '--quarantine-bucket <name>',
      'where events were quarantined that were put back (QUARANTINE_BUCKET)',
    )
    .option(
      '--from <day>',
      'first day (UTC) of arrival, as 2026-03-02; without it, the first that is archived',
    )
    .option('--to <day>', 'last day')
    .option('--stream <name>', 'only records of this stream, where the archive has several')
    .option(
      '--policy <file>',
      'judge by this policy; without it, by the one in force in the stack (POLICY_APPLICATION)',
    )
    .option('--calibration <file>', 'judge by this calibration; without it, by the one that the policy names')
    .option('--allowed-skew-seconds <seconds>', 'the setting of the deployment', '300')
    .option('--replay-clock', 'the setting of the deployment: arrival times are those in the records')
    .option('--compare', 'say how the rebuilt accounts stand beside the live ones')
    .option('--switch', 'put rebuilt accounts that differ in the place of the live ones')
    .option('--dry-run', 'only say what would be read')
    .option('--json', 'print one JSON document')
    .action((options: RebuildOptions) => runCommand('rebuild', () => rebuild(options)));
}

async function rebuild(options: RebuildOptions): Promise<number> {
  const deployment = await connect(options);
  try {
    const { archiveBucket, profileTable } = deployment;
    if (archiveBucket === undefined)
      throw new InputError('which archive? Give --archive-bucket (ARCHIVE_BUCKET)');
    if (profileTable === undefined)
      throw new InputError('which profiles? Give --profile-table (PROFILE_TABLE)');
    const into = options.into ?? rebuiltTableOf(profileTable);
    if (into === profileTable) throw new InputError('--into must name another table than the live one');
    const archive = new ArchiveReader(deployment.s3, archiveBucket);
    const days = (await archive.days()).filter(
      (day) => day >= (options.from ?? '') && day <= (options.to ?? '9'),
    );
    if (days.length === 0) throw new InputError(`${archiveBucket} has nothing of these days`);
    const work = { deployment, options, archive, days, profileTable, into };
    return options.dryRun === true ? await describe(work) : await run(work);
  } catch (error) {
    if (error instanceof TwoStreams) throw new InputError(error.message, { cause: error });
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

interface Work {
  readonly deployment: Deployment;
  readonly options: RebuildOptions;
  readonly archive: ArchiveReader;
  readonly days: readonly string[];
  readonly profileTable: string;
  readonly into: string;
}

async function describe({ archive, days, into, options }: Work): Promise<number> {
  const groups = await archive.groups(days);
  let objects = 0;
  for (const group of groups) objects += (await archive.keysOf(group, days)).length;
  if (options.json === true) printJson({ into, days, groups: groups.length, objects, dryRun: true });
  else
    process.stdout.write(
      `${objects} objects of ${days.length} days (${days[0]} to ${days.at(-1)}) in ${groups.length} groups would be read into ${into}\n`,
    );
  return 0;
}

async function run(work: Work): Promise<number> {
  const { deployment, options, archive, days, profileTable, into } = work;
  const tty = process.stderr.isTTY === true && options.json !== true;
  const rules = await rebuildRules(deployment, options);
  const { retentionDays } = rules.policy;
  const table = new RebuiltTable(deployment.dynamodb, profileTable, into, retentionDays);
  if ((await table.make()) === 'there') say(`${into} is there already: going on where its last run was`);
  const profiles = new ProfileTable(deployment.dynamodb, into, { retentionDays });
  const ports = await portsOf(work, table, profiles, rules);
  const rebuilt = { ...NOTHING_REBUILT };
  const groups = await archive.groups(days);
  for (const group of groups)
    await rebuildGroup(group, days, ports, rebuilt, () => {
      if (tty)
        process.stderr.write(`\r${rebuilt.groups} of ${groups.length} groups, ${rebuilt.records} records `);
    });
  if (tty) process.stderr.write('\n');
  const compared =
    options.compare === true || options.switch === true
      ? await compareAccounts(
          {
            table,
            live: new ProfileTable(deployment.dynamodb, profileTable, { retentionDays }),
            rebuilt: new ProfileTable(deployment.dynamodb, into, { retentionDays }),
            longestWindow: Math.max(...rules.policy.windows.map(windowMs)),
          },
          options.switch === true,
          (so) => {
            if (tty) process.stderr.write(`\r${so.accounts} accounts, ${so.switched} switched over `);
          },
        )
      : undefined;
  if (tty && compared !== undefined) process.stderr.write('\n');
  const result: Result = { into, days, rebuilt, ...(compared === undefined ? {} : { compared }) };
  if (options.json === true) printJson(result);
  else process.stdout.write(summary(result));
  return rebuilt.unusable > 0 || (compared !== undefined && leftOver(compared) > 0) ? 1 : 0;
}

/** Accounts that are still not as the archive says. */
function leftOver({ different, lost, behind, switched }: Compared): number {
  return different + lost + behind - switched;
}

async function portsOf(
  { deployment, options, archive, into }: Work,
  table: RebuiltTable,
  profiles: ProfileTable,
  rules: Rules,
): Promise<RebuildPorts> {
  const { dynamodb, s3 } = deployment;
  const quarantine = options.quarantineBucket ?? deployment.quarantineBucket;
  const findings = new DynamoFindingStore(dynamodb, deployment.findingTable);
  return {
    archive,
    table,
    profiles,
    beside: {
      links: new FactItems(dynamodb, into, { retentionDays: rules.policy.retentionDays }),
    },
    rules,
    decode: {
      permittedSkew: Number(options.allowedSkewSeconds) * 1000,
      trustReplayClock: options.replayClock === true,
      developmentKeys: options.replayClock === true,
    },
    quarantined:
      quarantine === undefined
        ? { putBack: new Set(), waiting: new Set() }
        : await new QuarantineBucket(s3, quarantine).places(),
    settled: async (notice: Notice) =>
      isSettled((await findings.find(recordId(notice)))?.finding, notice.number),
    stream: options.stream,
  };
}

function summary({ into, days, rebuilt, compared }: Result): string {
  const { objects, records, used, late, repeated, replayed, putBack, unreadable, unusable, owed } = rebuilt;
  const lines = [
    `${into}: ${used} events of ${records} records in ${objects} objects, ${days[0]} to ${days.at(-1)}`,
    `${late} late, ${repeated} repeated, ${replayed} applied by an earlier run, ${putBack} taken where they were put back`,
    ...(unreadable > 0
      ? [`${unreadable} places of archived objects are damaged: the records that stood there are missing`]
      : []),
    ...(unusable > 0 ? [`${unusable} events could not be applied`] : []),
    ...(owed > 0 ? [`${owed} notices are in no finding yet and wait in the rebuilt items`] : []),
  ];
  if (compared !== undefined) {
    const { accounts, same, different, lost, behind, switched } = compared;
    lines.push(
      `${accounts} accounts: ${same} as they are, ${different} different, ${lost} missing or unreadable, ${behind} with events since; ${switched} switched over`,
    );
  }
  return `${lines.join('\n')}\n`;
}

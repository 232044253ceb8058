import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { campaignPlace } from '../../aws/erasure/campaigns.ts';
import { type ErasureRecord, keepErasure } from '../../aws/erasure/erasure-record.ts';
import { findingPlace } from '../../aws/erasure/findings.ts';
import { archivePlace, huntPlace, quarantinePlace } from '../../aws/erasure/objects.ts';
import { linkPlace, profilePlace, rebuiltPlace } from '../../aws/erasure/own-items.ts';
import type { Place } from '../../aws/erasure/trace.ts';
import { rebuiltTableOf } from '../../contract/tables.ts';
import { plain } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, loadKeyring, withKeyOptions } from '../../input/keyring.ts';
import { say } from '../../input/say.ts';
import { accountPseudonym } from '../../telemetry/keys.ts';
import { PSEUDONYM } from '../../telemetry/usage-event.ts';
import { authorOf, userName } from '../shared/author.ts';
import { printJson, runCommand } from '../shared/command.ts';
import {
  asInputError,
  connect,
  type Deployment,
  type DeploymentOptions,
  withEvidenceOptions,
} from '../shared/deployment.ts';
import { type Erased, eraseFrom } from './erase.ts';
import { policyRemains } from './policy-exceptions.ts';
import { progressIn } from './progress-file.ts';
import { type Remains, remainsAfter } from './remains.ts';

const PLACES = ['profiles', 'links', 'campaigns', 'findings', 'archive', 'quarantine'] as const;
type PlaceName = (typeof PLACES)[number];

interface ForgetOptions extends DeploymentOptions, KeyOptions {
  readonly linkTable?: string;
  readonly rebuiltTable?: string;
  readonly quarantineBucket?: string;
  readonly without?: readonly PlaceName[];
  readonly everywhere?: boolean;
  readonly resume?: string;
  readonly by?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `forget ACCOUNT`: takes one customer out of everything that is stored, and proves it. */
export function forgetCommand(): Command {
  const command = withEvidenceOptions(
    new Command('forget')
      .description(
        'remove one customer from profiles, links, campaigns, findings, archive and quarantine, and say what is left',
      )
      .argument(
        '<account>',
        'the account as the gateway names it (with the keyring), or its pseudonym a_...',
      ),
  )
    .option('--link-table <name>', 'links table (LINK_TABLE)')
    .option(
      '--rebuilt-table <name>',
      'second table of a rebuild; without it, the name of the live one and -rebuilt',
    )
    .option('--quarantine-bucket <name>', 'quarantine bucket (QUARANTINE_BUCKET)')
    .addOption(
      new Option(
        '--without <places...>',
        'what this deployment does not have, or what is done separately',
      ).choices(PLACES),
    )
    .option('--everywhere', 'look through the whole archive, not only where its records belong')
    .option('--resume <file>', 'note there how far the buckets are done, and go on from there')
    .option('--by <name>', 'what you are called; who you are is asked of IAM', userName())
    .option('--dry-run', 'only say what would be removed')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((account: string, options: ForgetOptions) =>
    runCommand('forget', () => forget(account, options)),
  );
}

/** The pseudonym: as given, or made of the name under the keyring. A development key makes one that nobody has. */
async function pseudonymOf(account: string, options: ForgetOptions): Promise<string> {
  if (PSEUDONYM.test(account)) return account;
  return accountPseudonym(await loadKeyring(options, say), account);
}

async function forget(name: string, options: ForgetOptions): Promise<number> {
  const account = await pseudonymOf(name, options);
  const deployment = await connect(options);
  try {
    const places = await placesOf(account, deployment, options);
    const outcome = await run(account, places, deployment, options);
    if (options.json === true) printJson(outcome);
    else process.stdout.write(wordsOf(outcome));
    return outcome.places.some(({ left }) => left.length > 0) ? 1 : 0;
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

/** What the command prints; the document of --json. */
interface Outcome {
  readonly dryRun: boolean;
  /** of the audit entry; absent in a dry run */
  readonly erasure?: string;
  readonly salt?: string;
  readonly places: readonly Erased[];
  readonly notLookedAt: readonly string[];
  readonly remains: readonly Remains[];
}

async function run(
  account: string,
  places: readonly Place[],
  deployment: Deployment,
  options: ForgetOptions,
): Promise<Outcome> {
  const began = Date.now();
  const dryRun = options.dryRun === true;
  const salt = randomBytes(16).toString('hex');
  const record: ErasureRecord = {
    v: 1,
    id: randomUUID(),
    state: 'begun',
    at: new Date(began).toISOString(),
    ...(await whoIs(options, deployment)),
    commitment: createHash('sha256').update(`${salt} ${account}`).digest('hex'),
    removed: {},
    left: {},
  };
  const keep = (next: ErasureRecord) => keepErasure(deployment.dynamodb, deployment.findingTable, next);
  if (!dryRun) await keep(record);
  const done: Erased[] = [];
  const tty = process.stderr.isTTY === true && options.json !== true;
  for (const place of places) {
    const progress = (so: Erased) => {
      if (tty) process.stderr.write(`\r${so.place}: ${so.found} ${so.counts} found, ${so.removed} removed `);
    };
    done.push(await eraseFrom(place, dryRun, began, progress));
    if (tty) process.stderr.write('\r\x1b[K');
  }
  if (!dryRun)
    await keep({ ...record, state: 'done', removed: sums(done, 'removed'), left: sums(done, 'left') });
  return {
    dryRun,
    ...(dryRun ? {} : { erasure: record.id, salt }),
    places: done,
    notLookedAt: options.without ?? [],
    remains: [
      ...remainsAfter(began),
      await policyRemains(account, { application: deployment.policyApplication, region: options.region }),
    ],
  };
}

async function whoIs(
  options: ForgetOptions,
  deployment: Deployment,
): Promise<{ by: string; claimed?: string | undefined }> {
  const { principal, claimed } = await authorOf(options, deployment);
  return { by: principal, ...(claimed === undefined ? {} : { claimed }) };
}

function sums(done: readonly Erased[], what: 'removed' | 'left'): Record<string, number> {
  return Object.fromEntries(
    done.map((one) => [
      one.place,
      what === 'removed' ? one.removed : one.left.reduce((sum, { count }) => sum + count, 0),
    ]),
  );
}

/** @throws InputError naming what is not known: an erasure that leaves a table out must say so */
async function placesOf(account: string, deployment: Deployment, options: ForgetOptions): Promise<Place[]> {
  const { dynamodb, s3 } = deployment;
  const named: Readonly<Record<PlaceName, { option: string; name: string | undefined }>> = {
    profiles: { option: '--profile-table', name: deployment.profileTable },
    links: { option: '--link-table', name: options.linkTable ?? deployment.linkTable },
    campaigns: { option: '--campaign-table', name: deployment.campaignTable },
    findings: { option: '--table', name: deployment.findingTable },
    archive: { option: '--archive-bucket', name: deployment.archiveBucket },
    quarantine: {
      option: '--quarantine-bucket',
      name: options.quarantineBucket ?? deployment.quarantineBucket,
    },
  };
  const progress = await progressIn(options.resume, account);
  const everywhere = options.everywhere === true;
  const make: Readonly<Record<PlaceName, (name: string) => readonly Place[]>> = {
    profiles: (name) => [profilePlace(dynamodb, name, account)],
    links: (name) => [linkPlace(dynamodb, name, account)],
    campaigns: (name) => [campaignPlace(dynamodb, name, account)],
    findings: (name) => [findingPlace(dynamodb, name, account)],
    // Parquet behind what it is made of
    archive: (name) => [
      archivePlace(s3, name, account, { everywhere, progress: progress('archive') }),
      huntPlace(s3, name, account, { everywhere, progress: progress('hunts') }),
    ],
    quarantine: (name) => [quarantinePlace(s3, name, account, progress('quarantine'))],
  };
  const wanted = PLACES.filter((place) => options.without?.includes(place) !== true);
  const missing = wanted.filter((place) => named[place].name === undefined);
  if (missing.length > 0)
    throw new InputError(
      `name ${missing.map((place) => named[place].option).join(', ')}, or say that there is none: --without ${missing.join(' ')}`,
    );
  const places = wanted.flatMap((place) => make[place](named[place].name ?? ''));
  if (!wanted.includes('profiles')) return places;
  const second = options.rebuiltTable ?? rebuiltTableOf(named.profiles.name ?? '');
  const rebuilt = await rebuiltPlace(dynamodb, second, account);
  return rebuilt === undefined ? places : [...places, rebuilt];
}

function wordsOf(outcome: Outcome): string {
  const lines = outcome.places.flatMap(({ place, counts, found, removed, left }) => [
    `${place}: ${found} ${counts} named the account, ${outcome.dryRun ? 'nothing removed (--dry-run)' : `${removed} removed`}`,
    ...left.map(
      ({ at, why, until }) =>
        `  left: ${plain(at, 300)} (${why}${until === undefined ? '' : `, until ${until}`})`,
    ),
  ]);
  for (const place of outcome.notLookedAt) lines.push(`${place}: not looked at (--without)`);
  lines.push('', 'Beyond these tables and buckets:');
  for (const { what, until, advice } of outcome.remains)
    lines.push(`- ${what}${until === undefined ? '' : `, until ${until.slice(0, 10)}`}: ${advice}`);
  if (outcome.erasure !== undefined)
    lines.push(
      '',
      `Erasure ${outcome.erasure} is recorded without the account. The salt ${outcome.salt} proves which one it was: keep it with the request, or not at all.`,
    );
  return `${lines.join('\n')}\n`;
}

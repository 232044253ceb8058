import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { Command } from 'commander';
import { BucketContents } from '../../aws/bucket-contents.ts';
import { PolicyVersions } from '../../aws/policy-versions.ts';
import { tablesBeside } from '../../aws/tables-beside.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { outputsOf } from '../shared/deployment.ts';

interface TeardownOptions {
  readonly stack: string;
  readonly region?: string;
  readonly evidence?: boolean;
  readonly bypassLock?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Outputs of the stack that name buckets of evidence. */
const BUCKETS = ['QuarantineBucketName', 'ArchiveBucketName', 'StateBucketName'] as const;

/**
 * `teardown`: empties what was made at run time inside resources that the stack owns. CloudFormation deletes neither a
 * configuration that has versions nor a bucket that holds something, and stops half way.
 */
export function teardownCommand(): Command {
  return new Command('teardown')
    .description(
      'delete what was made at run time inside the stack (versions of policies; with --evidence the contents of its buckets), so that cdk destroy goes through',
    )
    .requiredOption('--stack <name>', 'the deployed stack')
    .option('--region <region>', 'AWS region')
    .option(
      '--evidence',
      'also everything in the quarantine, archive and state buckets: it cannot be brought back',
    )
    .option(
      '--bypass-lock',
      'with --evidence: also archived records that are locked (archiveLockDays); asks for s3:BypassGovernanceRetention',
    )
    .option('--yes', 'do it; without, only say what would be deleted')
    .option('--json', 'print one JSON document')
    .action((options: TeardownOptions) => runCommand('teardown', () => teardown(options)));
}

async function teardown(options: TeardownOptions): Promise<number> {
  const region = options.region === undefined ? {} : { region: options.region };
  const outputs = await outputsOf(options.stack, options);
  const application = outputs.PolicyApplicationName;
  if (application === undefined)
    throw new InputError(
      `${options.stack} has no output PolicyApplicationName: is it a stack of Siphonwatch?`,
    );
  const appConfig = new AppConfigClient(region);
  const dynamodb = new DynamoDBClient(region);
  const s3 = new S3Client({ ...region, forcePathStyle: (process.env.AWS_ENDPOINT_URL_S3 ?? '') !== '' });
  try {
    const versions = new PolicyVersions(appConfig, application);
    const policies = await versions.list();
    const buckets: { bucket: string; objects: number }[] = [];
    for (const output of options.evidence === true ? BUCKETS : []) {
      const bucket = outputs[output];
      if (bucket !== undefined)
        buckets.push({ bucket, objects: await new BucketContents(s3, bucket).count() });
    }
    const beside = await tablesBeside(dynamodb, options.stack, outputs);
    const left: string[] = [];
    if (options.yes === true) {
      await versions.clear();
      for (const { bucket } of buckets)
        for (const name of await emptied(s3, bucket, options)) left.push(name);
    }
    const done = options.yes === true;
    if (options.json === true)
      printJson({
        ...{ stack: options.stack, done, policyVersions: policies.length, buckets },
        ...{ left, tablesBeside: beside },
      });
    else {
      const verb = done ? 'deleted' : 'to delete';
      process.stdout.write(`${policies.length} versions of policies ${verb}\n`);
      for (const { bucket, objects } of buckets)
        process.stdout.write(`${objects} objects and versions in ${bucket} ${verb}\n`);
      for (const table of beside)
        process.stdout.write(
          `${table} is not the stack's, and stays: aws dynamodb delete-table --table-name ${table}\n`,
        );
      if (!done) process.stdout.write('nothing was deleted: repeat with --yes\n');
    }
    for (const line of left) say(line);
    return left.length > 0 ? 1 : 0;
  } finally {
    appConfig.destroy();
    s3.destroy();
    dynamodb.destroy();
  }
}

/** What a bucket still holds when everything was done, in words for people. */
async function emptied(
  s3: S3Client,
  bucket: string,
  { bypassLock = false }: TeardownOptions,
): Promise<string[]> {
  const contents = new BucketContents(s3, bucket);
  const { kept, why } = await contents.clear((deleted) => say(`${bucket}: ${deleted} deleted`), {
    bypassLock,
  });
  if (kept > 0)
    return [
      `${bucket}: ${kept} objects and versions stay (${why}). Locked ones go with --bypass-lock and the permission s3:BypassGovernanceRetention, or by themselves when their days are over`,
    ];
  const came = await contents.count();
  return came > 0
    ? [
        `${bucket}: ${came} came while it was emptied: functions still write (operations.md, Tear down); run it again`,
      ]
    : [];
}

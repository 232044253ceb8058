import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import {
  FUNCTION_NAMES,
  FUNCTIONS,
  type FunctionName,
  OPTIONAL_FUNCTIONS,
} from '../../lib/contract/environment.ts';
import { resourceOf, resourcesOf, synthesized } from './synthesized.ts';

/**
 * What a role may do is compared with the commands that the function's own code can send: everything reachable from its
 * handler. Coarser than recorded calls (test/account/grants.slow.test.ts), and it needs no run.
 */
const ROOT = new URL('../../', import.meta.url).pathname;
const template = synthesized({
  triageApi: true,
  securityHub: true,
  hunts: true,
  linkShards: 2,
  backtestShards: 2,
});

/** Made by Lambda, or by another service in the function's name, and by no code of ours: each with who makes it. */
const BY_OTHERS: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'Lambda writes the logs',
  'logs:PutLogEvents': 'Lambda writes the logs',
  'kinesis:DescribeStream': 'the event source mapping reads the stream',
  'kinesis:DescribeStreamSummary': 'the event source mapping reads the stream',
  'kinesis:GetRecords': 'the event source mapping reads the stream',
  'kinesis:GetShardIterator': 'the event source mapping reads the stream',
  'kinesis:ListShards': 'the event source mapping reads the stream',
  'dynamodb:DescribeStream': "the event source mapping reads the table's stream",
  'dynamodb:GetRecords': "the event source mapping reads the table's stream",
  'dynamodb:GetShardIterator': "the event source mapping reads the table's stream",
  'dynamodb:ListStreams': "the event source mapping reads the table's stream",
  'sqs:SendMessage': 'Lambda keeps asynchronous invocations that failed for good',
  's3:ListBucket': 'without it S3 answers 403 for an object that is not there, to Lambda and to us',
  'xray:PutTraceSegments': 'Lambda writes traces, where tracing is on',
  'xray:PutTelemetryRecords': 'Lambda writes traces, where tracing is on',
};

/** Services of the commands' packages, as IAM names them. */
const SERVICES: Readonly<Record<string, string>> = {
  dynamodb: 'dynamodb',
  s3: 's3',
  sns: 'sns',
  eventbridge: 'events',
  appconfigdata: 'appconfig',
  securityhub: 'securityhub',
  sfn: 'states',
};

/** Actions of S3 that are called otherwise than the command. */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  HeadObject: 'GetObject',
  DeleteObjects: 'DeleteObject',
};

/** Actions of all commands that are made in files reachable from a function's handler. */
async function reachable(name: FunctionName): Promise<ReadonlySet<string>> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [FUNCTIONS[name].entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    outfile: 'out.mjs',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const actions = new Set<string>();
  for (const file of Object.keys(metafile.inputs)) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(`${ROOT}${file}`, 'utf8');
    for (const [, names = '', service = ''] of text.matchAll(
      /import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g,
    ))
      for (const [, command] of names.matchAll(/\b(\w+)Command\b/g)) {
        const action = (service === 's3' ? S3_ACTIONS[command ?? ''] : undefined) ?? command;
        actions.add(`${SERVICES[service] ?? service}:${action}`);
      }
  }
  return actions;
}

/** Where a function is that is not in the pipeline. */
const PARTS: Partial<Record<FunctionName, string>> = {
  triage: 'TriageApiTriage',
  compact: 'HuntsCompact',
  backtest: 'BacktestsBacktest',
};

function granted(name: FunctionName): readonly string[] {
  const part = PARTS[name] ?? `Pipeline${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const [, role] = resourceOf(template, 'AWS::IAM::Role', `${part}Role`);
  const policies = role.Properties.Policies as unknown as {
    PolicyDocument: { Statement: { Sid?: string; Action: string | string[] }[] };
  }[];
  // Lambda itself puts batches that it gave up on into the quarantine bucket, under the function's role
  return policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Sid }) => Sid !== 'FailedBatches')
    .flatMap(({ Action }) => Action);
}

it.each([...FUNCTION_NAMES, ...OPTIONAL_FUNCTIONS])(
  '%s is granted nothing that its code cannot ask for',
  async (name) => {
    const asked = await reachable(name);
    const unused = granted(name).filter(
      (action) => !action.startsWith('kms:') && BY_OTHERS[action] === undefined && !asked.has(action),
    );
    expect(unused).toEqual([]);
  },
);

it('no role has a grant from elsewhere', () => {
  expect(resourcesOf(template, 'AWS::IAM::Policy').size).toBe(0);
});

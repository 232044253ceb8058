import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/**
 * A stand-in for the AWS command line: the words of a call become a call of the SDK, so that an operation or an option that does
 * not exist fails as it would with the command line. Of `--query` only what `out` and `part` of the runbooks ask is evaluated.
 */
export interface AwsCommand {
  /** a folder for the front of PATH, with `aws` in it */
  readonly folder: string;
  /** service and operation of every call so far */
  readonly calls: string[];
  close(): Promise<void>;
}

interface Answer {
  readonly out: string;
  readonly code: number;
}

/** Packages whose name is not the service's. */
const PACKAGES: Readonly<Record<string, string>> = {
  s3api: 's3',
  events: 'eventbridge',
  'service-quotas': 'service-quotas',
};
/** Options that take a list, one or more words. */
const LISTS = new Set(['Statistics', 'Dimensions', 'MessageAttributeNames', 'AlarmNames']);
const NUMBERS = new Set(['Period', 'RetentionPeriodHours', 'DesiredValue', 'VisibilityTimeout', 'MaxItems']);
const TIMES = new Set(['StartTime', 'EndTime', 'RestoreDateTime']);
/** Options of `aws s3` that take no word. */
const FLAGS = new Set(['Recursive', 'HumanReadable']);
const CLIENT_OPTIONS = new Set(['Query', 'Output', 'Region', 'MaxItems']);

const pascal = (text: string): string =>
  text
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

/** `--option word word`, by the option's name; words before the first option are positional. */
function optionsOf(words: readonly string[]): { positional: string[]; options: Record<string, string[]> } {
  const positional: string[] = [];
  const options: Record<string, string[]> = {};
  let current: string[] = positional;
  for (const word of words)
    if (word.startsWith('--')) {
      const name = pascal(word.slice(2));
      current = [];
      options[name] = current;
      if (FLAGS.has(name)) current = positional;
    } else current.push(word);
  return { positional, options };
}

function inputValue(name: string, words: readonly string[]): unknown {
  const [first = ''] = words;
  if (name === 'Dimensions')
    return words.map((word) =>
      Object.fromEntries(word.split(',').map((part) => part.split('=') as [string, string])),
    );
  if (LISTS.has(name)) return words;
  if (NUMBERS.has(name)) return Number(first);
  if (TIMES.has(name)) return new Date(first);
  if (/^[[{]/.test(first)) return JSON.parse(first);
  return words.length === 0 ? true : first;
}

/** What `out` and `part` ask for; everything else is printed whole. */
function queried(query: string | undefined, answer: Record<string, unknown>): string {
  const output = /^Stacks\[0\]\.Outputs\[\?OutputKey=='(\w+)'\]\.OutputValue$/.exec(query ?? '')?.[1];
  if (output !== undefined) {
    const [stack] = answer.Stacks as { Outputs: { OutputKey: string; OutputValue: string }[] }[];
    return stack?.Outputs.find(({ OutputKey }) => OutputKey === output)?.OutputValue ?? 'None';
  }
  const part =
    /^StackResourceSummaries\[\?contains\(LogicalResourceId,'(\w+)'\)&&\((.+)\)\]\.PhysicalResourceId$/.exec(
      query ?? '',
    );
  if (part !== null) {
    const types = [...(part[2] ?? '').matchAll(/ResourceType=='([\w:]+)'/g)].map(([, type]) => type);
    return (answer.StackResourceSummaries as Record<string, string>[])
      .filter(
        ({ LogicalResourceId = '', ResourceType }) =>
          LogicalResourceId.includes(part[1] ?? '') && types.includes(ResourceType),
      )
      .map(({ PhysicalResourceId }) => PhysicalResourceId)
      .join('\t');
  }
  return JSON.stringify(answer, (key, value: unknown) => (key === '$metadata' ? undefined : value));
}

async function called(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Answer> {
  const [service = '', operation = '', ...rest] = words;
  const { positional, options } = optionsOf(rest);
  if (service === 's3') return simpleStorage(operation, positional, environment);
  // `logs tail` is the command line's own, over FilterLogEvents
  if (service === 'logs' && operation === 'tail') return logTail(positional[0] ?? '', environment);
  const module = (await import(`@aws-sdk/client-${PACKAGES[service] ?? service}`)) as Record<string, unknown>;
  const Client = Object.entries(module).find(([name]) => /^(?!__)\w+Client$/.test(name))?.[1] as new (
    config: object,
  ) => {
    send(command: object): Promise<Record<string, unknown>>;
    destroy(): void;
  };
  const Command = Object.entries(module).find(
    ([name]) => name.toLowerCase() === `${operation.replaceAll('-', '')}command`,
  )?.[1] as (new (input: object) => object) | undefined;
  if (Command === undefined) return { out: `aws: ${service} has no operation ${operation}\n`, code: 2 };
  const input = Object.fromEntries(
    Object.entries(options)
      .filter(([name]) => !CLIENT_OPTIONS.has(name))
      .map(([name, given]) => [name, inputValue(name, given)]),
  );
  const client = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoint:
      environment[`AWS_ENDPOINT_URL_${(PACKAGES[service] ?? service).toUpperCase().replaceAll('-', '_')}`],
    forcePathStyle: true,
    requestHandler: new NodeHttpHandler(),
  });
  try {
    const answer = await client.send(new Command(input));
    return { out: `${queried(options.Query?.[0], answer)}\n`, code: 0 };
  } finally {
    client.destroy();
  }
}

/** A group's name has a character at least: API_FilterLogEvents, "logGroupName". */
async function logTail(group: string, environment: Readonly<Record<string, string>>): Promise<Answer> {
  if (group === '') return { out: 'aws: logs tail: the name of the log group is empty\n', code: 252 };
  const response = await fetch(environment.AWS_ENDPOINT_URL_CLOUDWATCH_LOGS ?? '', {
    method: 'POST',
    headers: { 'x-amz-target': 'Logs_20140328.FilterLogEvents' },
    body: JSON.stringify({ logGroupName: group }),
  });
  return { out: await response.text(), code: response.ok ? 0 : 254 };
}

/** `aws s3 ls` and `cp --recursive` from a bucket. */
async function simpleStorage(
  operation: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Answer> {
  const { ListObjectsV2Command, GetObjectCommand } = await import('@aws-sdk/client-s3');
  const place = /^s3:\/\/([^/]+)\/?(.*)$/.exec(words[0] ?? '');
  if (place === null || !['ls', 'cp', 'sync'].includes(operation))
    return { out: `aws: s3 ${operation} ${words.join(' ')} is not understood\n`, code: 2 };
  const client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    endpoint: environment.AWS_ENDPOINT_URL_S3 ?? '',
    forcePathStyle: true,
  });
  try {
    const [, Bucket = '', Prefix = ''] = place;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
    if (operation !== 'ls')
      for (const { Key = '' } of Contents) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
        writeFileSync(
          join(words[1] ?? '.', Key.slice(Prefix.length).replaceAll('/', '_')),
          (await Body?.transformToString()) ?? '',
        );
      }
    return { out: Contents.map(({ Key, Size }) => `2026-01-01 00:00:00 ${Size} ${Key}\n`).join(''), code: 0 };
  } finally {
    client.destroy();
  }
}

/** Starts it; each call of `aws` is a small process that asks this one. */
export async function startAwsCommand(environment: Readonly<Record<string, string>>): Promise<AwsCommand> {
  const calls: string[] = [];
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => {
      const words = JSON.parse(Buffer.concat(parts).toString()) as string[];
      calls.push(words.slice(0, 2).join(' '));
      called(words, environment)
        .catch((error: unknown) => ({ out: `aws ${words.join(' ')}: ${error}\n`, code: 254 }))
        .then((answer) => outgoing.end(JSON.stringify(answer)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'siphonwatch-aws-'));
  const client = `fetch('http://127.0.0.1:${(server.address() as AddressInfo).port}', { method: 'POST', body: JSON.stringify(process.argv.slice(1).map((word, i) => (i > 3 && /^[a-z]+\\/$/.test(word) ? process.cwd() + '/' + word : word))) })
    .then((response) => response.json())
    .then(({ out, code }) => { process[code === 0 ? 'stdout' : 'stderr'].write(out); process.exitCode = code; });`;
  writeFileSync(join(folder, 'client.js'), client);
  writeFileSync(
    join(folder, 'aws'),
    `#!/bin/sh\nexec "${process.execPath}" -e "$(cat ${join(folder, 'client.js')})" -- "$@"\n`,
    { mode: 0o755 },
  );
  return {
    folder,
    calls,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import kinesalite from 'kinesalite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as recorder from '../../lib/telemetry/index.ts';
import * as kinesis from '../../lib/telemetry/kinesis.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { codeBlocks, type DocExample, docExamples, runnable } from '../../packages/recorder/examples.ts';
import { installTarball, packRecorder, type Tarball } from '../../packages/recorder/tarball.ts';

/** The package as somebody gets it: built, packed, installed into an empty folder without network, and used there. */

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..', '..');
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const readme = read('packages', 'recorder', 'README.md');
const firstUse = read('examples', 'first-use.mjs');
const examples: readonly DocExample[] = docExamples(join(root, 'lib', 'telemetry'));

let folder: string;
let tarball: Tarball;
let server: Server | undefined;
let endpoint: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-'));
  tarball = await packRecorder(folder);
  await installTarball(tarball.file, folder);
  const made = codeBlocks(readme, 'sh').find((block) => block.includes('keyring.json'));
  await run(
    'sh',
    [
      '-c',
      (made ?? '')
        .split('\n')
        .filter((line) => line.includes('node -e'))
        .join('\n'),
    ],
    {
      cwd: folder,
    },
  );
  for (const name of ['first-use.mjs', 'siphonwatch.mjs'])
    cpSync(join(root, 'examples', 'first-use.mjs'), join(folder, name));
  const started: Server = kinesalite({ createStreamMs: 0 });
  server = started;
  await new Promise<void>((listening) => started.listen(0, '127.0.0.1', listening));
  endpoint = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}, 120_000);

afterAll(async () => {
  if (server !== undefined) await new Promise((closed) => server?.close(closed));
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a file of the folder with this Node, as a gateway would be run. */
async function node(name: string, text: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  writeFileSync(join(folder, name), text);
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL_KINESIS: endpoint,
    AWS_REGION: 'us-east-1',
    SIPHONWATCH_STREAM: 'siphonwatch-events',
    ...more,
  };
  const done = await run(process.execPath, [name], { cwd: folder, env });
  return done.stdout.trim();
}

describe('the packed recorder', () => {
  it('is small and holds no sources, tests or data', () => {
    expect(tarball.size).toBeLessThan(200_000);
    const known =
      /\.d\.ts$|^dist\/(?:esm|cjs)\/(?:telemetry\/index\.js|telemetry\/kinesis\.js|package\.json)$|^dist\/schema\/.*\.json$/;
    const strange = tarball.files.filter((path) => path.includes('/') && !known.test(path));
    expect(tarball.files.filter((path) => !path.includes('/')).sort()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
    expect(strange).toEqual([]);
    for (const format of ['esm', 'cjs'])
      for (const entry of ['index', 'kinesis'])
        for (const kind of ['js', 'd.ts'])
          expect(tarball.files).toContain(`dist/${format}/telemetry/${entry}.${kind}`);
    const { dependencies, version } = JSON.parse(read('packages', 'recorder', 'package.json'));
    expect(Object.keys(dependencies).length).toBeLessThanOrEqual(2);
    expect(version).toBe(JSON.parse(read('package.json')).version);
  });

  it("puts the README's first exchange on the emulator's stream", async () => {
    const [see = '', snippet, exchange] = codeBlocks(readme, 'js');
    expect(snippet).toBe(firstUse);
    expect(await node('see.mjs', see, { SIPHONWATCH_STREAM: undefined })).toMatch(/question: true/);

    const client = new KinesisClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      requestHandler: new NodeHttpHandler(),
    });
    const StreamName = 'siphonwatch-events';
    await client.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
    const described = () => client.send(new DescribeStreamCommand({ StreamName }));
    while ((await described()).StreamDescription?.StreamStatus !== 'ACTIVE')
      await new Promise((later) => setTimeout(later, 10));
    await node('gateway.mjs', `import { stop } from './siphonwatch.mjs';\n${exchange}\nawait stop();\n`);

    const ShardId = (await described()).StreamDescription?.Shards?.[0]?.ShardId;
    const { ShardIterator } = await client.send(
      new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' }),
    );
    const { Records } = await client.send(new GetRecordsCommand({ ShardIterator }));
    client.destroy();
    const event = decodeRecord(Records?.[0]?.Data ?? new Uint8Array()).lines[0]?.event;
    expect(event).toMatchObject({ id: 'req-81f2', shape: { question: true, words: 5 } });
    expect(JSON.stringify(event)).not.toMatch(/acme|tides/);
  });

  it('ends no gateway: what cannot be recorded or sent is said, and the process goes on', async () => {
    const said = await node(
      'wrong.mjs',
      `import { stop, watch } from './first-use.mjs';
       console.error = (...words) => console.log(...words);
       watch({ v: 1 });
       watch({ v: 1, id: 'x', time: '2026-03-01T08:00:00.123Z', account: 'a', model: 'm', messages: [{ role: 'user', content: 'q' }], usage: { inputTokens: 1, outputTokens: 1 }, outcome: 'ok', origin: {}, customer: { plan: 'p', product: 'api', createdAt: '2026-01-10T00:00:00Z' } });
       await stop().catch((problem) => console.log('stopped:', problem.name));
       console.log('alive');`,
      { SIPHONWATCH_STREAM: 'no-such-stream' },
    );
    expect(said).toMatch(/^not watched: /);
    expect(said).toMatch(/stopped: ProducerFailure\nalive$/);
  });

  it('says that the region is missing instead of trying for ever', async () => {
    const said = await node(
      'regionless.mjs',
      `import { createProducer } from '@siphonwatch/recorder';
       import { eventStream } from '@siphonwatch/recorder/kinesis';
       const port = eventStream({ stream: 's', endpoint: '' });
       await port.putRecords([]).catch((problem) => console.log(problem.message, problem.permanent));`,
      {
        AWS_REGION: undefined,
        AWS_DEFAULT_REGION: undefined,
        AWS_CONFIG_FILE: '/dev/null',
        AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      },
    );
    expect(said).toBe('Region is missing true');
  });

  it('gives the same to import and to require', async () => {
    const print = `console.log(r.accountPseudonym(r.developmentKeyring('same'), 'acme'), Object.keys(r).sort().join());`;
    const imported = await node('imported.mjs', `import * as r from '@siphonwatch/recorder';\n${print}`);
    const required = await node('required.cjs', `const r = require('@siphonwatch/recorder');\n${print}`);
    expect(required).toBe(imported);
    expect(
      await node('stream.cjs', `console.log(typeof require('@siphonwatch/recorder/kinesis').eventStream)`),
    ).toBe('function');
  });

  it('is used from CommonJS as its README says', async () => {
    const required = firstUse.replace(/^import (.+) from (.+);$/gm, 'const $1 = require($2);');
    const inCommonJs = `${required.replace(/^export const/gm, 'const')}
module.exports = { watch, stop, producer };`;
    expect(inCommonJs).not.toMatch(/^(import|export) /m);
    writeFileSync(join(folder, 'siphonwatch.cjs'), inCommonJs);
    const said = await node(
      'gateway.cjs',
      `console.error = console.log; require('./siphonwatch.cjs').watch({ v: 1 });`,
    );
    expect(said).toMatch(/^not watched: record: \w+: /);
  });

  it('names the variable that is missing where no stream is given', async () => {
    const said = await node(
      'streamless.mjs',
      `await import('./siphonwatch.mjs').catch((problem) => console.log(problem.message));`,
      { SIPHONWATCH_STREAM: undefined },
    );
    expect(said).toMatch(/^eventStream: stream: .*StreamName/);
  });

  it('has an example for every function, and each example runs', async () => {
    const functions = Object.entries({ ...recorder, ...kinesis })
      .filter(([, value]) => typeof value === 'function' && !/^class\b/.test(String(value)))
      .map(([name]) => name);
    const shown = new Set(examples.map(({ name }) => name));
    expect(functions.filter((name) => !shown.has(name))).toEqual([]);
    writeFileSync(join(folder, 'all.mjs'), '');
    for (const [index, { code }] of examples.entries())
      writeFileSync(join(folder, `example-${index}.mjs`), runnable(code));
    await node('all.mjs', examples.map((_, index) => `await import('./example-${index}.mjs');`).join('\n'));
  });
});

it("the root README's snippet is the one that is tested", () => {
  expect(codeBlocks(read('README.md'), 'js')).toContain(firstUse);
});

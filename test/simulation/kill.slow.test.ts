import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readArchivedEvents } from '../../lib/aws/archived-events.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { FUNCTIONS } from '../../lib/contract/environment.ts';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import {
  type Emulators,
  ENGINES,
  endpointVariables,
  startEmulators,
} from '../../lib/emulator/services/emulators.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { bucketOf, partitionKey } from '../../lib/telemetry/record.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { account, DAY, HOUR, harvest, START } from '../events.ts';
import { createTable } from '../tables.ts';
import { missing } from './engines.ts';

/** Lives that are ended from outside, SIGKILL; KILLS=10 for a short look. */
const KILLS = Number(process.env.KILLS ?? 100);
const FOLDER = '.cache/kill';
const names = Array.from({ length: 6 }, (_, i) => account(60 + i));
const PER_ACCOUNT = 480;

let emulators: Emulators;
let clients: Clients;
const environment = {
  PROFILE_TABLE: 'profiles',
  ARCHIVE_BUCKET: 'archive',
  QUARANTINE_BUCKET: 'quarantine',
  STATE_BUCKET: 'state',
  STREAM_NAME: 'usage',
  FOREIGN_CALIBRATION: 'accuse',
  POLICY_APPLICATION: 'siphonwatch',
  POLICY_STALENESS_SECONDS: '60',
  ALLOWED_SKEW_SECONDS: '300',
  TRUST_REPLAY_CLOCK: 'false',
  POWERTOOLS_SERVICE_NAME: 'score',
  POWERTOOLS_METRICS_NAMESPACE: 'test',
  POWERTOOLS_METRICS_DISABLED: 'true',
  LOG_LEVEL: 'SILENT',
} as const;

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  await build({
    entryPoints: { score: FUNCTIONS.score.entry, child: 'test/simulation/kill-child.ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outExtension: { '.js': '.mjs' },
    outdir: FOLDER,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
});

/** Batches of one shard, written where a life finds them. */
function batches(): number {
  const events = names.flatMap((name, i) =>
    harvest({ account: name, events: PER_ACCOUNT, everyMs: 0.15 * HOUR, seed: i }).map((event) => ({
      name,
      event,
    })),
  );
  events.sort((a, b) => (a.event.time < b.event.time ? -1 : 1));
  const records = events.map(({ name, event }, i) => {
    const bucket = bucketOf(name);
    const sequenceNumber = String(1000 + i);
    return {
      eventID: `shardId-000000000000:${sequenceNumber}`,
      eventSourceARN: 'arn:aws:kinesis:us-east-1:000000000000:stream/usage',
      kinesis: {
        partitionKey: partitionKey(bucket),
        sequenceNumber,
        data: Buffer.from(encodeRecord({ bucket }, [event])).toString('base64'),
        approximateArrivalTimestamp: Date.parse(event.time) / 1000,
      },
    };
  });
  const made = [];
  for (let i = 0; i < records.length; i += 6) made.push({ Records: records.slice(i, i + 6) });
  writeFileSync(`${FOLDER}/batches.json`, JSON.stringify(made));
  return made.length;
}

class Life {
  readonly #child: ChildProcess;
  readonly ended: Promise<void>;
  /** batches that are done */
  done: number;
  #seen: () => void = () => undefined;

  constructor(from: number) {
    this.done = from;
    this.#child = spawn(
      process.execPath,
      [`${FOLDER}/child.mjs`, resolve(FOLDER, 'score.mjs'), `${FOLDER}/batches.json`, String(from)],
      {
        env: {
          ...process.env,
          ...endpointVariables(emulators.endpoints),
          ...environment,
          NODE_NO_WARNINGS: '1',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (/^\d+$/.test(line)) this.done = Number(line) + 1;
      this.#seen();
    });
    this.ended = new Promise((end) => this.#child.on('close', () => end()));
  }

  /** Kills it so long after it has done a first batch, ms. */
  async killAfter(ms: number): Promise<void> {
    await Promise.race([new Promise<void>((seen) => (this.#seen = seen)), this.ended]);
    await Promise.race([sleep(ms), this.ended]);
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

describe.each(ENGINES.map((engine) => ({ engine, lacks: missing(engine) })))(
  'on $engine',
  ({ engine, lacks }) => {
    beforeAll(async () => {
      if (lacks !== undefined) return;
      emulators = await startEmulators(engine);
      clients = localClients(emulators.endpoints);
      await createTable(clients.dynamodb, 'profile', 'profiles');
      for (const Bucket of ['archive', 'quarantine', 'state'])
        await clients.s3.send(new CreateBucketCommand({ Bucket }));
    });
    afterAll(async () => {
      if (lacks !== undefined) return;
      clients.close();
      await emulators.close();
    });

    it(`${KILLS} lives of the deployed bundle, each killed, lose nothing and count nothing twice`, async ({
      skip,
    }) => {
      if (lacks !== undefined) return skip(lacks);
      const total = batches();
      const random = seeded(1);
      let done = 0;
      let kills = 0;
      for (; kills < KILLS && done < total; kills++) {
        const life = new Life(done);
        await life.killAfter(random() * 60);
        // a mapping that lost an invocation hands over its batch again, and now and then one before it
        done = Math.max(0, life.done - (random() < 0.2 ? 1 : 0));
      }
      const last = new Life(done);
      await last.ended;
      expect(last.done).toBe(total);
      expect(kills).toBe(KILLS);
      const states = await new ProfileTable(clients.dynamodb, 'profiles', { retentionDays: 35 }).load(names);
      for (const name of names)
        expect([name, states.get(name)?.profile.totals]).toEqual([
          name,
          { events: PER_ACCOUNT, late: 0, repeated: 0 },
        ]);
      const archived = await readArchivedEvents(
        clients.s3,
        'archive',
        new Set(names),
        START,
        START + 10 * DAY,
      );
      expect(new Set(archived.events.map(({ event }) => event.id)).size).toBe(names.length * PER_ACCOUNT);
    }, 3_600_000);
  },
);

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as later } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  CreateStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import kinesalite from 'kinesalite';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';

/**
 * What `collect` keeps when something goes wrong: a stream that stalls, and a process that is killed. The stream is kinesalite
 * (which refuses what PutRecords documents as refused) behind a line that can be held.
 */
const bin = fileURLToPath(new URL('../../bin/siphonwatch.mjs', import.meta.url));
const STREAM = 'faults';
const BATCH = 20;

interface Line {
  readonly port: number;
  held: boolean;
  close(): void;
}

/** Hands bytes on, unless it is held. */
async function heldLine(to: number): Promise<Line> {
  const sockets = new Set<Socket>();
  const line = { port: 0, held: false, close: () => {} };
  const server = createServer((socket) => {
    const onward = connect(to, '127.0.0.1');
    for (const [from, into] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(from);
      from.on('error', () => into.destroy());
      from.on('close', () => into.destroy());
      from.on('data', async (bytes) => {
        from.pause();
        while (line.held) await later(20);
        if (!into.destroyed) into.write(bytes);
        from.resume();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  line.port = (server.address() as AddressInfo).port;
  line.close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return line;
}

async function started(endpoint: string, durable: boolean): Promise<{ child: ChildProcess; base: string }> {
  const words = ['collect', '--listen', '127.0.0.1:0', '--stream', STREAM, '--endpoint', endpoint];
  const child = spawn(
    process.execPath,
    [bin, ...words, '--key-seed', 'faults', ...(durable ? ['--durable'] : [])],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, AWS_REGION: 'eu-west-1' },
    },
  );
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!said.includes('listening')) {
    if (child.exitCode !== null) throw new Error(said);
    await later(20);
  }
  return { child, base: /http:\/\/[\d.:]+/.exec(said)?.[0] ?? '' };
}

function body(first: number): string {
  return Array.from({ length: BATCH }, (_, i) =>
    JSON.stringify({
      ...{
        v: 1,
        id: `x-${first + i}`,
        time: '2026-03-01T08:00:00.000Z',
        account: `acct-${i}`,
        model: 'atlas-2',
      },
      messages: [{ role: 'user', content: `tide moon water rise fall gravity ${first + i}` }],
      ...{ usage: { inputTokens: 12, outputTokens: 30 }, outcome: 'ok' },
      customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T00:00:00Z' },
    }),
  ).join('\n');
}

/** Ids of the events on the stream. */
async function stored(client: KinesisClient): Promise<Set<string>> {
  const ids = new Set<string>();
  const { StreamDescription } = await client.send(new DescribeStreamCommand({ StreamName: STREAM }));
  for (const { ShardId } of StreamDescription?.Shards ?? []) {
    const asked = { StreamName: STREAM, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    let { ShardIterator } = await client.send(new GetShardIteratorCommand(asked));
    for (;;) {
      const read = await client.send(new GetRecordsCommand({ ShardIterator, Limit: 1000 }));
      for (const record of read.Records ?? [])
        for (const line of decodeRecord(record.Data ?? new Uint8Array()).lines)
          if ('event' in line && line.event !== undefined) ids.add(line.event.id);
      if ((read.Records ?? []).length === 0) break;
      ShardIterator = read.NextShardIterator;
    }
  }
  return ids;
}

export interface FaultResult {
  readonly answered: number;
  readonly refused: number;
  readonly kept: number;
  readonly lost: number;
}

/**
 * Sends for some seconds, lets the fault happen half-way, and compares what was answered with what is on the stream.
 * @param fault `stalled`: the stream answers nothing for a while, then SIGTERM; `killed`: SIGKILL under way
 */
export async function withFault(
  fault: 'stalled' | 'killed',
  durable: boolean,
  seconds = 4,
): Promise<FaultResult> {
  const server: Server = kinesalite({ createStreamMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new KinesisClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestHandler: new NodeHttpHandler(),
  });
  await client.send(new CreateStreamCommand({ StreamName: STREAM, ShardCount: 2 }));
  await later(200);
  const line = await heldLine(port);
  try {
    const { child, base } = await started(`http://127.0.0.1:${line.port}`, durable);
    const exited = once(child, 'exit');
    const answered: string[] = [];
    let refused = 0;
    let next = 0;
    let going = true;
    const senders = Array.from({ length: 4 }, async () => {
      while (going) {
        const first = next;
        next += BATCH;
        try {
          const response = await fetch(`${base}/exchanges?from=exchange`, {
            method: 'POST',
            body: body(first),
          });
          await response.arrayBuffer();
          if (response.status === 200) for (let i = 0; i < BATCH; i++) answered.push(`x-${first + i}`);
          else refused += BATCH;
        } catch {
          // the process is gone: what was not answered is the sender's to send again
          refused += BATCH;
          await later(20);
        }
      }
    });
    await later((seconds * 1000) / 2);
    if (fault === 'killed') child.kill('SIGKILL');
    else {
      line.held = true;
      await later((seconds * 1000) / 2);
      line.held = false;
    }
    await later((seconds * 1000) / 2);
    going = false;
    await Promise.all(senders);
    if (fault === 'stalled') child.kill('SIGTERM');
    await exited;
    const kept = await stored(client);
    const lost = answered.filter((id) => !kept.has(id)).length;
    return { answered: answered.length, refused, kept: answered.length - lost, lost };
  } finally {
    line.close();
    client.destroy();
    server.closeAllConnections();
    server.close();
  }
}

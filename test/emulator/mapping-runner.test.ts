import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../lib/emulator/streams/event-source-mapping.ts';
import { MappingRunner } from '../../lib/emulator/streams/mapping-runner.ts';
import { fromKinesis } from '../../lib/emulator/streams/source-record.ts';
import type { StreamSource } from '../../lib/emulator/streams/stream-source.ts';

const arrival = (shardId: string, sequence: number) =>
  fromKinesis(
    {
      shardId,
      streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
      region: 'us-east-1',
      roleArn: 'arn:aws:iam::000000000000:role/r',
      sequenceNumber: String(sequence),
      partitionKey: 'k',
      data: Buffer.from(String(sequence)),
      arrivedAt: Date.now(),
    },
    false,
  );

/** left splits into lower and upper; upper and right, which ended long ago, are merged. */
const TREE: Readonly<Record<string, { parents: string[]; records: number[]; slowly?: true }>> = {
  left: { parents: [], records: [1, 2], slowly: true },
  right: { parents: [], records: [3] },
  lower: { parents: ['left'], records: [4] },
  upper: { parents: ['left'], records: [5, 6], slowly: true },
  merged: { parents: ['upper', 'right'], records: [7, 8] },
};

const tree: StreamSource = {
  kind: 'kinesis',
  arn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
  shards: async () => Object.entries(TREE).map(([id, { parents }]) => ({ id, parents })),
  async open(id) {
    const { records = [], slowly } = TREE[id] ?? {};
    let at = 0;
    return {
      async read() {
        if (slowly) await sleep(30);
        const sequence = records[at++];
        return sequence === undefined
          ? { arrivals: [], closed: true }
          : { arrivals: [arrival(id, sequence)], closed: false };
      },
    };
  },
};

it('reads a shard only after all its parents, also those that wait for parents of their own', async () => {
  const invoked: string[] = [];
  const problems: unknown[] = [];
  const runner = MappingRunner.start(
    {
      logicalId: 'Mapping',
      functionName: 'f',
      sourceArn: tree.arn,
      enabled: true,
      settings: { ...DEFAULT_SETTINGS, batchSize: 1 },
      start: { kind: 'TRIM_HORIZON' },
      filters: [],
      destination: undefined,
    },
    {
      source: tree,
      functionArn: 'arn',
      async invoke(payload) {
        const { Records } = JSON.parse(payload) as { Records: { kinesis: { sequenceNumber: string } }[] };
        await sleep(10);
        invoked.push(...Records.map(({ kinesis }) => kinesis.sequenceNumber));
        return { ok: true, requestId: 'r', response: null, durationMs: 1 };
      },
      giveUp: async () => undefined,
      onProblem: (error) => problems.push(error),
      urgent: () => true,
    },
  );
  const since = Date.now();
  while (!runner.isCaughtUp(since)) await sleep(5);
  await runner.stop();
  expect(problems).toEqual([]);
  expect([...invoked].sort()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  const place = (sequence: string): number => invoked.indexOf(sequence);
  expect(place('2')).toBeLessThan(Math.min(place('4'), place('5')));
  expect(Math.max(place('6'), place('3'))).toBeLessThan(place('7'));
});

import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeFacts } from '../../lib/campaigns/facts-codec.ts';
import { LinkTable } from '../../lib/stores/link-table.ts';
import { factsOf } from '../campaigns/base.ts';
import { account } from '../events.ts';

const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;
let links: LinkTable;
let handler: (event: unknown, context: unknown) => Promise<unknown>;
const TABLE = 'links';

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const endpoint = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  for (const [name, value] of Object.entries({
    PROFILE_TABLE: 'profiles',
    LINK_TABLE: TABLE,
    POWERTOOLS_SERVICE_NAME: 'index',
    POWERTOOLS_METRICS_NAMESPACE: 'test',
    LOG_LEVEL: 'SILENT',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  }))
    vi.stubEnv(name, value);
  client = new DynamoDBClient({ endpoint });
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'value', AttributeType: 'S' },
        { AttributeName: 'member', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'value', KeyType: 'HASH' },
        { AttributeName: 'member', KeyType: 'RANGE' },
      ],
    }),
  );
  links = new LinkTable(client, TABLE, { retentionDays: 35 });
  handler = (await import('../../lambdas/index/handler.ts')).handler as unknown as typeof handler;
}, 60_000);

afterAll(() => {
  vi.unstubAllEnvs();
  client.destroy();
  server.close();
});

type Image = Record<string, { S: string } | { N: string }>;

function record(item: string, name: string, now: Image | undefined, before?: Image) {
  return {
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      SequenceNumber: '1',
      Keys: { account: { S: name }, item: { S: item } },
      ...(now === undefined ? {} : { NewImage: now }),
      ...(before === undefined ? {} : { OldImage: before }),
    },
  };
}

const facts = (payment: string): Image => ({ facts: { S: encodeFacts(factsOf({ payment })) } });
const push = (...records: unknown[]) =>
  handler({ Records: records }, { getRemainingTimeInMillis: () => 60_000 });

async function entries(): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of links.scan(0, 1)) found.push(`${entry.value} ${entry.account}`);
  return found.sort();
}

describe('the index function', () => {
  it('follows facts as they come, change and go; a redelivered batch changes nothing', async () => {
    const batch = [
      record('facts', account(1), facts('p')),
      record('facts', account(2), facts('p')),
      record('facts', account(2), facts('q'), facts('p')),
      record('sealed#000001', account(1), { slices: { S: 'x' } }),
    ];
    expect(await push(...batch)).toEqual({ batchItemFailures: [] });
    await push(...batch);
    expect(await entries()).toEqual([`payment#p ${account(1)}`, `payment#q ${account(2)}`]);
    await push(record('facts', account(2), undefined, facts('q')));
    expect(await entries()).toEqual([`payment#p ${account(1)}`]);
  });

  it('notes whose level is not clear', async () => {
    const level = (name: string): Image => ({ level: { S: name }, expiresAt: { N: '2000000000' } });
    await push(record('hot', account(5), level('watch')), record('hot', account(6), level('clear')));
    expect(await links.watched()).toEqual([account(5)]);
    await push(record('hot', account(5), level('clear'), level('watch')));
    expect(await links.watched()).toEqual([]);
  });

  it('passes over facts that cannot be read, and applies the rest', async () => {
    await push(record('facts', account(7), { facts: { S: '{' } }), record('facts', account(8), facts('z')));
    expect(await entries()).toContain(`payment#z ${account(8)}`);
  });

  it('names the record that failed, so that it is taken up from there', async () => {
    const huge = factsOf({ payment: 'x'.repeat(3000) });
    const answer = await push(record('facts', account(9), { facts: { S: JSON.stringify(huge) } }));
    expect(answer).toEqual({ batchItemFailures: [] });
    const send = vi.spyOn(DynamoDBClient.prototype, 'send').mockRejectedValueOnce(new Error('down') as never);
    expect(await push(record('facts', account(9), facts('later')))).toEqual({
      batchItemFailures: [{ itemIdentifier: '1' }],
    });
    send.mockRestore();
  });
});

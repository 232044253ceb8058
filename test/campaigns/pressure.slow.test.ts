import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import { type Cloud, startCloud } from '../../lib/emulator/cloud.ts';
import { synthesize } from '../../lib/emulator/template/assembly.ts';
import { account } from '../events.ts';
import { factsOf } from './base.ts';

/** The deployed bundles of index and link on the synthesized stack: from changed facts to a run that nobody scheduled. */
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ stack: (await synthesize()).folder });
});
afterAll(() => cloud.close());

async function put(name: string, payment: string): Promise<void> {
  const table = cloud.template.tables.find((held) => held.name.toLowerCase().includes('profile'));
  await cloud.clients.dynamodb.send(
    new PutItemCommand({
      TableName: table?.name,
      Item: {
        account: { S: name },
        item: { S: 'facts' },
        facts: { S: encodeFacts(factsOf({ payment })) },
        expiresAt: { N: '4000000000' },
      },
    }),
  );
}

describe('link as deployed', () => {
  it('runs by itself on a burst of accounts that share a payment, once however long the burst lasts', async () => {
    const runs = () => cloud.function('Link').statistics.invocations;
    for (let i = 0; i < 4; i++) await put(account(i), `own-${i}`);
    await cloud.settled({ hurry: true });
    expect(runs()).toBe(0);
    for (let i = 10; i < 16; i++) await put(account(i), 'burst');
    await cloud.settled({ hurry: true });
    expect(runs()).toBe(1);
    expect(cloud.function('Link').statistics.failures).toBe(0);
    expect(cloud.logs.filter(({ text }) => text.includes('"linked"'))).toHaveLength(1);
    for (let i = 16; i < 40; i++) await put(account(i), 'burst');
    await cloud.settled({ hurry: true });
    expect(runs()).toBe(1);
  });
});

import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { type Cloud, startCloud } from '../../lib/emulator/cloud.ts';
import { synthesize } from '../../lib/emulator/template/assembly.ts';
import { deliveryId } from '../../lib/findings/finding.ts';
import { ACCOUNT, escalated, opened } from './notices.ts';
import { faults } from './schemas.ts';

/** The deployed bundles of notify and sweep on the synthesized stack, from an item's notices to the inbox. */
let cloud: Cloud;
beforeAll(async () => {
  const { folder } = await synthesize({ 'siphonwatch:securityHub': true, 'siphonwatch:triageApi': true });
  cloud = await startCloud({ stack: folder });
});
afterAll(() => cloud.close());

const table = (name: string) => {
  const found = cloud.template.tables.find((held) => held.name.toLowerCase().includes(name));
  if (found === undefined) throw new Error(`no table ${name}`);
  return found.name;
};

const put = (account: string, texts: readonly string[], since: string) =>
  cloud.clients.dynamodb.send(
    new PutItemCommand({
      TableName: table('profile'),
      Item: {
        account: { S: account },
        item: { S: 'hot' },
        version: { N: '1' },
        notices: { L: texts.map((S) => ({ S })) },
        noticeShard: { S: 'n1' },
        noticeSince: { S: since },
      },
    }),
  );

describe('notify and sweep as deployed', () => {
  it('a notice in an item becomes mail, an event on the bus and a finding, once', async () => {
    await put(ACCOUNT, [JSON.stringify(opened), JSON.stringify(escalated)], new Date().toISOString());
    await cloud.settled({ hurry: true });
    const mails = await cloud.inbox('Findings');
    expect(mails.map(({ attributes }) => attributes.deliveryId)).toEqual([
      deliveryId(opened),
      deliveryId(escalated),
    ]);
    expect(mails[0]?.text).toContain('DO NEXT');
    expect(mails[0]?.subject).toContain('[suspect] extraction suspected: account');
    const events = cloud.emulators.bus.events.map((event) => JSON.parse(event.Detail) as object);
    expect(events).toHaveLength(2);
    for (const event of events) expect(faults('ocsf', event)).toEqual([]);
    const store = new DynamoFindingStore(cloud.clients.dynamodb, table('finding'));
    expect((await store.list(10)).findings).toMatchObject([
      { id: opened.finding, delivered: 2, level: 'critical' },
    ]);
    const { Item } = await cloud.clients.dynamodb.send(
      new GetItemCommand({
        TableName: table('profile'),
        Key: { account: { S: ACCOUNT }, item: { S: 'hot' } },
        ConsistentRead: true,
      }),
    );
    expect(Item?.notices).toBeUndefined();
    expect(Item?.version).toEqual({ N: '1' });
    await cloud.wake('Sweep');
    expect(await cloud.inbox('Findings')).toEqual([]);
    expect(cloud.metrics.filter(({ name }) => name === 'NotificationsSent')).not.toHaveLength(0);
    expect(cloud.metrics.filter(({ name }) => name === 'NotificationFailures')).toHaveLength(0);
    expect(cloud.metrics.filter(({ name }) => name === 'FindingsOpened').map(({ value }) => value)).toEqual([
      1,
    ]);
    const [copy, ...others] = cloud.emulators.securityHub.findings.values();
    expect(others).toEqual([]);
    expect(faults('asff', copy)).toEqual([]);
    expect(copy).toMatchObject({ Severity: { Label: 'CRITICAL' }, RecordState: 'ACTIVE' });
  });

  it('a verdict over the triage API is recorded in the name of its caller, and archives the copy in Security Hub', async () => {
    const ask = (method: string, rawPath: string, body?: object) =>
      cloud.invoke('Triage', {
        version: '2.0',
        rawPath,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        requestContext: {
          http: { method },
          authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/ada' } },
        },
      });
    const made = await ask('POST', `/findings/${opened.finding}/verdict`, {
      verdict: 'confirmed',
      note: 'resold',
    });
    expect(made).toMatchObject({ ok: true, response: { statusCode: 200 } });
    expect(await ask('GET', `/findings/${opened.finding}`)).toMatchObject({
      response: {
        statusCode: 200,
        body: expect.stringContaining('"by":"arn:aws:iam::000000000000:user/ada"'),
      },
    });
    await cloud.wake('Sweep');
    const [copy] = cloud.emulators.securityHub.findings.values();
    expect(copy).toMatchObject({ RecordState: 'ARCHIVED' });
    expect(cloud.logs.map(({ text }) => text).join()).toContain('user/ada');
  });

  it('a thousand accounts at once give a handful of mails, and every finding is kept', async () => {
    const accounts = Array.from({ length: 1000 }, (_, n) => `a_storm${n}`);
    const began = Date.now();
    let next = 0;
    const worker = async () => {
      for (let id = accounts[next++]; id !== undefined; id = accounts[next++]) {
        const held = { ...opened, finding: `f-${id.slice(2)}-1`, subject: { ...opened.subject, id } };
        await put(id, [JSON.stringify(held)], new Date().toISOString());
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    await cloud.settled({ hurry: true, timeoutMs: 280_000 });
    const mails = await cloud.inbox('Findings');
    const store = new DynamoFindingStore(cloud.clients.dynamodb, table('finding'));
    const kept = (await store.list(2000)).findings.filter(({ id }) => id.startsWith('f-storm'));
    console.log(`${kept.length} findings, ${mails.length} mails, ${Date.now() - began} ms`);
    expect(kept).toHaveLength(1000);
    // five alone at most (two went before), and one that says that a storm began; the lists come with later sweeps
    expect(mails.length).toBeLessThanOrEqual(6);
    expect(mails.map(({ attributes }) => attributes.kind)).toContain('storm');
    expect(cloud.emulators.bus.events.length).toBeGreaterThanOrEqual(1000);
  });

  it('a sweep delivers what the stream did not', async () => {
    for (const mapping of cloud.mappings) await mapping.stop();
    const other = { ...opened, finding: 'f-other-1', subject: { ...opened.subject, id: 'a_other' } };
    await put('a_other', [JSON.stringify(other)], '2026-03-04T09:12:00.000Z');
    expect(await cloud.wake('Sweep')).toMatchObject({ ok: true, response: { swept: 1 } });
    // the storm is still on: it is kept and waits for the list
    const store = new DynamoFindingStore(cloud.clients.dynamodb, table('finding'));
    expect((await store.find('f-other-1'))?.finding.history).toMatchObject([{ fate: 'storm' }]);
    const [oldest] = cloud.metrics.filter(({ name, value }) => name === 'UndeliveredSeconds' && value > 0);
    expect(oldest?.value).toBeGreaterThan(60);
  });
});

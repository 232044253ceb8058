import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteFindingsBefore } from '../../lib/aws/finding-retention.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { evidenceOf } from '../findings/evidence.ts';
import { type EmulatedTables, emulatedTables } from '../tables.ts';

let emulated: EmulatedTables;
beforeAll(async () => {
  emulated = await emulatedTables();
  await emulated.create('finding');
});
afterAll(() => emulated.close());

describe('the retention of findings', () => {
  it('deletes a finding with its trail after its last change, and leaves what is newer whole', async () => {
    const { client } = emulated;
    const store = new DynamoFindingStore(client, 'finding');
    const { finding } = evidenceOf(50, (notices) => notices.at(-1));
    const state = { state: 'open' as const };
    for (const [id, updatedAt] of [
      ['f-old', '2026-01-01T00:00:00.000Z'],
      ['f-new', '2026-03-01T00:00:00.000Z'],
    ] as const) {
      await store.write({ ...finding, id, updatedAt }, undefined);
      await store.keepAudit(
        id,
        [1, 2].map((n) => ({ n, at: updatedAt, by: 'ada', action: 'triage', before: state, after: state })),
      );
      await store.awaitImport(id, '1');
    }
    expect(await deleteFindingsBefore(client, 'finding', '2026-02-01T00:00:00.000Z')).toBe(1);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: 'finding' }));
    expect(Items.map(({ finding: held }) => held?.S).sort()).toEqual([
      'f-new',
      'f-new',
      'f-new',
      expect.stringMatching(/^import#/),
    ]);
    expect(Items.filter(({ item }) => item?.S === 'f-old')).toEqual([]);
    expect(await deleteFindingsBefore(client, 'finding', '2026-02-01T00:00:00.000Z')).toBe(0);
  });
});

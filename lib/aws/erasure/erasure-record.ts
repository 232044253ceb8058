import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';

/** What the audit trail keeps of an erasure: who, when and how much, and nothing that says of whom. */
export interface ErasureRecord {
  readonly v: 1;
  readonly id: string;
  readonly state: 'begun' | 'done';
  /** processing time, ISO */
  readonly at: string;
  readonly by: string;
  readonly claimed?: string | undefined;
  /** SHA-256 of a salt and the pseudonym: whoever was given the salt can show that it was this one */
  readonly commitment: string;
  /** by place, what was taken out */
  readonly removed: Readonly<Record<string, number>>;
  /** what still names the account, by place */
  readonly left: Readonly<Record<string, number>>;
}

/** Partition of the findings table that holds records of erasures. */
const PARTITION = 'erasure';

/** Keeps the record; the same id again replaces it. */
export async function keepErasure(
  client: DynamoDBClient,
  table: string,
  record: ErasureRecord,
): Promise<void> {
  await client.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        finding: { S: PARTITION },
        item: { S: `${record.at}#${record.id}` },
        body: { S: JSON.stringify(record) },
      },
    }),
  );
}

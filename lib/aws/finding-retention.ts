import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { UPDATED_INDEX } from '../contract/tables.ts';
import { KEYS, LISTINGS } from './finding-table.ts';

/** Findings that one call looks at in each listing: a sweep comes every few minutes. */
const PER_LISTING = 25;

/**
 * Deletes findings that did not change since a time, each with its audit trail and its mark of an import: the trail first, so
 * that a call that dies leaves a finding to be found again, and a finding that changes meanwhile stays.
 * @param before ISO time
 * @returns findings that were deleted
 */
export async function deleteFindingsBefore(
  client: DynamoDBClient,
  table: string,
  before: string,
): Promise<number> {
  let deleted = 0;
  for (const kind of ['f', 's'])
    for (let i = 0; i < LISTINGS; i++) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: UPDATED_INDEX,
          KeyConditionExpression: 'listing = :listing AND updatedAt < :before',
          ExpressionAttributeValues: { ':listing': { S: `${kind}${i}` }, ':before': { S: before } },
          Limit: PER_LISTING,
        }),
      );
      for (const { finding, updatedAt } of Items)
        if (
          finding?.S !== undefined &&
          updatedAt?.S !== undefined &&
          (await deleteOne(client, table, finding.S, updatedAt.S))
        )
          deleted++;
    }
  return deleted;
}

async function deleteOne(
  client: DynamoDBClient,
  table: string,
  id: string,
  updatedAt: string,
): Promise<boolean> {
  let from: Awaited<ReturnType<typeof trailOf>>['from'];
  do {
    const page = await trailOf(client, table, id, from);
    for (const item of page.items)
      await client.send(
        new DeleteItemCommand({ TableName: table, Key: { finding: { S: id }, item: { S: item } } }),
      );
    from = page.from;
  } while (from !== undefined);
  await client.send(new DeleteItemCommand({ TableName: table, Key: KEYS.awaited(id) }));
  try {
    await client.send(
      new DeleteItemCommand({
        TableName: table,
        Key: KEYS.finding(id),
        ConditionExpression: 'updatedAt = :read',
        ExpressionAttributeValues: { ':read': { S: updatedAt } },
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function trailOf(
  client: DynamoDBClient,
  table: string,
  id: string,
  from: Record<string, { S: string }> | undefined,
): Promise<{ items: string[]; from: Record<string, { S: string }> | undefined }> {
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'finding = :id AND begins_with(#item, :audit)',
      ExpressionAttributeNames: { '#item': 'item' },
      ExpressionAttributeValues: { ':id': { S: id }, ':audit': { S: 'audit#' } },
      ProjectionExpression: '#item',
      ...(from === undefined ? {} : { ExclusiveStartKey: from }),
    }),
  );
  return {
    items: Items.flatMap(({ item }) => item?.S ?? []),
    from: LastEvaluatedKey as Record<string, { S: string }> | undefined,
  };
}

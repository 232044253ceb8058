import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';

export type Item = Readonly<Record<string, AttributeValue>>;

/** All items of a table, as they are now. */
export async function* scanned(
  client: DynamoDBClient,
  table: string,
  filter?: { readonly attribute: string; readonly value: string; readonly keys: readonly string[] },
): AsyncGenerator<Item> {
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ...(filter === undefined
          ? {}
          : {
              FilterExpression: '#attribute = :value',
              ProjectionExpression: filter.keys.map((_, i) => `#k${i}`).join(', '),
              ExpressionAttributeNames: {
                '#attribute': filter.attribute,
                ...Object.fromEntries(filter.keys.map((key, i) => [`#k${i}`, key])),
              },
              ExpressionAttributeValues: { ':value': { S: filter.value } },
            }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

/** Keys of all items of a partition. */
export async function* keysOf(
  client: DynamoDBClient,
  table: string,
  key: { readonly partition: string; readonly sort: string },
  value: string,
): AsyncGenerator<Item> {
  let from: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        ConsistentRead: true,
        KeyConditionExpression: '#partition = :value',
        ProjectionExpression: '#partition, #sort',
        ExpressionAttributeNames: { '#partition': key.partition, '#sort': key.sort },
        ExpressionAttributeValues: { ':value': { S: value } },
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

const ATTEMPTS = 8;

/** Deletes items, at most 25 (API_BatchWriteItem); what the table does not take at once is sent again. */
export async function deleteItems(
  client: DynamoDBClient,
  table: string,
  keys: readonly Item[],
): Promise<void> {
  let left = keys.map((Key) => ({ DeleteRequest: { Key: { ...Key } } }));
  for (let attempt = 0; left.length > 0; attempt++) {
    if (attempt === ATTEMPTS)
      throw new Error(`${left.length} items could not be deleted: ${table} is throttled`);
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    const response = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: left } }));
    left = (response.UnprocessedItems?.[table] ?? []) as typeof left;
  }
}

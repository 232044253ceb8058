import { DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** Bytes and items of a table as DynamoDB last counted them, at most six hours ago (API_TableDescription). */
export async function tableSize(
  client: DynamoDBClient,
  table: string,
): Promise<{ readonly bytes: number; readonly items: number }> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
  return { bytes: Table?.TableSizeBytes ?? 0, items: Table?.ItemCount ?? 0 };
}

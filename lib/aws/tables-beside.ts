import { type DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';
import { rebuiltTableOf } from '../contract/tables.ts';

/**
 * Tables that a rebuild or a restore drill of this stack made, under the names that both have by default. By the whole name:
 * another stack's may begin alike.
 */
export async function tablesBeside(
  client: DynamoDBClient,
  stack: string,
  outputs: Readonly<Record<string, string>>,
): Promise<string[]> {
  const own = Object.values(outputs);
  const beside = [rebuiltTableOf(outputs.ProfileTableName ?? ''), `${stack}-drill`];
  const found: string[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client }, {}))
    found.push(...TableNames.filter((name) => beside.includes(name) && !own.includes(name)));
  return found;
}

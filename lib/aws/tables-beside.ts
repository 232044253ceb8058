import { type DynamoDBClient, paginateListTables } from '@aws-sdk/client-dynamodb';

/** Tables that a rebuild or a restore drill made: named after the stack, and none of its own. */
export async function tablesBeside(
  client: DynamoDBClient,
  stack: string,
  outputs: Readonly<Record<string, string>>,
): Promise<string[]> {
  const own = Object.values(outputs);
  const found: string[] = [];
  for await (const { TableNames = [] } of paginateListTables({ client }, {}))
    for (const name of TableNames)
      if (/-(?:rebuilt|drill)$/.test(name) && name.startsWith(stack) && !own.includes(name)) found.push(name);
  return found;
}

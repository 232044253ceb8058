import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { INDEX_KEYS, TABLES, type TableDeclaration, type TableName } from '../lib/contract/tables.ts';

/** An emulated DynamoDB of a test's own. */
export interface EmulatedTables {
  readonly client: DynamoDBClient;
  readonly endpoint: string;
  /** Makes a table as the stack declares it; without a name it is called as its declaration. Its name. */
  create(table: TableName, name?: string): Promise<string>;
  close(): Promise<void>;
}

export async function emulatedTables(): Promise<EmulatedTables> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as { port: number };
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    client,
    endpoint,
    create: (table, name) => createTable(client, table, name),
    close: async () => {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const keysOf = ({ partition, sort }: { readonly partition: string; readonly sort: string }) => [
  { AttributeName: partition, KeyType: 'HASH' as const },
  { AttributeName: sort, KeyType: 'RANGE' as const },
];

/** Makes a table with the keys and the index that the stack declares for it. Its name. */
export async function createTable(
  client: DynamoDBClient,
  table: TableName,
  name: string = table,
): Promise<string> {
  const declared: TableDeclaration = TABLES[table];
  const index = declared.index === undefined ? undefined : INDEX_KEYS[declared.index];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [declared, ...(index === undefined ? [] : [index])]
        .flatMap(({ partition, sort }) => [partition, sort])
        .map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
      KeySchema: keysOf(declared),
      ...(index === undefined
        ? {}
        : {
            GlobalSecondaryIndexes: [
              {
                IndexName: declared.index,
                KeySchema: keysOf(index),
                Projection: { ProjectionType: declared.index === 'undelivered' ? 'KEYS_ONLY' : 'ALL' },
              },
            ],
          }),
    }),
  );
  return name;
}

import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect } from 'vitest';
import { Tables } from './services/tables.ts';

/** Holds the simulation's stand-in of DynamoDB to an engine: the same requests, the same answers and the same refusals. */

/** The table that the engine has to hold, made as the link table is declared. */
export const TableName = 'links';

/** Requests of the kinds that the stores make. */
const COMMANDS = {
  PutItem: PutItemCommand,
  UpdateItem: UpdateItemCommand,
  DeleteItem: DeleteItemCommand,
  GetItem: GetItemCommand,
  Query: QueryCommand,
  BatchGetItem: BatchGetItemCommand,
  BatchWriteItem: BatchWriteItemCommand,
} as const;

interface Request {
  readonly what: keyof typeof COMMANDS;
  readonly input: object;
}

/** The client's type knows each command by its own input; here they are all alike. */
function commandOf({ what, input }: Request): PutItemCommand {
  const Made = COMMANDS[what] as unknown as new (input: object) => PutItemCommand;
  return new Made(input);
}

const key = fc
  .record({ value: fc.constantFrom('a', 'b', ''), member: fc.constantFrom('x#1', 'x#2', 'y#1') })
  .map(({ value, member }) => ({ value: { S: value }, member: { S: member } }));
const number = fc.integer({ min: 0, max: 4 }).map((n): AttributeValue => ({ N: String(n) }));
const attributes = fc.record(
  {
    version: number,
    count: number,
    text: fc.constantFrom('p', 'q', 'é').map((S): AttributeValue => ({ S })),
    notices: fc
      .array(fc.constantFrom('1', '2', '3'), { maxLength: 3 })
      .map((list): AttributeValue => ({ L: list.map((S) => ({ S })) })),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 3 }).map((B): AttributeValue => ({ B })),
  },
  { requiredKeys: ['version'] },
);
const CONDITIONS = [
  undefined,
  'attribute_not_exists(#version)',
  'attribute_exists(#version) AND #version = :n',
  '#version = :n OR attribute_not_exists(#version)',
  '#version <= :n AND NOT #version = :m',
  '#version <> :n',
  'size(#notices) = :n AND #notices[0] = :s',
  'begins_with(#text, :s)',
] as const;
const UPDATES = [
  'SET #version = :n',
  'SET #notices = list_append(if_not_exists(#notices, :none), :list), #version = :n',
  'SET #text = if_not_exists(#text, :s)',
  'REMOVE #notices, #text',
  'SET #version = :n REMOVE #text',
  'ADD #count :n',
  'ADD #count :n SET #text = :s',
  'SET #version = :n ADD #lanes :set',
] as const;
const NAMES = ['#version', '#notices', '#text', '#count', '#lanes'] as const;

/** Names and values that the expressions use: one that is given and not used is refused. */
function placeholders(texts: readonly (string | undefined)[], values: Record<string, AttributeValue>) {
  const text = texts.join(' ');
  const used = <T>(all: Record<string, T>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => new RegExp(`${name}(?![a-z])`).test(text)));
  const names = used(Object.fromEntries(NAMES.map((name) => [name, name.slice(1)])));
  const held = used(values);
  return {
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ...(Object.keys(held).length === 0 ? {} : { ExpressionAttributeValues: held }),
  };
}

const values = fc.record({
  ':n': number,
  ':m': number,
  ':s': fc.constantFrom('1', 'p').map((S): AttributeValue => ({ S })),
  ':set': fc.constantFrom('1', '2', '12').map((N): AttributeValue => ({ NS: [N] })),
  ':none': fc.constant<AttributeValue>({ L: [] }),
  ':list': fc.constant<AttributeValue>({ L: [{ S: '9' }] }),
});
const condition = fc.constantFrom(...CONDITIONS);
const conditional = (text: string | undefined) => (text === undefined ? {} : { ConditionExpression: text });

const of = (what: Request['what'], input: object): Request => ({ what, input });
const request: fc.Arbitrary<Request> = fc.oneof(
  fc.tuple(key, attributes, condition, values).map(([at, rest, text, held]) =>
    of('PutItem', {
      TableName,
      Item: { ...at, ...rest },
      ...conditional(text),
      ...placeholders([text], held),
    }),
  ),
  fc.tuple(key, fc.constantFrom(...UPDATES), condition, values).map(([at, update, text, held]) =>
    of('UpdateItem', {
      TableName,
      Key: at,
      UpdateExpression: update,
      ReturnValues: 'ALL_NEW',
      ...conditional(text),
      ...placeholders([update, text], held),
    }),
  ),
  fc
    .tuple(key, condition, values)
    .map(([at, text, held]) =>
      of('DeleteItem', { TableName, Key: at, ...conditional(text), ...placeholders([text], held) }),
    ),
  fc.tuple(key, fc.constantFrom(undefined, '#version, #text')).map(([at, text]) =>
    of('GetItem', {
      TableName,
      Key: at,
      ConsistentRead: true,
      ...(text === undefined ? {} : { ProjectionExpression: text, ...placeholders([text], {}) }),
    }),
  ),
  fc
    .tuple(
      fc.constantFrom(
        '',
        ' AND begins_with(#member, :from)',
        ' AND #member BETWEEN :from AND :to',
        ' AND #member < :to',
      ),
      fc.constantFrom('x', 'x#1'),
      fc.constantFrom(1, 2, 10),
      fc.boolean(),
    )
    .map(([range, from, Limit, ScanIndexForward]) =>
      of('Query', {
        TableName,
        KeyConditionExpression: `#value = :value${range}`,
        ExpressionAttributeNames: { '#value': 'value', ...(range === '' ? {} : { '#member': 'member' }) },
        ExpressionAttributeValues: {
          ':value': { S: 'a' },
          ...(range.includes(':from') ? { ':from': { S: from } } : {}),
          ...(range.includes(':to') ? { ':to': { S: 'y' } } : {}),
        },
        Limit,
        ScanIndexForward,
      }),
    ),
  fc
    .uniqueArray(key, { minLength: 1, maxLength: 3, selector: (at) => JSON.stringify(at) })
    .map((Keys) => of('BatchGetItem', { RequestItems: { [TableName]: { Keys } } })),
  fc
    .tuple(
      fc.uniqueArray(key, { maxLength: 3, selector: (at) => JSON.stringify(at) }),
      attributes,
      fc.boolean(),
    )
    .map(([keys, rest, puts]) =>
      of('BatchWriteItem', {
        RequestItems: {
          [TableName]: keys.map((at) =>
            puts ? { PutRequest: { Item: { ...at, ...rest } } } : { DeleteRequest: { Key: at } },
          ),
        },
      }),
    ),
);

/** What a caller of the stores could tell apart. */
function seen(answer: object): unknown {
  const { Item, Items, Attributes, Responses } = answer as Record<string, unknown>;
  return {
    Item,
    Items,
    Attributes,
    Responses: Responses === undefined ? undefined : sorted(Object.values(Object(Responses))),
  };
}

function sorted(lists: unknown[]): unknown[] {
  return lists.flat().sort((a, b) => (JSON.stringify(order(a)) < JSON.stringify(order(b)) ? -1 : 1));
}

function order(item: unknown): unknown {
  return Object.entries(item as object).sort(([a], [b]) => (a < b ? -1 : 1));
}

async function outcome(work: () => unknown): Promise<unknown> {
  try {
    return seen(Object(await work()));
  } catch (error) {
    return { refused: (error as Error).name };
  }
}

async function empty(client: DynamoDBClient): Promise<void> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName }));
  for (const { value = { S: '' }, member = { S: '' } } of Items)
    await client.send(new DeleteItemCommand({ TableName, Key: { value, member } }));
}

/** @param runs sequences of random requests; what the two answer differently fails with the sequence */
export async function answersLike(client: DynamoDBClient, runs: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 25 }), async (requests) => {
      await empty(client);
      const tables = new Tables({ [TableName]: { partition: 'value', sort: 'member' } });
      for (const one of requests) {
        const theirs = await outcome(() => client.send(commandOf(one)));
        const ours = await outcome(() => tables.run(commandOf(one)) ?? {});
        expect({ one, answer: ours }).toEqual({ one, answer: theirs });
      }
    }),
    { numRuns: runs },
  );
}

import type { IndexShape, Item } from './item-size.ts';
import type { StreamViewType, TableStream } from './table-stream.ts';
import type { Body } from './upstream.ts';

/** What the proxy has to know of a table. */
export interface TableShape {
  readonly keys: readonly string[];
  readonly indexes: readonly IndexShape[];
  readonly stream: TableStream | undefined;
  readonly view: StreamViewType | undefined;
}

/** The name in `TableName`, which may also be an ARN. */
export function tableName(value: unknown): string {
  const text = String(value);
  return text.startsWith('arn:') ? (text.split('/')[1] ?? text) : text;
}

/** The key attributes of an item. */
export function keyOf(shape: TableShape, item: Item): Item {
  return Object.fromEntries(shape.keys.map((name) => [name, item[name] ?? {}]));
}

interface KeySchema {
  readonly KeySchema: readonly { readonly AttributeName: string }[];
}

interface IndexDefinition extends KeySchema {
  readonly Projection?: { readonly ProjectionType?: string; readonly NonKeyAttributes?: readonly string[] };
}

/** Keys and secondary indexes from a CreateTable request. */
export function shapeOf(body: Body): Pick<TableShape, 'keys' | 'indexes'> {
  const names = (schema: KeySchema): string[] => schema.KeySchema.map((part) => part.AttributeName);
  const keys = names(body as unknown as KeySchema);
  const definitions = [body.GlobalSecondaryIndexes ?? [], body.LocalSecondaryIndexes ?? []].flat();
  return {
    keys,
    indexes: (definitions as IndexDefinition[]).map((index) => ({
      keys: names(index),
      projected:
        index.Projection?.ProjectionType === 'ALL'
          ? undefined
          : [...keys, ...names(index), ...(index.Projection?.NonKeyAttributes ?? [])],
    })),
  };
}

/** A write of a batch or a transaction: by key, or by the whole item. */
export interface AnyWrite {
  readonly table: string;
  readonly key?: Item;
  readonly item?: Item;
}

/** Writes of a BatchWriteItem request. */
export function batchWrites(body: Body): AnyWrite[] {
  const requests = body.RequestItems as Record<
    string,
    { PutRequest?: { Item: Item }; DeleteRequest?: { Key: Item } }[]
  >;
  return Object.entries(requests).flatMap(([table, list]) =>
    list.map(
      ({ PutRequest: put, DeleteRequest: del }): AnyWrite => ({
        table: tableName(table),
        ...(put && { item: put.Item }),
        ...(del && { key: del.Key }),
      }),
    ),
  );
}

/** Writes of a TransactWriteItems request. */
export function transactWrites(body: Body): AnyWrite[] {
  type Action = { TableName: string; Item?: Item; Key?: Item };
  return (body.TransactItems as Record<string, Action>[]).flatMap((entry) =>
    Object.values(entry).map(
      (action): AnyWrite => ({
        table: tableName(action.TableName),
        ...(action.Item && { item: action.Item }),
        ...(action.Key && { key: action.Key }),
      }),
    ),
  );
}

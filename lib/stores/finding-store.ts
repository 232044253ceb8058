import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { type Row, row } from '../findings/bulletin.ts';
import { type Exception, type ExceptionPort, exception, inForce } from '../findings/exception.ts';
import { type AuditEntry, auditEntry, type Finding, finding } from '../findings/finding.ts';

/** A finding as it is stored, with the version that a write has to name. */
export interface Held {
  readonly finding: Finding;
  readonly version: number;
}

/** A small piece of state of delivery itself (the storm brake), as JSON text. */
export interface HeldState {
  readonly body: string;
  readonly version: number;
}

/** A finding whose copy in Security Hub is behind, and the change that it waits for. */
export interface AwaitedImport {
  readonly id: string;
  readonly token: string;
}

export interface FindingPage {
  readonly findings: readonly Finding[];
  /** more than `limit` were there */
  readonly more: boolean;
}

/** The findings table: findings with their verdicts, the audit trail, exceptions, lists that wait to be told. */
export interface FindingStore extends ExceptionPort {
  find(id: string): Promise<Held | undefined>;
  /** Writes if the stored version is still `read` (undefined: if there is none); false where it is not. */
  write(next: Finding, read: number | undefined): Promise<boolean>;
  /** Newest changes first. `shadow`: findings of shadow policies instead. */
  list(limit: number, shadow?: boolean): Promise<FindingPage>;
  /** All changes that people made, ascending. */
  audit(id: string): Promise<readonly AuditEntry[]>;
  /** Keeps entries as items of their own; those that are there stay as they are. */
  keepAudit(id: string, entries: readonly AuditEntry[]): Promise<void>;
  putException(held: Exception): Promise<void>;
  dropException(subject: string): Promise<void>;
  /** Puts a line into a list that is told later; a repeat replaces itself. @param expires ms since 1970 */
  enlist(list: string, held: Row, expires: number): Promise<void>;
  rows(list: string): Promise<readonly Row[]>;
  /** Marks a finding whose Security Hub copy is behind; `token` says since which change. A repeat replaces itself. */
  awaitImport(id: string, token: string): Promise<void>;
  /** Findings that were marked, at most `limit`. */
  awaitingImport(limit: number): Promise<readonly AwaitedImport[]>;
  /** Takes the mark away if it is still the one that was read. */
  imported(read: AwaitedImport): Promise<void>;
  state(name: string): Promise<HeldState | undefined>;
  writeState(name: string, body: string, read: number | undefined): Promise<boolean>;
}

/** A stored item that this code cannot read: damaged, or of a newer version. */
export class FindingError extends Error {
  override readonly name = 'FindingError';
}

const LISTINGS = 8;
const UPDATED_INDEX = 'byUpdated';

/** Partition of the listing index: several, because one takes 1,000 write units a second and a storm has more. */
export function listingOf(id: string, shadow: boolean): string {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return `${shadow ? 's' : 'f'}${hash % LISTINGS}`;
}

/** @throws FindingError naming what it is */
export function parse<T>(
  what: string,
  schema: {
    safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
  },
  text: string,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FindingError(`${what} is not JSON`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new FindingError(`${what}: ${result.error.message}`);
  return result.data;
}

export function newestFirst(a: Finding, b: Finding): number {
  if (a.updatedAt !== b.updatedAt) return a.updatedAt < b.updatedAt ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}

const KEYS = {
  finding: (id: string) => ({ finding: { S: id }, item: { S: 'finding' } }),
  exception: (subject: string) => ({ finding: { S: `exception#${subject}` }, item: { S: 'exception' } }),
  awaited: (id: string) => ({ finding: { S: `import#${listingOf(id, false)}` }, item: { S: id } }),
  state: (name: string) => ({ finding: { S: 'delivery' }, item: { S: name } }),
} as const;

/** The table in DynamoDB: items hold a JSON body and, beside it, only what keys, conditions and indexes need. */
export class DynamoFindingStore implements FindingStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async find(id: string): Promise<Held | undefined> {
    const held = await this.#read(KEYS.finding(id));
    return held && { finding: parse(`finding ${id}`, finding, held.body), version: held.version };
  }

  write(next: Finding, read: number | undefined): Promise<boolean> {
    return this.#write(KEYS.finding(next.id), JSON.stringify(next), read, {
      listing: { S: listingOf(next.id, next.notice.shadow) },
      updatedAt: { S: next.updatedAt },
    });
  }

  async list(limit: number, shadow = false): Promise<FindingPage> {
    const pages = await Promise.all(
      Array.from({ length: LISTINGS }, (_, i) => this.#newest(`${shadow ? 's' : 'f'}${i}`, limit + 1)),
    );
    const all = pages.flat().sort(newestFirst);
    return { findings: all.slice(0, limit), more: all.length > limit };
  }

  async #newest(listing: string, limit: number): Promise<Finding[]> {
    const found: Finding[] = [];
    let start: Record<string, { S: string }> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          IndexName: UPDATED_INDEX,
          KeyConditionExpression: 'listing = :listing',
          ExpressionAttributeValues: { ':listing': { S: listing } },
          ScanIndexForward: false,
          Limit: Math.min(limit - found.length, 1000),
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      for (const item of page.Items ?? [])
        found.push(parse(`finding ${item.finding?.S ?? ''}`, finding, item.body?.S ?? ''));
      start = page.LastEvaluatedKey as typeof start;
    } while (start !== undefined && found.length < limit);
    return found;
  }

  async audit(id: string): Promise<readonly AuditEntry[]> {
    const items = await this.#bodies(id, 'audit#');
    return items.map((held) => parse(`audit of ${id}`, auditEntry, held)).sort((a, b) => a.n - b.n);
  }

  async keepAudit(id: string, entries: readonly AuditEntry[]): Promise<void> {
    for (const entry of entries)
      await this.#write(
        { finding: { S: id }, item: { S: `audit#${entry.at}#${entry.n}` } },
        JSON.stringify(entry),
        undefined,
      );
  }

  async exceptionFor(subject: string, now: number): Promise<Exception | undefined> {
    const item = await this.#read(KEYS.exception(subject));
    if (item === undefined) return undefined;
    const held = parse(`exception of ${subject}`, exception, item.body);
    // Deletion of expired items lags: the date decides.
    return inForce(held, now) ? held : undefined;
  }

  async putException(held: Exception): Promise<void> {
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: {
          ...KEYS.exception(held.subject),
          body: { S: JSON.stringify(held) },
          version: { N: '1' },
          expiresAt: { N: String(Math.ceil(Date.parse(held.until) / 1000)) },
        },
      }),
    );
  }

  async dropException(subject: string): Promise<void> {
    await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key: KEYS.exception(subject) }));
  }

  async enlist(list: string, held: Row, expires: number): Promise<void> {
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: {
          finding: { S: `list#${list}` },
          item: { S: held.delivery },
          body: { S: JSON.stringify(held) },
          expiresAt: { N: String(Math.ceil(expires / 1000)) },
        },
      }),
    );
  }

  async rows(list: string): Promise<readonly Row[]> {
    return (await this.#bodies(`list#${list}`)).map((held) => parse(`row of ${list}`, row, held));
  }

  async awaitImport(id: string, token: string): Promise<void> {
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: { ...KEYS.awaited(id), token: { S: token } },
      }),
    );
  }

  async awaitingImport(limit: number): Promise<readonly AwaitedImport[]> {
    const found: AwaitedImport[] = [];
    for (let shard = 0; shard < LISTINGS; shard++) {
      let start: Record<string, AttributeValue> | undefined;
      do {
        const page = await this.#client.send(
          new QueryCommand({
            TableName: this.#table,
            KeyConditionExpression: 'finding = :partition',
            ExpressionAttributeValues: { ':partition': { S: `import#f${shard}` } },
            ConsistentRead: true,
            Limit: limit - found.length,
            ...(start === undefined ? {} : { ExclusiveStartKey: start }),
          }),
        );
        for (const item of page.Items ?? [])
          found.push({ id: item.item?.S ?? '', token: item.token?.S ?? '' });
        if (found.length >= limit) return found;
        start = page.LastEvaluatedKey;
      } while (start !== undefined);
    }
    return found;
  }

  async imported(read: AwaitedImport): Promise<void> {
    try {
      await this.#client.send(
        new DeleteItemCommand({
          TableName: this.#table,
          Key: KEYS.awaited(read.id),
          ConditionExpression: '#token = :read',
          ExpressionAttributeNames: { '#token': 'token' },
          ExpressionAttributeValues: { ':read': { S: read.token } },
        }),
      );
    } catch (error) {
      // It changed while it was on its way, and waits again.
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
  }

  state(name: string): Promise<HeldState | undefined> {
    return this.#read(KEYS.state(name));
  }

  writeState(name: string, body: string, read: number | undefined): Promise<boolean> {
    return this.#write(KEYS.state(name), body, read);
  }

  async #read(Key: Record<string, { S: string }>): Promise<HeldState | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key, ConsistentRead: true }),
    );
    if (Item === undefined) return undefined;
    return { body: Item.body?.S ?? '', version: Number(Item.version?.N ?? '0') };
  }

  async #write(
    key: Record<string, { S: string }>,
    body: string,
    read: number | undefined,
    indexed: Record<string, { S: string }> = {},
  ): Promise<boolean> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...key, ...indexed, body: { S: body }, version: { N: String((read ?? 0) + 1) } },
          ...(read === undefined
            ? { ConditionExpression: 'attribute_not_exists(finding)' }
            : {
                ConditionExpression: 'version = :read',
                ExpressionAttributeValues: { ':read': { N: String(read) } },
              }),
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async #bodies(partition: string, prefix?: string): Promise<string[]> {
    const bodies: string[] = [];
    let start: Record<string, { S: string }> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: `finding = :partition${prefix === undefined ? '' : ' AND begins_with(#item, :prefix)'}`,
          ...(prefix === undefined ? {} : { ExpressionAttributeNames: { '#item': 'item' } }),
          ExpressionAttributeValues: {
            ':partition': { S: partition },
            ...(prefix === undefined ? {} : { ':prefix': { S: prefix } }),
          },
          ConsistentRead: true,
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      for (const item of page.Items ?? []) bodies.push(item.body?.S ?? '');
      start = page.LastEvaluatedKey as typeof start;
    } while (start !== undefined);
    return bodies;
  }
}

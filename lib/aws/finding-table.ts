import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { UPDATED_INDEX } from '../contract/tables.ts';
import { ANSWER_KEPT_MS, type Answer, answer } from '../findings/answer.ts';
import { type Row, row } from '../findings/digest-message.ts';
import { type Exception, exception, inForce, rememberedUntil } from '../findings/exception.ts';
import { type AuditEntry, auditEntry, type Finding, finding } from '../findings/finding.ts';
import {
  type AwaitedImport,
  type FindingPage,
  type FindingStore,
  type FindingStoreOptions,
  isLine,
  leftMark,
  newestFirst,
  parse,
  readable,
  type StoredFinding,
  type StoredState,
} from '../stores/finding-store.ts';

/** The table in DynamoDB: items hold a JSON body and, beside it, only what keys, conditions and indexes need. */
export class DynamoFindingStore implements FindingStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #options: FindingStoreOptions;

  constructor(client: DynamoDBClient, table: string, options: FindingStoreOptions = {}) {
    this.#client = client;
    this.#table = table;
    this.#options = options;
  }

  async find(id: string): Promise<StoredFinding | undefined> {
    // a key's value cannot be empty (DynamoDB developer guide, "Naming rules and data types"): nothing is stored there
    if (id === '') return undefined;
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
      found.push(
        ...readable(
          page.Items ?? [],
          (item) => parse(`finding ${item.finding?.S ?? ''}`, finding, item.body?.S ?? ''),
          this.#options,
        ),
      );
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
          expiresAt: { N: String(Math.ceil(rememberedUntil(held) / 1000)) },
        },
      }),
    );
  }

  async dropException(subject: string): Promise<void> {
    await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key: KEYS.exception(subject) }));
  }

  async enlist(list: string, held: Row, expires: number): Promise<boolean> {
    return isLine(await this.#putLine(list, held.delivery, JSON.stringify(held), expires));
  }

  async leave(list: string, delivery: string, expires: number): Promise<boolean> {
    return !isLine(await this.#putLine(list, delivery, leftMark(delivery), expires));
  }

  /** What stands there now: this, where nothing stood. */
  async #putLine(list: string, delivery: string, body: string, expires: number): Promise<string> {
    const key = KEYS.listed(list, delivery);
    const until = { expiresAt: { N: String(Math.ceil(expires / 1000)) } };
    if (await this.#write(key, body, undefined, until)) return body;
    return (await this.#read(key))?.body ?? body;
  }

  async rows(list: string): Promise<readonly Row[]> {
    const lines = (await this.#bodies(listPartition(list))).filter(isLine);
    return readable(lines, (held) => parse(`row of ${list}`, row, held), this.#options);
  }

  async isEnlisted(list: string, delivery: string): Promise<boolean> {
    const held = await this.#read(KEYS.listed(list, delivery));
    return held !== undefined && isLine(held.body);
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

  async putAnswer(held: Answer): Promise<Answer> {
    const key = KEYS.answer(held);
    const expires = Date.parse(held.at) + ANSWER_KEPT_MS;
    const until = { expiresAt: { N: String(Math.ceil(expires / 1000)) } };
    if (await this.#write(key, JSON.stringify(held), undefined, until)) return held;
    return parse(`answer ${held.decision}`, answer, (await this.#read(key))?.body ?? '');
  }

  async answers(): Promise<readonly Answer[]> {
    const bodies = await this.#bodies(ANSWERS);
    return readable(bodies, (held) => parse('answer', answer, held), this.#options);
  }

  state(name: string): Promise<StoredState | undefined> {
    return this.#read(KEYS.state(name));
  }

  writeState(name: string, body: string, read: number | undefined): Promise<boolean> {
    return this.#write(KEYS.state(name), body, read);
  }

  async #read(Key: Record<string, { S: string }>): Promise<StoredState | undefined> {
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
    others: Record<string, AttributeValue> = {},
  ): Promise<boolean> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...key, ...others, body: { S: body }, version: { N: String((read ?? 0) + 1) } },
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

const listPartition = (list: string): string => `list#${list}`;

/** Partition of the answers to the review: people write them, a few a minute at most. */
export const ANSWERS = 'answers';

export const KEYS = {
  answer: ({ account, decision }: Pick<Answer, 'account' | 'decision'>) => ({
    finding: { S: ANSWERS },
    item: { S: `${account}#${decision}` },
  }),
  finding: (id: string) => ({ finding: { S: id }, item: { S: 'finding' } }),
  exception: (subject: string) => ({ finding: { S: `exception#${subject}` }, item: { S: 'exception' } }),
  listed: (list: string, delivery: string) => ({
    finding: { S: listPartition(list) },
    item: { S: delivery },
  }),
  awaited: (id: string) => ({ finding: { S: `import#${listingOf(id, false)}` }, item: { S: id } }),
  state: (name: string) => ({ finding: { S: 'delivery' }, item: { S: name } }),
} as const;
export const LISTINGS = 8;
/** Partition of the listing index: several, because one takes 1,000 write units a second and a storm has more. */
export function listingOf(id: string, shadow: boolean): string {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) >>> 0;
  return `${shadow ? 's' : 'f'}${hash % LISTINGS}`;
}

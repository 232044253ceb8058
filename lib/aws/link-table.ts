import {
  type AttributeValue,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import type { LinkEntry } from '../campaigns/linking/blocking.ts';
import { decodeFacts, encodeFacts } from '../campaigns/linking/facts-codec.ts';
import { type AccountFacts, lastShown } from '../campaigns/linking/link-facts.ts';
import type { LinkStore } from '../campaigns/ports.ts';
import { type PromptSamples, samplesExpireAt } from '../profile/prompt-sample.ts';
import {
  CONTENT,
  contentValue,
  contentValues,
  entryValues,
  isComparable,
  WATCHED,
  watchedValue,
  watchedValues,
} from '../stores/link-store.ts';
import { DAY_MS } from '../time.ts';

/**
 * The one owner of the link table. An item is one account under one hard value (partition key `value`, sort key
 * `member`) with its facts as text: a few kilobytes at most, however popular the value is; what grows with popularity is
 * the number of items, and a reader stops at its limit. `expiresAt` (epoch seconds) forgets accounts that went quiet.
 */
export interface LinkTableOptions {
  readonly retentionDays: number;
  /** samples of accounts: the table only notes which ones are compared */
  readonly samplesOf?: (accounts: readonly string[]) => Promise<ReadonlyMap<string, PromptSamples>>;
  /** a problem with a stored item that was passed over */
  readonly onUnreadable?: (value: string, member: string, error: unknown) => void;
}

/** BatchWriteItem takes at most 25 requests (API_BatchWriteItem). */
const WRITES_PER_BATCH = 25;
const ATTEMPTS = 6;
/** Accounts whose samples are asked for together: a megabyte of them. */
const SAMPLES_AT_ONCE = 400;

export class LinkTable implements LinkStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #options: LinkTableOptions;

  constructor(client: DynamoDBClient, table: string, options: LinkTableOptions) {
    this.#client = client;
    this.#table = table;
    this.#options = options;
  }

  async put(
    account: string,
    facts: AccountFacts | undefined,
    before: AccountFacts | undefined,
    until?: number,
  ): Promise<void> {
    const now = facts === undefined ? [] : entryValues(account, facts);
    const requests: WriteRequest[] = [];
    for (const value of before === undefined ? [] : entryValues(account, before))
      if (!now.includes(value))
        requests.push({ DeleteRequest: { Key: { value: { S: value }, member: { S: account } } } });
    if (facts !== undefined) {
      const text = encodeFacts(facts);
      const expiresAt = String(
        Math.ceil((until ?? lastShown(facts) + this.#options.retentionDays * DAY_MS) / 1000),
      );
      for (const value of now)
        requests.push({
          PutRequest: {
            Item: {
              value: { S: value },
              member: { S: account },
              facts: { S: text },
              expiresAt: { N: expiresAt },
            },
          },
        });
    }
    for (let i = 0; i < requests.length; i += WRITES_PER_BATCH)
      await this.#write(requests.slice(i, i + WRITES_PER_BATCH));
  }

  async watch(account: string, watched: boolean, until: number): Promise<void> {
    const key = { value: { S: watchedValue(account) }, member: { S: account } };
    if (watched)
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...key, expiresAt: { N: String(Math.ceil(until / 1000)) } },
        }),
      );
    else await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key: key }));
  }

  async watched(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const value of watchedValues())
      for await (const item of this.#under(value))
        if (item.member?.S !== undefined) found.push(item.member.S);
    return found.sort();
  }

  /** All items of one value, page by page. */
  async *#under(value: string): AsyncGenerator<Record<string, AttributeValue>> {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: '#value = :value',
          ExpressionAttributeNames: { '#value': 'value' },
          ExpressionAttributeValues: { ':value': { S: value } },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      yield* page.Items ?? [];
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  async putPrompts(account: string, samples: PromptSamples | undefined): Promise<void> {
    const key = { value: { S: contentValue(account) }, member: { S: account } };
    if (isComparable(samples))
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            ...key,
            expiresAt: { N: String(Math.ceil(samplesExpireAt(samples) / 1000)) },
          },
        }),
      );
    else await this.#client.send(new DeleteItemCommand({ TableName: this.#table, Key: key }));
  }

  async *prompts(): AsyncGenerator<{ account: string; samples: PromptSamples }> {
    let accounts: string[] = [];
    for (const value of contentValues())
      for await (const { member } of this.#under(value)) {
        if (member?.S !== undefined) accounts.push(member.S);
        if (accounts.length < SAMPLES_AT_ONCE) continue;
        yield* await this.#samplesOf(accounts);
        accounts = [];
      }
    yield* await this.#samplesOf(accounts);
  }

  /** In the order of the accounts; one without a sample has expired, or is forgotten. */
  async #samplesOf(accounts: readonly string[]): Promise<{ account: string; samples: PromptSamples }[]> {
    const held = await this.#options.samplesOf?.(accounts);
    return accounts.flatMap((account) => {
      const samples = held?.get(account);
      return samples === undefined ? [] : [{ account, samples }];
    });
  }

  async sharing(value: string, limit: number): Promise<readonly AccountFacts[]> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: '#value = :value',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: { ':value': { S: value } },
        Limit: limit,
      }),
    );
    return Items.flatMap((item) => this.#facts(item) ?? []);
  }

  async *scan(part: number, parts: number): AsyncGenerator<LinkEntry> {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          Segment: part,
          TotalSegments: parts,
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      for (const item of page.Items ?? []) {
        const value = item.value?.S ?? '';
        if (value.startsWith(`${WATCHED}#`) || value.startsWith(`${CONTENT}#`)) continue;
        const facts = this.#facts(item);
        if (facts !== undefined) yield { value, account: item.member?.S ?? '', facts };
      }
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  /** One damaged item must not keep all others from being linked: it is reported, and passed over. */
  #facts(item: Record<string, AttributeValue>): AccountFacts | undefined {
    try {
      return decodeFacts(item.facts?.S ?? '');
    } catch (error) {
      this.#options.onUnreadable?.(item.value?.S ?? '', item.member?.S ?? '', error);
      return undefined;
    }
  }

  async #write(requests: WriteRequest[]): Promise<void> {
    let left = requests;
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt === ATTEMPTS)
        throw new Error(`${left.length} link entries could not be written: the table is throttled`);
      if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 25 * 2 ** attempt));
      const response = await this.#client.send(
        new BatchWriteItemCommand({ RequestItems: { [this.#table]: left } }),
      );
      left = response.UnprocessedItems?.[this.#table] ?? [];
    }
  }
}

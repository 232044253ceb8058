import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import type { LinkEntry } from '../campaigns/linking/blocking.ts';
import { decodeFacts, encodeFacts } from '../campaigns/linking/facts-codec.ts';
import { type AccountFacts, lastShown } from '../campaigns/linking/link-facts.ts';
import type { LinkStore, SourceState } from '../campaigns/ports.ts';
import type { PromptSamples } from '../profile/prompt-sample.ts';
import {
  CONTENT,
  contentValue,
  contentValues,
  entryValues,
  SLACK_MS,
  WATCHED,
  watchedValue,
  watchedValues,
} from '../stores/link-store.ts';
import { DAY_MS } from '../time.ts';

/**
 * The one owner of the link table. An item is one account under one hard value (partition key `value`, sort key
 * `member`) with its facts as text: a few kilobytes at most, however popular the value is; what grows with popularity is
 * the number of items, and a reader stops at its limit. `expiresAt` (epoch seconds) forgets accounts that went quiet.
 *
 * `version` is that of the profile's item that the entry was made from, and `at` when that was written, by DynamoDB's clock. Whoever comes
 * late, an invocation that was given up or a batch that is delivered again, has older ones and changes nothing. So an entry that goes
 * leaves `gone` behind, longer than an invocation can be late; readers pass it over. An account that was forgotten and comes back, or
 * whose table was made anew, begins with the first version again, at a later time.
 */
export interface LinkTableOptions {
  readonly retentionDays: number;
  /** samples of accounts: the table only notes which ones are compared; `earlier`: those that a version before noted */
  readonly samplesOf?: (
    accounts: readonly string[],
    earlier: ReadonlySet<string>,
  ) => Promise<ReadonlyMap<string, PromptSamples>>;
  /** a problem with a stored item that was passed over */
  readonly onUnreadable?: (value: string, member: string, error: unknown) => void;
  /** processing time, ms */
  readonly now?: () => number;
}

/** Writes of one account that are on their way together. */
const WRITES_AT_ONCE = 25;
/** What is gone is known for a day: an invocation lasts a quarter of an hour at most (lambda/latest/dg/configuration-timeout.html). */
const GONE_MS = DAY_MS;

/** An entry, and what it is written from. */
interface Place {
  readonly value: string;
  readonly member: string;
  readonly from: SourceState;
}

type Condition = Pick<
  PutItemCommandInput,
  'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** Pages of a value that a look at it may read: it ends there among accounts that are gone. */
const SHARING_PAGES = 10;

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
    from: SourceState = {},
  ): Promise<void> {
    const now = facts === undefined ? [] : entryValues(account, facts);
    const past = (before === undefined ? [] : entryValues(account, before)).filter(
      (value) => !now.includes(value),
    );
    const writes = past.map(
      (value) => () => this.#take({ value, member: account, from }, facts === undefined),
    );
    if (facts !== undefined) {
      const text = encodeFacts(facts);
      const expires = from.until ?? lastShown(facts) + this.#options.retentionDays * DAY_MS;
      for (const value of now)
        writes.push(() => this.#write({ value, member: account, from }, expires, { facts: { S: text } }));
    }
    for (let i = 0; i < writes.length; i += WRITES_AT_ONCE)
      await Promise.all(writes.slice(i, i + WRITES_AT_ONCE).map((write) => write()));
  }

  async watch(account: string, watched: boolean, from: SourceState): Promise<void> {
    const place = { value: watchedValue(account), member: account, from };
    if (watched) await this.#write(place, from.until ?? 0);
    else await this.#take(place, from.until === undefined);
  }

  async watched(): Promise<readonly string[]> {
    const found: string[] = [];
    for (const value of watchedValues())
      for await (const item of this.#under(value))
        if (item.member?.S !== undefined && item.gone === undefined) found.push(item.member.S);
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

  async noteContent(account: string, until: number | undefined, from: SourceState = {}): Promise<void> {
    const place = { value: contentValue(account), member: account, from };
    if (until !== undefined && until > 0) await this.#write(place, until, { sealed: { BOOL: true } });
    else await this.#take(place, until === undefined);
  }

  async *prompts(block = 0, blocks = 1): AsyncGenerator<{ account: string; samples: PromptSamples }> {
    let accounts: string[] = [];
    const earlier = new Set<string>();
    for (const value of contentValues(block, blocks))
      for await (const { member, gone, sealed } of this.#under(value)) {
        if (member?.S !== undefined && gone === undefined) {
          accounts.push(member.S);
          if (sealed === undefined) earlier.add(member.S);
        }
        if (accounts.length < SAMPLES_AT_ONCE) continue;
        yield* await this.#samplesOf(accounts, earlier);
        accounts = [];
      }
    yield* await this.#samplesOf(accounts, earlier);
  }

  /** In the order of the accounts; one without a sample has expired, or is forgotten. */
  async #samplesOf(
    accounts: readonly string[],
    earlier: ReadonlySet<string>,
  ): Promise<{ account: string; samples: PromptSamples }[]> {
    const held = await this.#options.samplesOf?.(accounts, earlier);
    return accounts.flatMap((account) => {
      const samples = held?.get(account);
      return samples === undefined ? [] : [{ account, samples }];
    });
  }

  async sharing(value: string, limit: number): Promise<readonly AccountFacts[]> {
    const there: Record<string, AttributeValue>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    for (let page = 0; page < SHARING_PAGES; page++) {
      // the limit is of what is read, before the filter (API_Query, `Limit`)
      const { Items = [], LastEvaluatedKey } = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: '#value = :value',
          FilterExpression: 'attribute_not_exists(#gone)',
          ExpressionAttributeNames: { '#value': 'value', '#gone': 'gone' },
          ExpressionAttributeValues: { ':value': { S: value } },
          Limit: limit,
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      there.push(...Items);
      from = LastEvaluatedKey;
      if (from === undefined || there.length >= limit) break;
    }
    return there.slice(0, limit).flatMap((item) => this.#facts(item) ?? []);
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
    if (item.gone !== undefined) return undefined;
    try {
      return decodeFacts(item.facts?.S ?? '');
    } catch (error) {
      this.#options.onUnreadable?.(item.value?.S ?? '', item.member?.S ?? '', error);
      return undefined;
    }
  }

  /** Takes an entry away: for good where its account is gone, else what is left tells those who come late. */
  async #take(place: Place, forGood: boolean): Promise<void> {
    if (!forGood) return this.#write(place, this.#now() + GONE_MS, { gone: { BOOL: true } });
    await unlessNewer(
      this.#client.send(
        new DeleteItemCommand({
          TableName: this.#table,
          Key: { value: { S: place.value }, member: { S: place.member } },
          ...conditionOf(place.from),
        }),
      ),
    );
  }

  /** @param expires ms */
  async #write(
    { value, member, from }: Place,
    expires: number,
    attributes: Record<string, AttributeValue> = {},
  ): Promise<void> {
    await unlessNewer(
      this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            value: { S: value },
            member: { S: member },
            ...attributes,
            version: { N: String(from.version ?? 0) },
            at: { N: String(from.at ?? 0) },
            expiresAt: { N: String(Math.ceil(expires / 1000)) },
          },
          ...conditionOf(from),
        }),
      ),
    );
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** What is stored was written before, or is an older version of the same life. */
function conditionOf({ version = 0, at = 0 }: SourceState): Condition {
  return {
    ConditionExpression:
      'attribute_not_exists(#at) OR #at < :before OR (#version <= :version AND #at <= :about)',
    ExpressionAttributeNames: { '#version': 'version', '#at': 'at' },
    ExpressionAttributeValues: {
      ':version': { N: String(version) },
      ':before': { N: String(at - SLACK_MS) },
      ':about': { N: String(at + SLACK_MS) },
    },
  };
}

async function unlessNewer(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

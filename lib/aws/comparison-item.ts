import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { Comparison } from '../campaigns/content/comparison.ts';
import type { ContentComparisons } from '../campaigns/ports.ts';
import { COMPARISON_ITEM, RUN_PARTITION } from '../contract/run-request-names.ts';
import { LIMITS } from '../limits.ts';
import { DAY_MS } from '../time.ts';

const stored = z.strictObject({
  at: z.number().int(),
  calibration: z.string(),
  code: z.string(),
  groups: z.array(z.array(z.string())),
});

const KEY = { campaign: { S: RUN_PARTITION }, item: { S: COMPARISON_ITEM } };

/**
 * The one owner of the campaign table's item `link-run`/`contents` (compared: deflated JSON, expiresAt): what came of the last comparison
 * of contents, so that not every run of `link` reads all samples. Nothing is lost with it: the next run compares.
 */
export class ComparisonItem implements ContentComparisons {
  readonly #client: DynamoDBClient;
  readonly #table: string;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  /** undefined: there is none that can be read */
  async last(): Promise<Comparison | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: KEY, ConsistentRead: true }),
    );
    return Item === undefined ? undefined : comparisonIn(Item);
  }

  /** One that is too large for an item is not kept: the next run compares again. */
  async keep(comparison: Comparison): Promise<void> {
    const compared = deflateRawSync(JSON.stringify(comparison));
    if (compared.length > LIMITS.comparisonBytes.most) return;
    await this.#client.send(
      new PutItemCommand({
        TableName: this.#table,
        Item: {
          ...KEY,
          compared: { B: compared },
          expiresAt: { N: String(Math.ceil((comparison.at + DAY_MS) / 1000)) },
        },
      }),
    );
  }
}

/** undefined: the item is another one, damaged, or of another version */
export function comparisonIn({ compared }: Record<string, AttributeValue>): Comparison | undefined {
  if (compared?.B === undefined) return undefined;
  try {
    const text = inflateRawSync(compared.B, { maxOutputLength: MOST_UNPACKED });
    const parsed = stored.safeParse(JSON.parse(text.toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of an unpacked comparison: names are random, and pack to a half. */
const MOST_UNPACKED = 64 * LIMITS.comparisonBytes.most;

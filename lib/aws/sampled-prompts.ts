import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import { mergePromptSamples, NO_PROMPTS, type PromptSamples } from '../profile/prompt-sample.ts';
import type { EarlierPromptStore } from '../stores/profile-store.ts';
import { itemsOf } from './account-items.ts';
import { lanesNamedIn, SEALED_OF_LANES } from './lane-items.ts';
import { promptsIn, SEALED } from './profile-items.ts';

/** Accounts whose parts are asked for at the same time. */
const QUERIES_AT_ONCE = 24;
/** Parts of a page: an account of average activity has one a day, and a sample speaks of four weeks. */
const PARTS_OF_A_PAGE = 30;

/**
 * Samples of what accounts ask, for those that compare them: from the sealed parts of the profile table, the newest first, as far
 * back as a sample speaks of. Eventually consistent, and without what waits in the hot items. Whoever was given up in the middle
 * of a write may have left a part that nothing names: its prompts were asked, too.
 */
export class SampledPrompts {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #earlier: EarlierPrompts;

  constructor(client: DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
    this.#earlier = new EarlierPrompts(client, table, false);
  }

  /** @param earlier those of them whose samples a version before noted: they have an item of their own, and parts perhaps */
  async samplesOf(
    accounts: readonly string[],
    earlier: ReadonlySet<string> = new Set(),
  ): Promise<Map<string, PromptSamples>> {
    const found = await this.#earlier.load(accounts.filter((account) => earlier.has(account)));
    const left = [...accounts];
    const worker = async (): Promise<void> => {
      for (let account = left.pop(); account !== undefined; account = left.pop()) {
        const samples = mergePromptSamples(found.get(account) ?? NO_PROMPTS, await this.#inParts(account));
        if (samples.length > 0) found.set(account, samples);
      }
    };
    await Promise.all(Array.from({ length: Math.min(QUERIES_AT_ONCE, left.length) }, worker));
    return found;
  }

  /** Those of an account that is divided lie in its lanes' parts, too: its own parts say so. */
  async #inParts(account: string): Promise<PromptSamples> {
    const own = await this.#partsBelow(account, SEALED);
    if (!own.divided) return own.samples;
    return mergePromptSamples(own.samples, (await this.#partsBelow(account, SEALED_OF_LANES[0])).samples);
  }

  /** @param prefix of the parts' sort keys; those of lanes stand one lane after another, and all of them are read */
  async #partsBelow(
    account: string,
    prefix: string,
  ): Promise<{ readonly samples: PromptSamples; readonly divided: boolean }> {
    let samples = NO_PROMPTS;
    let divided = false;
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          KeyConditionExpression: 'account = :account AND begins_with(#item, :sealed)',
          ProjectionExpression: 'prompts, lanes',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':account': { S: account }, ':sealed': { S: prefix } },
          ScanIndexForward: false,
          Limit: PARTS_OF_A_PAGE,
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      const parts = (page.Items ?? []).map(promptsIn).filter(({ length }) => length > 0);
      for (const part of parts) samples = mergePromptSamples(samples, part);
      divided ||= (page.Items ?? []).some((part) => lanesNamedIn(part).length > 0);
      from = page.LastEvaluatedKey;
      // all that is older is of generations that the sample has left behind
      const oldest = newestOf(parts[parts.length - 1] ?? NO_PROMPTS);
      if (prefix === SEALED && parts.length > 0 && oldest < newestOf(samples) - 1) break;
    } while (from !== undefined);
    return { samples, divided };
  }
}

function newestOf(samples: PromptSamples): number {
  return Math.max(0, ...samples.map(({ generation }) => generation));
}

/**
 * The profile table's `prompts` items of versions before (`account`, item `prompts`: prompts, name, version, expiresAt): a whole sample
 * each, written anew with what came into it. They are read until the account's next sealed part has taken them up.
 */
export class EarlierPrompts implements EarlierPromptStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #consistent: boolean;

  constructor(client: DynamoDBClient, table: string, consistent = true) {
    this.#client = client;
    this.#table = table;
    this.#consistent = consistent;
  }

  async load(accounts: readonly string[]): Promise<Map<string, PromptSamples>> {
    if (accounts.length === 0) return new Map();
    const asked = {
      ...{ table: this.#table, item: PROFILE_ITEMS.prompts, consistent: this.#consistent },
      what: 'prompt samples',
    };
    const items = await itemsOf(this.#client, asked, accounts);
    return new Map([...items].map(([account, item]) => [account, promptsIn(item)]));
  }
}

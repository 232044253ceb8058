import { Logger } from '@aws-lambda-powertools/logger';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { decodeFacts } from '../../lib/campaigns/facts-codec.ts';
import type { AccountFacts } from '../../lib/campaigns/link-facts.ts';
import { readEnvironment } from '../../lib/infra/environment.ts';
import { dynamoDb } from '../../lib/stores/clients.ts';
import { LinkTable } from '../../lib/stores/link-table.ts';

/** Keeps the link table up to date from the profile table's stream: link facts, and which accounts are watched. */

/** Sort key of an account's link facts in the profile table. */
const FACTS_ITEM = 'facts';
/** Sort key of the hot item, which carries the account's level. */
const HOT_ITEM = 'hot';
/** Link entries outlive the profiles that they came from by nothing: the same retention. */
const RETENTION_DAYS = 35;

type Image = Readonly<Record<string, AttributeValue>> | undefined;

interface TableStreamEvent {
  readonly Records: readonly {
    readonly eventName?: string;
    readonly dynamodb?: {
      readonly SequenceNumber?: string;
      readonly Keys?: Image;
      readonly NewImage?: Image;
      readonly OldImage?: Image;
    };
  }[];
}

interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const environment = readEnvironment('index', process.env);
const logger = new Logger();
const links = new LinkTable(dynamoDb(), environment.LINK_TABLE, { retentionDays: RETENTION_DAYS });

/**
 * Applies images in order. The first record that fails is named and the batch is taken up from there again: puts are
 * idempotent, and images of one account must not overtake each other.
 */
async function index(event: TableStreamEvent): Promise<BatchResponse> {
  for (const { dynamodb } of event.Records) {
    const account = dynamodb?.Keys?.account?.S;
    if (dynamodb === undefined || account === undefined) continue;
    try {
      await apply(account, dynamodb.Keys?.item?.S, dynamodb.NewImage, dynamodb.OldImage);
    } catch (error) {
      logger.error('link facts not indexed', { account, error: error as Error });
      const itemIdentifier = dynamodb.SequenceNumber;
      if (itemIdentifier === undefined) throw error;
      return { batchItemFailures: [{ itemIdentifier }] };
    }
  }
  return { batchItemFailures: [] };
}

async function apply(account: string, item: string | undefined, now: Image, before: Image): Promise<void> {
  if (item === FACTS_ITEM) await links.put(account, factsIn(now, account), factsIn(before, account));
  else if (item === HOT_ITEM) {
    const watched = isWatched(now);
    if (watched !== isWatched(before)) await links.watch(account, watched, untilOf(now));
  }
}

function isWatched(image: Image): boolean {
  const level = image?.level?.S;
  return level !== undefined && level !== 'clear';
}

/** The profile's own expiry, ms; a watched account is forgotten with it. */
function untilOf(image: Image): number {
  return Number(image?.expiresAt?.N ?? 0) * 1000;
}

/** Facts of an image; those that cannot be read count as none, so that one damaged item does not stop a shard. */
function factsIn(image: Image, account: string): AccountFacts | undefined {
  const text = image?.facts?.S;
  if (text === undefined) return undefined;
  try {
    return decodeFacts(text);
  } catch (error) {
    logger.error('link facts cannot be read', { account, error: error as Error });
    return undefined;
  }
}

export const handler = middy<TableStreamEvent, BatchResponse>({ timeoutEarlyInMillis: 0 }).handler(index);

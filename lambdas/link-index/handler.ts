import { Logger } from '@aws-lambda-powertools/logger';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { dynamoDb } from '../../lib/aws/clients.ts';
import { decodeMeta } from '../../lib/aws/hot-meta.ts';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { NO_OWNER } from '../../lib/campaigns/linking/blocking.ts';
import { decodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import type { AccountFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { BURST_LOOKS_AT, isBurst } from '../../lib/campaigns/linking/run-triggers.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { PROFILE_ITEMS } from '../../lib/contract/tables.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import type { PromptSamples } from '../../lib/profile/prompt-sample.ts';
import { decodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { entryValues, isWorthNoting } from '../../lib/stores/link-store.ts';
import { placesOf } from '../../lib/stores/profile-item.ts';

/**
 * Keeps the link table up to date from the profile table's stream: link facts, which accounts are watched, and what time
 * it is for all of them. Where enough has changed it asks for a run of `link` before its schedule
 * (lib/campaigns/linking/run-triggers.ts).
 */

/** For facts without an expiry of their own, as versions before this wrote them: what the shipped policy keeps. */
const { retentionDays } = defaultPolicy;

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
const client = dynamoDb();
const links = new LinkTable(client, environment.LINK_TABLE, { retentionDays });
const requests = new RunRequests(client, environment.CAMPAIGN_TABLE, {
  minutes: Number(environment.LINK_PRESSURE_MINUTES),
});
/** Values of one batch that are looked at for bursts: a flood of new values costs no more reads than this. */
const VALUES_PER_BATCH = 100;

/** What a batch changed. */
interface Changes {
  facts: number;
  watched: number;
  /** hard values that an account shows for the first time */
  readonly values: Set<string>;
  /** newest arrival, ms */
  arrived: number;
}

/**
 * Applies images in order. The first record that fails is named and the batch is taken up from there again: puts are
 * idempotent, and images of one account must not overtake each other.
 */
async function index(event: TableStreamEvent): Promise<BatchResponse> {
  const changes: Changes = { facts: 0, watched: 0, values: new Set(), arrived: 0 };
  const response = await applyAll(event, changes);
  await tellTime(changes);
  await press(changes);
  return response;
}

async function applyAll(event: TableStreamEvent, changes: Changes): Promise<BatchResponse> {
  for (const { dynamodb } of event.Records) {
    const account = dynamodb?.Keys?.account?.S;
    if (dynamodb === undefined || account === undefined) continue;
    try {
      await apply(account, dynamodb.Keys?.item?.S, dynamodb.NewImage, dynamodb.OldImage, changes);
    } catch (error) {
      logger.error('link facts not indexed', { account, error: error as Error });
      const itemIdentifier = dynamodb.SequenceNumber;
      if (itemIdentifier === undefined) throw error;
      return { batchItemFailures: [{ itemIdentifier }] };
    }
  }
  return { batchItemFailures: [] };
}

async function apply(
  account: string,
  item: string | undefined,
  now: Image,
  before: Image,
  changes: Changes,
): Promise<void> {
  if (item === PROFILE_ITEMS.facts) {
    const [facts, old] = [factsIn(now, account), factsIn(before, account)];
    // entries outlive the facts that they came from by nothing: the policy's retention is in the facts' own expiry
    await links.put(account, facts, old, untilOf(now) || undefined);
    changes.facts++;
    if (facts === undefined) return;
    const known = new Set(old === undefined ? [] : entryValues(account, old));
    for (const value of entryValues(account, facts)) if (!known.has(value)) changes.values.add(value);
  } else if (item === PROFILE_ITEMS.prompts) {
    const samples = promptsIn(now, account);
    if (isWorthNoting(samples, promptsIn(before, account))) await links.putPrompts(account, samples);
  } else if (item === PROFILE_ITEMS.hot) {
    changes.arrived = Math.max(changes.arrived, arrivedIn(now));
    const watched = isWatched(now);
    if (watched === isWatched(before)) return;
    await links.watch(account, watched, untilOf(now));
    if (watched) changes.watched++;
  }
}

/** A failure is logged: the next batch of any account tells the time again. */
async function tellTime({ arrived }: Changes): Promise<void> {
  try {
    await requests.moveClock(arrived);
  } catch (error) {
    logger.error('the clock of the traffic could not be moved on', { error: error as Error });
  }
}

/** Adds a batch's changes to the pressure on `link`. A failure is logged: the schedule links all the same. */
async function press({ facts, watched, values }: Changes): Promise<void> {
  try {
    const owned = [...values].filter((value) => !value.startsWith(NO_OWNER)).slice(0, VALUES_PER_BATCH);
    const shared = await Promise.all(owned.map((value) => links.sharing(value, BURST_LOOKS_AT)));
    const answer = await requests.add(
      { changes: facts, watched, bursts: shared.filter(isBurst).length },
      Date.now(),
    );
    if (answer === 'asked') logger.info('a run of link was asked for before its schedule');
  } catch (error) {
    logger.error('no run of link could be asked for', { error: error as Error });
  }
}

/** Samples of an image; those that cannot be read count as none, so that one damaged item does not stop a shard. */
function promptsIn(image: Image, account: string): PromptSamples | undefined {
  const bytes = image?.prompts?.B;
  if (bytes === undefined) return undefined;
  try {
    return decodePromptSamples(typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes);
  } catch (error) {
    logger.error('prompt samples cannot be read', { account, error: error as Error });
    return undefined;
  }
}

function isWatched(image: Image): boolean {
  const level = image?.level?.S;
  return level !== undefined && level !== 'clear';
}

/** Newest arrival of an account, ms; 0 where it cannot be read: the next image tells. */
function arrivedIn(image: Image): number {
  try {
    return placesOf({ meta: decodeMeta(image?.meta) }).arrived;
  } catch {
    return 0;
  }
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

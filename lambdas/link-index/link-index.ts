import type { Logger } from '@aws-lambda-powertools/logger';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LinkTable } from '../../lib/aws/link-table.ts';
import { metaOf, SEALED, sealedNumber } from '../../lib/aws/profile-items.ts';
import { RunRequests } from '../../lib/aws/run-requests.ts';
import { NO_OWNER } from '../../lib/campaigns/linking/blocking.ts';
import { decodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import type { AccountFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { BURST_LOOKS_AT, isBurst } from '../../lib/campaigns/linking/run-triggers.ts';
import type { SourceState } from '../../lib/campaigns/ports.ts';
import type { EnvironmentOf } from '../../lib/contract/environment.ts';
import { PROFILE_ITEMS } from '../../lib/contract/tables.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { entryValues } from '../../lib/stores/link-store.ts';
import { placesOf } from '../../lib/stores/profile-item.ts';
import { DAY_MS } from '../../lib/time.ts';

/** For facts without an expiry of their own, as versions before this wrote them: what the shipped policy keeps. */
const { retentionDays } = defaultPolicy;
/** Values of one batch that are looked at for bursts: a flood of new values costs no more reads than this. */
const VALUES_PER_BATCH = 100;

type Image = Readonly<Record<string, AttributeValue>> | undefined;

interface TableChange {
  /** seconds since 1970, by DynamoDB's clock */
  readonly ApproximateCreationDateTime?: number;
  readonly SequenceNumber?: string;
  readonly Keys?: Image;
  readonly NewImage?: Image;
  readonly OldImage?: Image;
}

export interface TableStreamEvent {
  readonly Records: readonly { readonly eventName?: string; readonly dynamodb?: TableChange }[];
}

export interface BatchResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** What a batch changed. */
interface Changes {
  facts: number;
  watched: number;
  /** hard values that an account shows for the first time */
  readonly values: Set<string>;
  /** newest arrival, ms */
  arrived: number;
}

/** What one environment of the function works with. */
export interface LinkIndexPorts {
  readonly environment: EnvironmentOf<'index'>;
  readonly dynamodb: DynamoDBClient;
  readonly logger: Logger;
}

/**
 * Keeps the link table up to date from the profile table's stream: link facts, which accounts are watched, and what time
 * it is for all of them. Where enough has changed it asks for a run of `link` before its schedule
 * (lib/campaigns/linking/run-triggers.ts).
 */
export class LinkIndexFunction {
  readonly #links: LinkTable;
  readonly #requests: RunRequests;
  readonly #logger: Logger;

  constructor({ environment, dynamodb, logger }: LinkIndexPorts) {
    this.#links = new LinkTable(dynamodb, environment.LINK_TABLE, { retentionDays });
    this.#requests = new RunRequests(dynamodb, environment.CAMPAIGN_TABLE, {
      minutes: Number(environment.LINK_PRESSURE_MINUTES),
    });
    this.#logger = logger;
  }

  /**
   * Applies images in order. The first record that fails is named and the batch is taken up from there again. An image that comes
   * late, or again, changes nothing: entries name the version that they were made from.
   */
  async handle(event: TableStreamEvent): Promise<BatchResponse> {
    const changes: Changes = { facts: 0, watched: 0, values: new Set(), arrived: 0 };
    const response = await this.#applyAll(event, changes);
    await this.#tellTime(changes);
    await this.#press(changes);
    return response;
  }

  async #applyAll(event: TableStreamEvent, changes: Changes): Promise<BatchResponse> {
    for (const { dynamodb } of event.Records) {
      const account = dynamodb?.Keys?.account?.S;
      if (dynamodb === undefined || account === undefined) continue;
      try {
        await this.#apply(account, dynamodb, changes);
      } catch (error) {
        this.#logger.error('link facts not indexed', { account, error: error as Error });
        const itemIdentifier = dynamodb.SequenceNumber;
        if (itemIdentifier === undefined) throw error;
        return { batchItemFailures: [{ itemIdentifier }] };
      }
    }
    return { batchItemFailures: [] };
  }

  async #apply(
    account: string,
    { ApproximateCreationDateTime: written = 0, Keys, NewImage: now, OldImage: before }: TableChange,
    changes: Changes,
  ): Promise<void> {
    const item = Keys?.item?.S;
    // entries outlive what they came from by nothing: the policy's retention is in the item's own expiry
    const from: SourceState = { version: versionOf(now ?? before), at: written * 1000, ...untilOf(now) };
    if (item === PROFILE_ITEMS.facts) {
      const [facts, old] = [this.#facts(now, account), this.#facts(before, account)];
      await this.#links.put(account, facts, old, from);
      changes.facts++;
      if (facts === undefined) return;
      const known = new Set(old === undefined ? [] : entryValues(account, old));
      for (const value of entryValues(account, facts)) if (!known.has(value)) changes.values.add(value);
    } else if (item?.startsWith(SEALED) === true) {
      // a part that expires says nothing of its account
      const until = now?.content?.N;
      const version = sealedNumber(item);
      if (until !== undefined) await this.#links.noteContent(account, Number(until), { ...from, version });
    } else if (item === PROFILE_ITEMS.hot) {
      if (now === undefined) await this.#links.noteContent(account, undefined, from);
      changes.arrived = Math.max(changes.arrived, arrivedIn(now));
      const [watched, was] = [isWatched(now), isWatched(before)];
      // noted again each day: an entry must not expire before the account that stays watched, and one that a lost batch held comes back
      if (watched === was && (!watched || dayOf(now) === dayOf(before))) return;
      await this.#links.watch(account, watched, from);
      if (watched && !was) changes.watched++;
    }
  }

  /** A failure is logged: the next batch of any account tells the time again. */
  async #tellTime({ arrived }: Changes): Promise<void> {
    try {
      await this.#requests.moveClock(arrived);
    } catch (error) {
      this.#logger.error('the clock of the traffic could not be moved on', { error: error as Error });
    }
  }

  /** Adds a batch's changes to the pressure on `link`. A failure is logged: the schedule links all the same. */
  async #press({ facts, watched, values }: Changes): Promise<void> {
    try {
      const owned = [...values].filter((value) => !value.startsWith(NO_OWNER)).slice(0, VALUES_PER_BATCH);
      const shared = await Promise.all(owned.map((value) => this.#links.sharing(value, BURST_LOOKS_AT)));
      const answer = await this.#requests.add(
        { changes: facts, watched, bursts: shared.filter(isBurst).length },
        Date.now(),
      );
      if (answer === 'asked') this.#logger.info('a run of link was asked for before its schedule');
    } catch (error) {
      this.#logger.error('no run of link could be asked for', { error: error as Error });
    }
  }

  /** Facts of an image; those that cannot be read count as none, so that one damaged item does not stop a shard. */
  #facts(image: Image, account: string): AccountFacts | undefined {
    const text = image?.facts?.S;
    if (text === undefined) return undefined;
    try {
      return decodeFacts(text);
    } catch (error) {
      this.#logger.error('link facts cannot be read', { account, error: error as Error });
      return undefined;
    }
  }
}

function isWatched(image: Image): boolean {
  const level = image?.level?.S;
  return level !== undefined && level !== 'clear';
}

/** Newest arrival of an account, ms; 0 where it cannot be read: the next image tells. */
function arrivedIn(image: Image): number {
  try {
    return placesOf({ meta: metaOf(image?.meta) }).arrived;
  } catch {
    return 0;
  }
}

/** The item's own expiry, ms, where it has one. */
function untilOf(image: Image): { until?: number } {
  const seconds = Number(image?.expiresAt?.N ?? 0);
  return seconds > 0 ? { until: seconds * 1000 } : {};
}

const dayOf = (image: Image): number => Math.floor((untilOf(image).until ?? 0) / DAY_MS);

/** Of the item that the image is of; it grows with each write. */
function versionOf(image: Image): number {
  return Number(image?.version?.N ?? 0);
}

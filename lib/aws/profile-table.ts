import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LRUCache } from 'lru-cache';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import type { AccountState } from '../detection/account-state.ts';
import { newAccount } from '../detection/account-state.ts';
import { newestOf } from '../detection/lanes.ts';
import type { Seal } from '../detection/seal.ts';
import { encodeSlices } from '../profile/codec.ts';
import { hash48 } from '../profile/hashes.ts';
import { withSealed } from '../profile/prompt-sample.ts';
import { countIds, type IdPart } from '../profile/recent-ids.ts';
import { recentlyUsed } from '../recently-used.ts';
import { readable, UnreadableItem } from '../stores/failures.ts';
import type { PartRange } from '../stores/hot-meta.ts';
import { fitting } from '../stores/outbox.ts';
import {
  decodeIds,
  encodeIds,
  fromItem,
  type HotItem,
  type Logs,
  newParts,
  type Places,
  placesOf,
  toItem,
} from '../stores/profile-item.ts';
import type { ProfileStore, Reading } from '../stores/profile-store.ts';
import { RememberedStates } from '../stores/remembered-states.ts';
import { itemsOf, type StoredItem } from './account-items.ts';
import { keyOf, lanesNamedIn, namedLanes } from './lane-items.ts';
import { noticeAttribute } from './notice-attribute.ts';
import {
  bytesOf,
  hasNewest,
  hotOf,
  itemsBetween,
  logItem,
  NO_PARTS,
  partsOf,
  SEALED,
  type SealedParts,
  sealedItem,
  sealedPrompts,
} from './profile-items.ts';
import { isToBeNamed, nameLane, readLanes } from './profile-lanes.ts';
import { scanProfiles, type TableScan } from './profile-scan.ts';

/**
 * The one owner of the profile table. Items of an account (partition key `account`, sort key `item`):
 *
 *   hot            version, meta, slices, recent, redriven, asked; level where it is not clear; notices, noticeShard, noticeSince
 *                  while notices wait; lanes where it has any
 *   sealed#NNNNNN#H  slices and sampled prompts that left the hot item, named by their content; `before` names the part
 *                  before it, `content` says until when (epoch ms) what the account asks is compared, where that changes
 *   recent#NNNNNN  events that were applied, moved out of the hot item; the same bytes by whoever writes them
 *   redriven#NNNNNN  the same of events that were put back
 *   prompts        a sample of what it asks, of versions before (see EarlierPrompts)
 *   facts          what links accounts (campaigns/link-facts.ts)
 *   lane#KIND#NN...  the first four of lane NN of an account that is divided (lane-items.ts)
 *
 * `expiresAt` (epoch seconds) is the table's time to live; deletion lags, so readers filter by time themselves.
 */

const NOTICE_SHARDS = 8;
const DAY_SECONDS = 86_400;

/** Ids of recent events matter for an hour; this long after, the time to live may take them, seconds. */
const IDS_KEPT = 3 * 3600;

/** Accounts whose states and sealed parts a warm function keeps: of others they are read again with every write. */
export const PROFILES_KEPT = 5000;

/** What the policy in force says of storing: it may change while a function is warm. */
export interface Keeping {
  readonly retentionDays: number;
  /** longest window that anything is judged by, ms; without, what was read stays whole */
  readonly longestWindow?: number;
}

export interface ProfileTableOptions extends Keeping {
  /** accounts whose states and sealed parts a warm function keeps; default PROFILES_KEPT */
  readonly kept?: number;
  /** processing time, ms */
  readonly now?: () => number;
}

interface Sealed {
  readonly number: number;
  readonly name: string;
  readonly parts: SealedParts;
}

/** Parts of logs, as the hot item of that version named them: parts of another life of the account have the same numbers. */
interface KnownLogs extends Logs {
  readonly of: Pick<HotItem, 'version' | 'meta'>;
}

/** Ids that a warm function keeps, over all accounts. */
const CACHED_IDS = 2_000_000;

export class ProfileTable implements ProfileStore {
  readonly client: DynamoDBClient;
  readonly table: string;
  private readonly now: () => number;
  private readonly sealed: LRUCache<string, Sealed>;
  private readonly logs = new LRUCache<string, KnownLogs>({
    maxSize: CACHED_IDS,
    sizeCalculation: ({ recent, redriven }) =>
      [...recent, ...redriven].reduce((sum, { ids }) => sum + countIds(ids), 1),
  });
  private readonly states: RememberedStates;
  private keeping: Keeping;
  /** write units that the table charged for saves of this instance */
  writeUnits = 0;

  constructor(client: DynamoDBClient, table: string, options: ProfileTableOptions) {
    this.client = client;
    this.table = table;
    this.keeping = options;
    this.now = options.now ?? Date.now;
    const accounts = options.kept ?? PROFILES_KEPT;
    this.sealed = recentlyUsed(accounts);
    this.states = new RememberedStates({ accounts });
  }

  /** The policy in force from now on. What is kept of sealed slices reaches back as far as the longest window so far. */
  follow(keeping: Keeping): void {
    if ((keeping.longestWindow ?? 0) > (this.keeping.longestWindow ?? 0)) {
      this.sealed.clear();
      this.states.clear();
    }
    this.keeping = keeping;
  }

  async load(
    accounts: readonly string[],
    onUnreadable?: (account: string, error: Error) => void,
    reading: Reading = 'newest',
  ): Promise<Map<string, AccountState>> {
    const states = new Map<string, AccountState>();
    const doubtful: string[] = [];
    const one = async (account: string, item: Record<string, AttributeValue> | undefined): Promise<void> => {
      try {
        const state = item?.version === undefined ? undefined : await this.read(account, item, reading);
        if (state === undefined) this.drop(account);
        states.set(account, await this.withLanes(state ?? newAccount(account), lanesNamedIn(item), reading));
      } catch (error) {
        if (!(error instanceof UnreadableItem) || onUnreadable === undefined) throw error;
        // what was damaged a moment ago may be mended
        if (reading === 'recent') doubtful.push(account);
        else onUnreadable(account, error);
      }
    };
    const asked = {
      ...{ table: this.table, item: PROFILE_ITEMS.hot, what: 'profiles' },
      consistent: reading === 'newest',
    };
    const items = await itemsOf(this.client, asked, accounts);
    await Promise.all(accounts.map((account) => one(account, items.get(account))));
    if (doubtful.length > 0)
      for (const [account, state] of await this.load(doubtful, onUnreadable)) states.set(account, state);
    return states;
  }

  /** @param since ms, since when new notices wait: the arrival that made them, where nothing else is said */
  async save(
    stored: AccountState,
    next: AccountState,
    seal: Seal | undefined,
    since = newestOf({ ...stored, profile: next.profile }).arrived,
  ): Promise<'saved' | 'conflict'> {
    const { profile } = next;
    // an account that is divided may have no event of its own, and is kept as long as its lanes
    const expiresAt = this.expiry(newestOf({ ...stored, profile }).latest);
    if (isToBeNamed(stored, next))
      this.writeUnits += await nameLane(this.client, this.table, profile.account, expiresAt);
    if (seal !== undefined)
      await this.put(profile.account, sealedItem(seal.number, seal.name), expiresAt, {
        slices: { B: encodeSlices(seal.slices) },
        before: { S: seal.before },
        ...sealedPrompts(seal, stored.asked.sealed, next.asked.sealed),
        // whoever reads parts alone is told that there are others
        ...namedLanes(next.lanes?.numbers),
      });
    for (const { log, part } of newParts(stored, next)) {
      // by the later clock: a stream that is hours behind must not find them expired
      const soon = Math.ceil(Math.max(profile.arrived, this.now()) / 1000) + IDS_KEPT;
      await this.put(profile.account, logItem(log, part.number), log === 'recent' ? soon : expiresAt, {
        ids: { B: encodeIds(part.ids) },
      });
    }
    if (!(await this.saveHot(stored, next, since, expiresAt))) return 'conflict';
    if (profile.sealed > 0 && !next.partsUnread)
      this.sealed.set(profile.account, {
        number: profile.sealed,
        name: profile.sealedName,
        parts: { slices: next.sealed, prompts: next.asked.sealed },
      });
    return 'saved';
  }

  private async saveHot(
    stored: AccountState,
    next: AccountState,
    since: number,
    expiresAt: number,
  ): Promise<boolean> {
    const { profile, judgement } = next;
    const item = toItem(next);
    const fresh = fitting(
      stored.judgement.notices,
      judgement.notices.filter((held) => held.number > stored.judgement.numbered),
    );
    const values: Record<string, AttributeValue> = {
      ':next': { N: String(item.version) },
      ':meta': { B: item.meta },
      ':slices': { B: item.slices },
      ':until': { N: String(expiresAt) },
    };
    let set = '#version = :next, meta = :meta, slices = :slices, expiresAt = :until';
    // written by versions before
    const gone: string[] = ['peakScore'];
    if (judgement.level.level === 'clear') gone.push('#level');
    else {
      set += ', #level = :level';
      values[':level'] = { S: judgement.level.level };
    }
    for (const name of ['recent', 'redriven', 'asked'] as const)
      if (item[name].length > 0) {
        set += `, ${name} = :${name}`;
        values[`:${name}`] = { B: item[name] };
      } else gone.push(name);
    if (fresh.length > 0) {
      set +=
        ', notices = list_append(if_not_exists(notices, :none), :fresh), noticeShard = :shard, noticeSince = if_not_exists(noticeSince, :since)';
      values[':none'] = { L: [] };
      values[':fresh'] = { L: fresh.map((held) => noticeAttribute(JSON.stringify(held))) };
      values[':shard'] = { S: `n${hash48(profile.account) % NOTICE_SHARDS}` };
      values[':since'] = { S: new Date(since).toISOString() };
    }
    const condition = stored.profile.version === 0 ? 'attribute_not_exists(#version)' : '#version = :read';
    if (stored.profile.version > 0) values[':read'] = { N: String(stored.profile.version) };
    try {
      const response = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: keyOf(profile.account, PROFILE_ITEMS.hot),
          UpdateExpression: `SET ${set}${gone.length > 0 ? ` REMOVE ${gone.join(', ')}` : ''}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: { '#version': 'version', '#level': 'level' },
          ExpressionAttributeValues: values,
          ReturnConsumedCapacity: 'TOTAL',
        }),
      );
      this.writeUnits += response.ConsumedCapacity?.CapacityUnits ?? 0;
      this.states.keep(profile.account, item, next);
      this.keepLogs(profile.account, item, {
        recent: profile.recent.parts,
        redriven: profile.redriven.parts,
      });
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  /** Stores a part: what its name stands for never changes, so a repeat changes nothing. */
  private async put(
    account: string,
    item: string,
    expiresAt: number,
    attributes: Record<string, AttributeValue>,
  ): Promise<void> {
    const response = await this.client.send(
      new PutItemCommand({
        TableName: this.table,
        Item: {
          ...keyOf(account, item),
          ...attributes,
          expiresAt: { N: String(expiresAt) },
        },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    this.writeUnits += response.ConsumedCapacity?.CapacityUnits ?? 0;
  }

  /** All accounts of a segment: see scanProfiles. */
  scan(scan: TableScan = {}): AsyncGenerator<AccountState> {
    const source = { client: this.client, table: this.table };
    return scanProfiles(source, scan, (account, places) => this.sealedOf(account, places, 'newest'));
  }

  private expiry(latest: number): number {
    return Math.ceil(latest / 1000) + this.keeping.retentionDays * DAY_SECONDS;
  }

  /** The account is not stored, any more or yet: nothing that is remembered is of it. */
  private drop(account: string): void {
    this.states.drop(account);
    this.sealed.delete(account);
    this.logs.delete(account);
  }

  /** The state of an item that was read; not decoded again where it is what this instance wrote or read last. */
  private async read(account: string, item: StoredItem, reading: Reading): Promise<AccountState> {
    const hot = hotOf(item);
    const known = this.states.known(account, hot);
    if (known !== undefined && (reading === 'recent' || !known.partsUnread)) return known;
    const state = await this.assemble(account, item, reading);
    this.states.keep(account, hot, state);
    return state;
  }

  async whole(state: AccountState): Promise<AccountState> {
    const { partsUnread, ...held } = state;
    const { account } = held.profile;
    let read: AccountState = held;
    if (partsUnread) {
      const { slices, prompts } = await this.sealedOf(account, held.profile, 'recent');
      read = { ...held, sealed: slices, asked: withSealed(held.asked, prompts) };
    }
    return this.withLanes(read, held.lanes?.numbers ?? [], 'newest');
  }

  /** With what its hot item says of lanes. They are written by others: they are read anew each time. */
  private async withLanes(
    state: AccountState,
    numbers: readonly number[],
    reading: Reading,
  ): Promise<AccountState> {
    if (numbers.length === 0) return state;
    if (reading === 'recent') return { ...state, lanes: { numbers } };
    return { ...state, lanes: { numbers, states: await readLanes(this, state.profile.account) } };
  }

  private async assemble(account: string, item: StoredItem, reading: Reading): Promise<AccountState> {
    const hot = hotOf(item);
    const places = readable(`the profile of ${account}`, () => placesOf(hot));
    const remembered = this.rememberedParts(account, places);
    const sealed =
      remembered ?? (reading === 'newest' ? await this.sealedOf(account, places, reading) : NO_PARTS);
    const known = this.logs.get(account);
    const logs =
      known !== undefined && known.of.version === hot.version && Buffer.compare(known.of.meta, hot.meta) === 0
        ? known
        : {
            recent: await this.logOf(account, 'recent', places.recent),
            redriven: await this.logOf(account, 'redriven', places.redriven),
          };
    this.keepLogs(account, hot, logs);
    const { slices, prompts } = sealed;
    const state = readable(`the profile of ${account}`, () => fromItem(account, hot, slices, logs, prompts));
    return remembered === undefined && reading === 'recent' ? { ...state, partsUnread: true } : state;
  }

  /**
   * The parts that the hot item names, back to the first that has not expired. They never change, and the hot item says which there
   * are: read at half the price, and again where one of the last moment is missed.
   */
  private async sealedOf(
    account: string,
    { sealed, sealedName }: Pick<Places, 'sealed' | 'sealedName'>,
    reading: Reading,
  ): Promise<SealedParts> {
    const known = this.rememberedParts(account, { sealed, sealedName });
    if (known !== undefined) return known;
    const parts = [SEALED, sealedItem(sealed, '~')] as const;
    let stored = await itemsBetween(this, account, parts, reading);
    if (reading === 'recent' && !hasNewest({ sealed, sealedName }, stored))
      stored = await itemsBetween(this, account, parts, 'newest');
    const read = partsOf(account, { sealed, sealedName }, stored) ?? NO_PARTS;
    this.sealed.set(account, { number: sealed, name: sealedName, parts: read });
    return read;
  }

  /** Parts that need not be read: there are none, or this instance wrote or read them last. */
  private rememberedParts(
    account: string,
    { sealed, sealedName }: Pick<Places, 'sealed' | 'sealedName'>,
  ): SealedParts | undefined {
    if (sealed === 0) return NO_PARTS;
    const known = this.sealed.get(account);
    return known?.name === sealedName && known.number === sealed ? known.parts : undefined;
  }

  private async logOf(
    account: string,
    log: keyof Logs,
    [first, next]: PartRange,
  ): Promise<readonly IdPart[]> {
    if (first === next) return [];
    const range = [logItem(log, first), logItem(log, next - 1)] as const;
    const stored = await itemsBetween(this, account, range, 'newest');
    return stored.map((part) => ({
      number: Number(part.item?.S?.slice(log.length + 1)),
      ids: readable(`ids of ${account}`, () => decodeIds(bytesOf(part.ids))),
    }));
  }

  private keepLogs(account: string, { version, meta }: HotItem, { recent, redriven }: Logs): void {
    if (recent.length + redriven.length === 0) this.logs.delete(account);
    else this.logs.set(account, { recent, redriven, of: { version, meta } });
  }
}

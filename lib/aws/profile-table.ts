import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { LRUCache } from 'lru-cache';
import { PROFILE_ITEMS } from '../contract/tables.ts';
import type { AccountState } from '../detection/account-state.ts';
import { newAccount } from '../detection/account-state.ts';
import type { Seal } from '../detection/process-batch.ts';
import { decodeSlices, encodeSlices } from '../profile/codec.ts';
import { hash48 } from '../profile/hashes.ts';
import type { RecentIds } from '../profile/recent-ids.ts';
import type { Slice } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import {
  decodeEntry,
  encodeEntry,
  fromItem,
  type HotItem,
  idsToSpill,
  oldestSlot,
  placesOf,
  toItem,
} from '../stores/profile-item.ts';
import type { ProfileStore } from '../stores/profile-store.ts';

/**
 * The one owner of the profile table. Items of an account (partition key `account`, sort key `item`):
 *
 *   hot            version, meta, slices, recent | spilled; notices, noticeShard, noticeSince while notices wait
 *   sealed#NNNNNN  slices that left the hot item; written once, the same bytes by whoever writes them
 *   recent#SSSSSSS event ids of a ten-minute slot, added to a set; only of accounts with many
 *   facts          what links accounts (campaigns/link-facts.ts)
 *
 * `expiresAt` (epoch seconds) is the table's time to live; deletion lags, so readers filter by time themselves.
 */

const NOTICE_SHARDS = 8;
/** BatchGetItem takes at most 100 keys (API_BatchGetItem). */
const KEYS_PER_GET = 100;
const DAY_SECONDS = 86_400;

const sealedItem = (number: number): string => `sealed#${String(number).padStart(6, '0')}`;
const recentItem = (slot: number): string => `recent#${String(slot).padStart(9, '0')}`;

export interface ProfileTableOptions {
  readonly retentionDays: number;
  /** sealed parts never change, so a warm function keeps them; accounts kept, default 5,000 */
  readonly sealedCache?: number;
}

interface Sealed {
  readonly parts: number;
  readonly slices: readonly Slice[];
}

export class ProfileTable implements ProfileStore {
  private readonly client: DynamoDBClient;
  private readonly table: string;
  private readonly options: ProfileTableOptions;
  private readonly sealed: LRUCache<string, Sealed>;
  /** write units that the table charged for saves of this instance */
  writeUnits = 0;

  constructor(client: DynamoDBClient, table: string, options: ProfileTableOptions) {
    this.client = client;
    this.table = table;
    this.options = options;
    this.sealed = new LRUCache({ max: options.sealedCache ?? 5000 });
  }

  async load(accounts: readonly string[]): Promise<Map<string, AccountState>> {
    const states = new Map<string, AccountState>();
    const chunks: string[][] = [];
    for (let i = 0; i < accounts.length; i += KEYS_PER_GET) chunks.push(accounts.slice(i, i + KEYS_PER_GET));
    await Promise.all(
      chunks.map(async (chunk) => {
        const items = await this.get(chunk);
        await Promise.all(
          chunk.map(async (account) => {
            const item = items.get(account);
            states.set(
              account,
              item === undefined ? newAccount(account) : await this.assemble(account, item),
            );
          }),
        );
      }),
    );
    return states;
  }

  /** @param since ms, since when new notices wait: the arrival that made them, where nothing else is said */
  async save(
    stored: AccountState,
    next: AccountState,
    seal: Seal | undefined,
    since = next.profile.arrived,
  ): Promise<'saved' | 'conflict'> {
    const { profile, judgement } = next;
    const key = (item: string) => ({ account: { S: profile.account }, item: { S: item } });
    const expiresAt = { N: String(this.expiry(Math.max(profile.lastSeen, profile.arrived))) };
    if (seal !== undefined) {
      const response = await this.client.send(
        new PutItemCommand({
          TableName: this.table,
          Item: { ...key(sealedItem(seal.number)), slices: { B: encodeSlices(seal.slices) }, expiresAt },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      );
      this.writeUnits += response.ConsumedCapacity?.CapacityUnits ?? 0;
    }
    for (const [slot, entries] of idsToSpill(stored, next)) {
      const response = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: key(recentItem(slot)),
          UpdateExpression: 'ADD ids :ids SET expiresAt = :until',
          ExpressionAttributeValues: {
            ':ids': { BS: entries.map(([id, position]) => encodeEntry(id, position)) },
            ':until': { N: String(Math.ceil(profile.arrived / 1000) + 3 * 3600) },
          },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      );
      this.writeUnits += response.ConsumedCapacity?.CapacityUnits ?? 0;
    }
    const item = toItem(next);
    const fresh = judgement.notices.filter((held) => held.number > stored.judgement.numbered);
    const values: Record<string, AttributeValue> = {
      ':next': { N: String(item.version) },
      ':meta': { S: item.meta },
      ':slices': { B: item.slices },
      ':recent': { B: item.recent },
      ':spilled': { BOOL: item.spilled },
      ':level': { S: judgement.level.level },
      ':score': { N: judgement.evidence.peak.toPrecision(6) },
      ':until': expiresAt,
    };
    let set =
      '#version = :next, meta = :meta, slices = :slices, recent = :recent, spilled = :spilled, #level = :level, peakScore = :score, expiresAt = :until';
    if (fresh.length > 0) {
      set +=
        ', notices = list_append(if_not_exists(notices, :none), :fresh), noticeShard = :shard, noticeSince = if_not_exists(noticeSince, :since)';
      values[':none'] = { L: [] };
      values[':fresh'] = { L: fresh.map((held) => ({ S: JSON.stringify(held) })) };
      values[':shard'] = { S: `n${hash48(profile.account) % NOTICE_SHARDS}` };
      values[':since'] = { S: new Date(since).toISOString() };
    }
    const condition = stored.profile.version === 0 ? 'attribute_not_exists(#version)' : '#version = :read';
    if (stored.profile.version > 0) values[':read'] = { N: String(stored.profile.version) };
    try {
      const response = await this.client.send(
        new UpdateItemCommand({
          TableName: this.table,
          Key: key(PROFILE_ITEMS.hot),
          UpdateExpression: `SET ${set}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: { '#version': 'version', '#level': 'level' },
          ExpressionAttributeValues: values,
          ReturnConsumedCapacity: 'TOTAL',
        }),
      );
      this.writeUnits += response.ConsumedCapacity?.CapacityUnits ?? 0;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'conflict';
      throw error;
    }
    if (seal !== undefined || profile.sealed > 0)
      this.sealed.set(profile.account, { parts: profile.sealed, slices: next.sealed });
    return 'saved';
  }

  /** All accounts with their sealed slices, page by page: for `calibrate`, `console` and rebuilds. Eventually consistent. */
  async *scan(): AsyncGenerator<AccountState> {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.client.send(
        new ScanCommand({
          TableName: this.table,
          FilterExpression: '#item = :hot',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':hot': { S: PROFILE_ITEMS.hot } },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      for (const item of page.Items ?? []) {
        const account = item.account?.S;
        if (account !== undefined) yield await this.assemble(account, item);
      }
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  private expiry(latest: number): number {
    return Math.ceil(latest / 1000) + this.options.retentionDays * DAY_SECONDS;
  }

  private async get(accounts: readonly string[]): Promise<Map<string, Record<string, AttributeValue>>> {
    const items = new Map<string, Record<string, AttributeValue>>();
    let keys = accounts.map(
      (account) =>
        ({ account: { S: account }, item: { S: PROFILE_ITEMS.hot } }) as Record<string, AttributeValue>,
    );
    for (let attempt = 0; keys.length > 0; attempt++) {
      const response = await this.client.send(
        new BatchGetItemCommand({ RequestItems: { [this.table]: { Keys: keys, ConsistentRead: true } } }),
      );
      for (const item of response.Responses?.[this.table] ?? [])
        if (item.account?.S !== undefined) items.set(item.account.S, item);
      keys = response.UnprocessedKeys?.[this.table]?.Keys ?? [];
      if (keys.length > 0 && attempt >= 8)
        throw new Error(`${keys.length} profiles could not be read: the table is throttled`);
      if (keys.length > 0) await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** attempt));
    }
    return items;
  }

  private async assemble(account: string, item: Record<string, AttributeValue>): Promise<AccountState> {
    const hot = hotOf(item);
    const { sealed, arrived } = placesOf(hot);
    const known = this.sealed.get(account);
    let slices: readonly Slice[] = [];
    if (sealed > 0 && known?.parts === sealed) slices = known.slices;
    else if (sealed > 0) {
      const parts = await this.query(account, sealedItem(0), sealedItem(sealed));
      slices = joinSlices(parts.map((part) => decodeSlices(bytesOf(part.slices))));
      this.sealed.set(account, { parts: sealed, slices });
    }
    const ids: RecentIds = new Map();
    if (hot.spilled) {
      const slots = await this.query(account, recentItem(oldestSlot(arrived)), 'recent#:');
      for (const slot of slots) {
        const number = Number(slot.item?.S?.slice('recent#'.length));
        ids.set(number, new Map((slot.ids?.BS ?? []).map(decodeEntry)));
      }
    }
    return fromItem(account, hot, slices, ids);
  }

  private async query(account: string, from: string, to: string): Promise<Record<string, AttributeValue>[]> {
    const items: Record<string, AttributeValue>[] = [];
    let start: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.client.send(
        new QueryCommand({
          TableName: this.table,
          ConsistentRead: true,
          KeyConditionExpression: 'account = :account AND #item BETWEEN :from AND :to',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':account': { S: account }, ':from': { S: from }, ':to': { S: to } },
          ...(start === undefined ? {} : { ExclusiveStartKey: start }),
        }),
      );
      items.push(...(page.Items ?? []));
      start = page.LastEvaluatedKey;
    } while (start !== undefined);
    return items;
  }
}

function bytesOf(value: AttributeValue | undefined): Uint8Array {
  return value?.B ?? new Uint8Array();
}

function hotOf(item: Record<string, AttributeValue>): HotItem {
  return {
    version: Number(item.version?.N ?? 0),
    meta: item.meta?.S ?? '{}',
    slices: bytesOf(item.slices),
    recent: bytesOf(item.recent),
    spilled: item.spilled?.BOOL ?? false,
    notices: (item.notices?.L ?? []).map((held) => held.S ?? ''),
  };
}

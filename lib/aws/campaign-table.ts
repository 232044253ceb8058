import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Campaign, KEPT_DAYS } from '../campaigns/campaign.ts';
import type { CampaignStore, StoredCampaign } from '../campaigns/ports.ts';
import { CAMPAIGN_STATE_ITEM } from '../contract/tables.ts';
import type { Notice } from '../findings/finding.ts';
import { LIMITS } from '../limits.ts';
import { hash48 } from '../profile/hashes.ts';
import { decodeCampaign, encodeMembers, encodeMeta } from '../stores/campaign-store.ts';
import { fitting, readNotice } from '../stores/outbox.ts';
import { NOTICE_SHARDS } from './outbox-items.ts';

/**
 * The one owner of the campaign table. Items of a campaign (partition key `campaign`, sort key `item`):
 *
 *   state                version, meta, membersAt, parts; notices, noticeShard, noticeSince while notices wait
 *   members#HHHHHH#NNNN  members, PART_MEMBERS a part, named by a hash of all of them
 *
 * Parts are written before the state that names them, and the same name always holds the same members: a run that dies in
 * between, or loses to another, leaves parts that nobody reads and that their time to live removes.
 */
export interface CampaignTableOptions {
  readonly onUnreadable?: (campaign: string, error: unknown) => void;
}

/** Members in one item: at 42 bytes each half of an item's limit of 400 KB. */
export const PART_MEMBERS = LIMITS.campaignPart.most;
/** Parts of versions that were superseded stay for slow readers for so long, seconds. */
const SUPERSEDED_SECONDS = 3600;

const partItem = (hash: string, part: number): string => `members#${hash}#${String(part).padStart(4, '0')}`;

export class CampaignTable implements CampaignStore {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #options: CampaignTableOptions;

  constructor(client: DynamoDBClient, table: string, options: CampaignTableOptions = {}) {
    this.#client = client;
    this.#table = table;
    this.#options = options;
  }

  async *all(): AsyncGenerator<StoredCampaign> {
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new ScanCommand({
          TableName: this.#table,
          ConsistentRead: true,
          FilterExpression: '#item = :state',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':state': { S: CAMPAIGN_STATE_ITEM } },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      for (const item of page.Items ?? []) {
        try {
          yield await this.#decode(item);
        } catch (error) {
          this.#options.onUnreadable?.(item.campaign?.S ?? '', error);
        }
      }
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  async find(id: string): Promise<StoredCampaign | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: this.#key(id, CAMPAIGN_STATE_ITEM),
        ConsistentRead: true,
      }),
    );
    return Item === undefined ? undefined : this.#decode(Item);
  }

  async save(next: Campaign, read: number): Promise<'saved' | 'conflict'> {
    const version = read + 1;
    const until = Math.ceil(next.seenAt / 1000) + KEPT_DAYS * 86_400;
    const lines = encodeMembers(next);
    const before = read === 0 ? undefined : await this.#head(next.id);
    // a name of its own for each change: what one run supersedes is never what another one names
    const content = hash48(lines.join('\n')).toString(36);
    const hash = before?.hash.startsWith(`${content}.`) === true ? before.hash : `${content}.${version}`;
    let parts = 0;
    for (let i = 0; i < lines.length; i += PART_MEMBERS, parts++)
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: {
            ...this.#key(next.id, partItem(hash, parts)),
            members: { S: lines.slice(i, i + PART_MEMBERS).join('\n') },
            expiresAt: { N: String(until) },
          },
        }),
      );
    const isFresh = (held: Notice) => held.number > (before?.numbered ?? 0);
    const fresh = fitting(
      next.judgement.notices.filter((held) => !isFresh(held)),
      next.judgement.notices.filter(isFresh),
    );
    const values: Record<string, AttributeValue> = {
      ':next': { N: String(version) },
      ':meta': { S: encodeMeta(next) },
      ':parts': { N: String(parts) },
      ':hash': { S: hash },
      ':numbered': { N: String(next.judgement.numbered) },
      ':level': { S: next.judgement.level.level },
      ':until': { N: String(until) },
      ...(read === 0 ? {} : { ':read': { N: String(read) } }),
    };
    let set =
      '#version = :next, meta = :meta, parts = :parts, membersAt = :hash, numbered = :numbered, #level = :level, expiresAt = :until';
    if (fresh.length > 0) {
      set +=
        ', notices = list_append(if_not_exists(notices, :none), :fresh), noticeShard = :shard, noticeSince = if_not_exists(noticeSince, :since)';
      values[':none'] = { L: [] };
      values[':fresh'] = { L: fresh.map((held) => ({ S: JSON.stringify(held) })) };
      values[':shard'] = { S: NOTICE_SHARDS[hash48(next.id) % NOTICE_SHARDS.length] as string };
      values[':since'] = { S: new Date(next.seenAt).toISOString() };
    }
    try {
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: this.#key(next.id, CAMPAIGN_STATE_ITEM),
          UpdateExpression: `SET ${set}`,
          ConditionExpression: read === 0 ? 'attribute_not_exists(#version)' : '#version = :read',
          ExpressionAttributeNames: { '#version': 'version', '#level': 'level' },
          ExpressionAttributeValues: values,
        }),
      );
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'conflict';
      throw error;
    }
    if (before !== undefined && before.hash !== hash) await this.#supersede(next.id, before.hash);
    return 'saved';
  }

  /** Number of the newest notice in the stored version, which is not to be appended again, and where its members lie. */
  async #head(id: string): Promise<{ numbered: number; hash: string }> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#table,
        Key: this.#key(id, CAMPAIGN_STATE_ITEM),
        ProjectionExpression: 'numbered, membersAt',
        ConsistentRead: true,
      }),
    );
    return { numbered: Number(Item?.numbered?.N ?? 0), hash: Item?.membersAt?.S ?? '' };
  }

  async #supersede(id: string, hash: string): Promise<void> {
    const soon = { N: String(Math.ceil(Date.now() / 1000) + SUPERSEDED_SECONDS) };
    for (const item of await this.#parts(id, hash))
      await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: this.#key(id, item.item?.S ?? ''),
          UpdateExpression: 'SET expiresAt = :soon',
          ConditionExpression: 'attribute_exists(campaign)',
          ExpressionAttributeValues: { ':soon': soon },
        }),
      );
  }

  async #decode(item: Record<string, AttributeValue>): Promise<StoredCampaign> {
    const id = item.campaign?.S ?? '';
    const version = Number(item.version?.N ?? 0);
    const parts = Number(item.parts?.N ?? 0);
    const held = parts === 0 ? [] : await this.#parts(id, item.membersAt?.S ?? '');
    if (held.length !== parts)
      throw new Error(`campaign ${id}: ${held.length} of ${parts} parts of its members`);
    const lines = held.flatMap((part) => (part.members?.S ?? '').split('\n'));
    // one of a newer version stays in the outbox as it is, and stops neither the campaign nor its members' notices
    const notices = (item.notices?.L ?? []).flatMap(({ S: text = '' }) => {
      const read = readNotice(text);
      if (!('unreadable' in read)) return [read];
      this.#options.onUnreadable?.(id, new Error(`a notice cannot be read: ${read.unreadable}`));
      return [];
    });
    return { campaign: decodeCampaign(item.meta?.S ?? '', lines, notices), version };
  }

  async #parts(id: string, hash: string): Promise<Record<string, AttributeValue>[]> {
    const items: Record<string, AttributeValue>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await this.#client.send(
        new QueryCommand({
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: 'campaign = :id AND begins_with(#item, :members)',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: {
            ':id': { S: id },
            ':members': { S: partItem(hash, 0).slice(0, -4) },
          },
          ...(from === undefined ? {} : { ExclusiveStartKey: from }),
        }),
      );
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  }

  #key(campaign: string, item: string): Record<string, AttributeValue> {
    return { campaign: { S: campaign }, item: { S: item } };
  }
}

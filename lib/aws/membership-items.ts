import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { CampaignMembershipIndex, CampaignStore, OpenMembership } from '../campaigns/ports.ts';
import { openMembership } from '../stores/membership-index.ts';

/**
 * The one owner of the campaign table's items `account#ACCOUNT` (item `accuser`: by, expiresAt). A note leads from an account
 * to a campaign, so that nobody has to read all campaigns; it is written before the campaign and believed only as far as
 * the campaign bears it out, so that a run that dies or loses leaves nothing wrong behind.
 */
export class MembershipItems implements CampaignMembershipIndex {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #campaigns: Pick<CampaignStore, 'find'>;

  constructor(client: DynamoDBClient, table: string, campaigns: Pick<CampaignStore, 'find'>) {
    this.#client = client;
    this.#table = table;
    this.#campaigns = campaigns;
  }

  async note(campaign: string, accounts: readonly string[], until: number): Promise<void> {
    const expiresAt = { N: String(Math.ceil(until / 1000)) };
    await each(accounts, (account) =>
      this.#client.send(
        new PutItemCommand({
          TableName: this.#table,
          Item: { ...this.#key(account), by: { S: campaign }, expiresAt },
        }),
      ),
    );
  }

  async forget(campaign: string, accounts: readonly string[]): Promise<void> {
    await each(accounts, async (account) => {
      try {
        await this.#client.send(
          new DeleteItemCommand({
            TableName: this.#table,
            Key: this.#key(account),
            ConditionExpression: '#by = :campaign',
            ExpressionAttributeNames: { '#by': 'by' },
            ExpressionAttributeValues: { ':campaign': { S: campaign } },
          }),
        );
      } catch (error) {
        // another campaign names the account by now, or nobody does
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }
    });
  }

  async of(account: string): Promise<OpenMembership | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#table, Key: this.#key(account), ConsistentRead: true }),
    );
    const by = Item?.by?.S;
    return by === undefined ? undefined : openMembership((await this.#campaigns.find(by))?.campaign, account);
  }

  #key(account: string): Record<string, AttributeValue> {
    return { campaign: { S: `account#${account}` }, item: { S: ITEM } };
  }
}

export async function each(
  accounts: readonly string[],
  work: (account: string) => Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < accounts.length; i += CONCURRENCY)
    await Promise.all(accounts.slice(i, i + CONCURRENCY).map(work));
}

/** Notes that are written side by side. */
export const CONCURRENCY = 16;
export const ITEM = 'accuser';

import * as z from 'zod';
import type { Campaign, CampaignShadow } from '../campaigns/campaign.ts';
import type { CampaignStore, StoredCampaign } from '../campaigns/ports.ts';
import type { Notice } from '../findings/finding.ts';

/** Stored campaign that cannot be read: damaged, or of a newer version than this code knows. */
export class CampaignError extends Error {
  override readonly name = 'CampaignError';
}

const levelState = z.strictObject({
  level: z.enum(['clear', 'watch', 'suspect', 'critical']),
  since: z.number(),
  supported: z.number(),
});

const evidence = z.strictObject({ since: z.number(), peak: z.number(), peakAt: z.number() });
const finding = z.strictObject({
  id: z.string(),
  since: z.number(),
  noticedAt: z.number(),
  noticedEvents: z.number(),
  calmed: z.boolean(),
});

const unranked = z.array(z.tuple([z.string(), z.number()])).optional();

const meta = z.strictObject({
  v: z.literal(1),
  id: z.string(),
  linkedAt: z.number(),
  keys: z.array(z.string()),
  absorbed: z.array(z.string()),
  predecessor: z.string().optional(),
  seenAt: z.number(),
  judgedAt: z.number(),
  judgedArrival: z.number().optional(),
  evidence,
  level: levelState,
  episode: z.number().int(),
  finding: finding.optional(),
  numbered: z.number().int(),
  unranked,
  shadow: z
    .strictObject({
      policy: z.string(),
      evidence,
      level: levelState,
      episode: z.number().int(),
      finding: finding.optional(),
      unranked,
    })
    .optional(),
});

/** All of a campaign but members and notices, as text. */
export function encodeMeta({
  id,
  linkedAt,
  keys,
  absorbed,
  predecessor,
  seenAt,
  judgedAt,
  judgedArrival,
  judgement,
  unranked: named = [],
  shadow,
}: Campaign): string {
  const { evidence, level, episode, finding, numbered } = judgement;
  return JSON.stringify({
    v: 1,
    id,
    linkedAt,
    keys,
    absorbed,
    ...(predecessor === undefined ? {} : { predecessor }),
    seenAt,
    judgedAt,
    ...(judgedArrival === undefined ? {} : { judgedArrival }),
    evidence,
    level,
    episode,
    ...(finding === undefined ? {} : { finding }),
    numbered,
    ...(named.length === 0 ? {} : { unranked: named }),
    ...(shadow === undefined ? {} : { shadow: { ...shadow, looked: undefined, accused: undefined } }),
  });
}

/**
 * Members and since when the findings name them, one a line: account, milliseconds where the active policy's finding names
 * it, and behind them those of the candidate's (`account - 5` where only that one does).
 */
export function encodeMembers(campaign: Campaign): string[] {
  return campaign.members.map((account) => {
    const since = campaign.accused.get(account);
    const shadow = campaign.shadow?.accused.get(account);
    if (shadow !== undefined) return `${account} ${since ?? '-'} ${shadow}`;
    return since === undefined ? account : `${account} ${since}`;
  });
}

/** @throws CampaignError */
export function decodeCampaign(text: string, lines: readonly string[], notices: readonly Notice[]): Campaign {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CampaignError('campaign is not JSON', { cause: error });
  }
  const parsed = meta.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CampaignError(`campaign: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}`);
  }
  const {
    v: _,
    evidence,
    level,
    episode,
    finding,
    numbered,
    predecessor,
    shadow,
    judgedArrival,
    unranked: named,
    ...rest
  } = parsed.data;
  const members: string[] = [];
  const accused = new Map<string, number>();
  const inShadow = new Map<string, number>();
  for (const line of lines) {
    const [account = '', since, would] = line.split(' ');
    members.push(account);
    if (since !== undefined && since !== '-') accused.set(account, Number(since));
    if (would !== undefined) inShadow.set(account, Number(would));
  }
  return {
    ...rest,
    ...(judgedArrival === undefined ? {} : { judgedArrival }),
    predecessor,
    members,
    accused,
    ...(named === undefined ? {} : { unranked: named }),
    // a campaign is looked at by runs, not by slices
    judgement: { evidence, looked: 0, level, episode, finding, numbered, notices },
    ...(shadow === undefined ? {} : { shadow: shadowOf(shadow, inShadow) }),
  };
}

function shadowOf(
  { unranked: named, ...stored }: NonNullable<z.infer<typeof meta>['shadow']>,
  accused: ReadonlyMap<string, number>,
): CampaignShadow {
  return {
    ...stored,
    finding: stored.finding,
    accused,
    ...(named === undefined ? {} : { unranked: named }),
  };
}

interface Held {
  readonly version: number;
  readonly meta: string;
  readonly members: readonly string[];
  readonly notices: readonly Notice[];
}

/** The twin in memory: the same texts under the same versions. */
export class MemoryCampaignStore implements CampaignStore {
  readonly #items = new Map<string, Held>();

  async *all(): AsyncGenerator<StoredCampaign> {
    for (const id of [...this.#items.keys()]) {
      const found = await this.find(id);
      if (found !== undefined) yield found;
    }
  }

  async find(id: string): Promise<StoredCampaign | undefined> {
    const held = this.#items.get(id);
    return held && { campaign: decodeCampaign(held.meta, held.members, held.notices), version: held.version };
  }

  async save(next: Campaign, read: number): Promise<'saved' | 'conflict'> {
    const held = this.#items.get(next.id);
    if ((held?.version ?? 0) !== read) return 'conflict';
    const waiting = held?.notices ?? [];
    const last = Math.max(0, held === undefined ? 0 : decodeCampaign(held.meta, [], []).judgement.numbered);
    this.#items.set(next.id, {
      version: read + 1,
      meta: encodeMeta(next),
      members: encodeMembers(next),
      notices: [...waiting, ...next.judgement.notices.filter((notice) => notice.number > last)],
    });
    return 'saved';
  }
}

import type { PromptSamples } from '../profile/prompt-sample.ts';
import type { FeatureFrequencies } from '../scoring/group-ranks.ts';
import {
  type Blocks,
  type PackedContents,
  packedContents,
  startsOf,
  unpackedContents,
} from './content/blocks.ts';
import {
  type ContentGroup,
  groupsOf,
  type LikingAccount,
  likesIn,
  type NearAccount,
  nearIn,
} from './content/content-groups.ts';
import { ContentVectors } from './content/contents.ts';
import { type ContentCounts, ContentLinker, type ContentTotals, totalsOf } from './content/link-contents.ts';
import { type BlockPostings, FeatureIndex, postingsOf } from './content/nearest.ts';
import { type DividedParts, everyPart } from './divided-parts.ts';
import { runLater } from './eventual.ts';

/**
 * What accounts ask, linked in steps: `read`, `index`, `compare` and `like` in every shard, each of which is a block of accounts
 * (content/blocks.ts). A step holds two blocks at most, and what is known of all: a few bytes an account, and who shows which
 * rare feature, which does not grow.
 */
export class ContentSteps {
  readonly #parts: DividedParts;
  readonly #shards: number;
  readonly #learnt: readonly FeatureFrequencies[];

  constructor(parts: DividedParts, shards: number, learnt: readonly FeatureFrequencies[]) {
    this.#parts = parts;
    this.#shards = shards;
    this.#learnt = learnt;
  }

  /** @param at event time, ms: what is asked as it stands then */
  async read(
    shard: number,
    at: number,
    accounts: AsyncIterable<{ readonly account: string; readonly samples: PromptSamples }>,
  ): Promise<void> {
    const linker = new ContentLinker(at, this.#learnt);
    for await (const { account, samples } of accounts) linker.add(account, samples);
    const counts = linker.counts();
    const asked = new Map(counts.map(({ epoch }) => [epoch, packedContents(linker.contents(epoch))]));
    await this.#parts.keep(`asked-${shard}`, asked);
    await this.#parts.keep(`counts-${shard}`, counts);
  }

  /** By what accounts of a shard may be found. @returns accounts of it that are compared */
  async index(shard: number): Promise<number> {
    const totals = await this.#totals();
    if (totals === undefined) return 0;
    const vectors = await this.#blocks(totals).load(shard);
    const postings = postingsOf(vectors, totals.shown, accountsOf(totals));
    return (await this.#parts.keep(`index-${shard}`, postings)).own.length;
  }

  /** Who asks what accounts of a shard ask. @returns accounts that are like others */
  async compare(shard: number): Promise<number> {
    const totals = await this.#totals();
    if (totals === undefined) return 0;
    const index = new FeatureIndex(totals.shown, accountsOf(totals));
    for (const [block, from] of startsOf(totals.sizes).slice(0, -1).entries())
      index.add(from, await this.#parts.need<BlockPostings>(`index-${block}`));
    const near = await runLater(nearIn(shard, this.#blocks(totals), index));
    return (await this.#parts.keep(`near-${shard}`, near)).length;
  }

  /** Whom linked accounts of a shard are like. @returns linked accounts of it */
  async like(shard: number): Promise<number> {
    const totals = await this.#totals();
    if (totals === undefined) return 0;
    const own = new Float64Array(accountsOf(totals));
    for (const [block, from] of startsOf(totals.sizes).slice(0, -1).entries())
      own.set((await this.#parts.need<BlockPostings>(`index-${block}`)).own, from);
    const near = await everyPart<readonly NearAccount[]>(this.#parts, 'near', this.#shards);
    const likes = await runLater(likesIn(shard, this.#blocks(totals), near, own));
    return (await this.#parts.keep(`likes-${shard}`, likes)).length;
  }

  async groups(): Promise<ContentGroup[]> {
    if ((await this.#totals()) === undefined) return [];
    return groupsOf(
      await everyPart<readonly NearAccount[]>(this.#parts, 'near', this.#shards),
      await everyPart<readonly LikingAccount[]>(this.#parts, 'likes', this.#shards),
    );
  }

  /** undefined: too little is asked to be compared */
  async #totals(): Promise<ContentTotals | undefined> {
    const counts = await everyPart<readonly ContentCounts[]>(this.#parts, 'counts', this.#shards);
    return totalsOf(counts, this.#learnt);
  }

  #blocks({ epoch, sizes, weights }: ContentTotals) {
    return {
      sizes,
      load: async (block: number): Promise<ContentVectors> => {
        const asked = await this.#parts.need<ReadonlyMap<string, PackedContents>>(`asked-${block}`);
        const held = asked.get(epoch);
        return new ContentVectors(held === undefined ? [] : unpackedContents(held), weights);
      },
    } satisfies Blocks;
  }
}

function accountsOf({ sizes }: ContentTotals): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { gunzipSync, gzipSync } from 'node:zlib';
import {
  featuresShown,
  inOrder,
  type PackedContents,
  packedContents,
  unpackedContents,
} from '../../lib/campaigns/content/blocks.ts';
import { groupsOf, likesIn, nearIn } from '../../lib/campaigns/content/content-groups.ts';
import { ContentVectors, contentOf } from '../../lib/campaigns/content/contents.ts';
import { FeatureCounter, weightsOf } from '../../lib/campaigns/content/idf.ts';
import { FeatureIndex, postingsOf } from '../../lib/campaigns/content/nearest.ts';
import { runNow } from '../../lib/campaigns/eventual.ts';
import { CandidateBlocking } from '../../lib/campaigns/linking/blocking.ts';
import { decodeFacts, encodeFacts } from '../../lib/campaigns/linking/facts-codec.ts';
import { findGroups } from '../../lib/campaigns/linking/find-groups.ts';
import type { AccountFacts } from '../../lib/campaigns/linking/link-facts.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import type { SampledPrompt } from '../../lib/profile/prompt-sample.ts';
import { encodePromptSamples } from '../../lib/profile/prompt-sample-codec.ts';
import { BINS } from '../../lib/scoring/group-ranks.ts';
import { entryValues } from '../../lib/stores/link-store.ts';
import { payers } from '../campaign-scale.ts';
import { random } from '../random.ts';
import { heldOf, noLessThan } from './held.ts';
import type { LinkCosts } from './link.ts';

/** What one account takes and holds in a run of `link`, on made-up bases: infrastructure of campaign-scale.ts, prompts of many topics. */

export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Growth of a cost with the number of accounts: 1 is linear. */
export interface Growth {
  readonly what: string;
  readonly from: number;
  readonly to: number;
  readonly exponent: number;
}

type Infrastructure = Pick<
  LinkCosts,
  | 'entries'
  | 'entryBytes'
  | 'entryMs'
  | 'kept'
  | 'keptBytes'
  | 'keptMemory'
  | 'mergeMs'
  | 'linkMs'
  | 'members'
  | 'groupSize'
>;
type Contents = Pick<
  LinkCosts,
  | 'promptBytes'
  | 'askedBytes'
  | 'askedMemory'
  | 'sampleMs'
  | 'askedMs'
  | 'indexMs'
  | 'nearMs'
  | 'likeMs'
  | 'groupMs'
>;

/** As the state bucket keeps parts (lib/aws/run-parts.ts). */
const packed = (part: unknown): Buffer => gzipSync(serialize(part), { level: 1 });

function timed<T>(make: () => T): { readonly value: T; readonly ms: number } {
  const began = processorMs();
  const value = make();
  return { value, ms: processorMs() - began };
}

/** As keyed values are: the same for the same text, and nothing that packs. */
const keyed = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22);

function withKeyed(facts: AccountFacts): AccountFacts {
  const values = Object.fromEntries(
    Object.entries(facts.values).map(([kind, list]) => [
      kind,
      list.map(({ value, seen }) => ({ value: keyed(value), seen })),
    ]),
  ) as unknown as AccountFacts['values'];
  return { ...facts, values };
}

/** Bytes of an entry's other attributes: value, member, version, times. */
const ATTRIBUTE_BYTES = 130;

function infrastructureOf(accounts: number): Infrastructure {
  const entries: { value: string; account: string; text: string }[] = [];
  let count = 0;
  for (const { accounts: list } of payers(accounts))
    for (const [plain, own] of list) {
      const [account, facts] = [`a_${keyed(plain)}`, withKeyed(own)];
      count++;
      const text = encodeFacts(facts);
      for (const value of entryValues(account, facts)) entries.push({ value, account, text });
    }
  entries.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  const blocking = new CandidateBlocking();
  const reader = blocking.reader();
  const { made: read, bytes: held } = heldOf(() =>
    timed(() => {
      for (const { value, account, text } of entries)
        reader.add({ value, account, facts: decodeFacts(text) });
      return blocking.part();
    }),
  );
  const kept = read.value.kept.length + read.value.strangers.length;
  const bytes = packed(read.value);
  const whole = new CandidateBlocking();
  const merged = timed(() => whole.merge(deserialize(gunzipSync(bytes)) as typeof read.value));
  const linked = timed(() => findGroups(whole.index(), { totalAccounts: whole.accounts }).groups);
  const judged = linked.value.filter(({ members }) => members.length >= defaultPolicy.campaigns.smallest);
  const members = judged.reduce((sum, group) => sum + group.members.length, 0);
  return {
    entries: entries.length / count,
    entryBytes: ATTRIBUTE_BYTES + entries.reduce((sum, { text }) => sum + text.length, 0) / entries.length,
    entryMs: read.ms / entries.length,
    // of a fleet only those who share an owner grow: the others are sampled
    kept: read.value.kept.length / count,
    keptBytes: bytes.length / kept,
    keptMemory: noLessThan(held, bytes.length, 'accounts that are held for linking') / kept,
    mergeMs: merged.ms / kept,
    linkMs: linked.ms / kept,
    members: members / count,
    groupSize: members / judged.length,
  };
}

const PROMPTS = 64;
const OF_A_TOPIC = 12;

/** Prompts that share a third of their bins with a topic's vocabulary, a topic for each twelve accounts. */
function promptsOf(account: number, draw: () => number): SampledPrompt[] {
  const words = random(1 + Math.floor(account / OF_A_TOPIC));
  const vocabulary = Array.from({ length: BINS * 40 }, () => Math.floor(words() * 65_536));
  return Array.from({ length: PROMPTS }, (_, hash) => {
    const sketch = Buffer.alloc(2 * BINS);
    for (let bin = 0; bin < BINS; bin++) {
      const common = vocabulary[Math.floor(draw() * 40) * BINS + bin] as number;
      sketch.writeUInt16LE(draw() < 0.35 ? common : Math.floor(draw() * 65_536), 2 * bin);
    }
    return { hash, sketch: sketch.toString('base64url'), slice: 0 };
  });
}

function contentsOf(accounts: number): Contents {
  const draw = random(accounts);
  const asked = Array.from({ length: accounts }, (_, n) => ({
    account: `a_${String((n * 7919) % accounts).padStart(26, '0')}`,
    prompts: promptsOf(n, draw),
  }));
  const promptBytes =
    asked
      .slice(0, 200)
      .reduce(
        (sum, { prompts }) => sum + encodePromptSamples([{ epoch: 'e', generation: 1, prompts }]).length,
        0,
      ) / 200;
  const sampled = timed(() =>
    inOrder(asked.flatMap(({ account, prompts }) => contentOf(account, prompts) ?? [])),
  );
  const bytes = packed(packedContents(sampled.value));
  const { made: taken, bytes: held } = heldOf(() =>
    timed(() => unpackedContents(deserialize(gunzipSync(bytes)) as PackedContents)),
  );
  // what was there before has to be there still
  const askedMemory =
    noLessThan(held, bytes.length, 'what is asked') / Math.min(asked.length, sampled.value.length);
  const counter = new FeatureCounter();
  for (const { sketches } of sampled.value.slice(0, 500)) counter.add(sketches);
  const vectors = new ContentVectors(taken.value, weightsOf(counter.frequencies('e')));
  const blocks = { sizes: [accounts], load: () => vectors };
  const shown = featuresShown(taken.value);
  const index = new FeatureIndex(shown, accounts);
  const indexed = timed(() => index.add(0, postingsOf(vectors, shown, accounts)));
  const near = timed(() => runNow(nearIn(0, blocks, index)));
  const likes = timed(() => runNow(likesIn(0, blocks, [near.value], index.own)));
  const grouped = timed(() => groupsOf([near.value], [likes.value]));
  if (grouped.value.length < accounts / OF_A_TOPIC / 2) throw new Error('the topics were not found');
  return {
    promptBytes,
    askedBytes: bytes.length / accounts,
    askedMemory,
    sampleMs: sampled.ms / accounts,
    askedMs: taken.ms / accounts,
    indexMs: indexed.ms / accounts,
    nearMs: near.ms / accounts,
    likeMs: likes.ms / accounts,
    groupMs: grouped.ms / accounts,
  };
}

const BASES = [20_000, 80_000] as const;
const ASKING = [4000, 16_000] as const;

/** Measures at two sizes, and says how costs grow between them. @param judgeMs to load, decode and judge a member */
export function measureLink(judgeMs: number): {
  readonly costs: LinkCosts;
  readonly growth: readonly Growth[];
} {
  const bases = BASES.map(infrastructureOf) as [Infrastructure, Infrastructure];
  const asking = ASKING.map(contentsOf) as [Contents, Contents];
  const growth = <T>(
    what: string,
    [from, to]: readonly [number, number],
    of: readonly [T, T],
    cost: (of: T) => number,
  ): Growth => ({
    what,
    from,
    to,
    exponent: 1 + Math.log(cost(of[1]) / cost(of[0])) / Math.log(to / from),
  });
  return {
    costs: { ...bases[1], ...asking[1], judgeMs },
    growth: [
      growth('reading the link table', BASES, bases, ({ entryMs }) => entryMs),
      growth('joining owners', BASES, bases, ({ kept, mergeMs, linkMs }) => kept * (mergeMs + linkMs)),
      growth('comparing what is asked', ASKING, asking, ({ nearMs, likeMs }) => nearMs + likeMs),
    ],
  };
}

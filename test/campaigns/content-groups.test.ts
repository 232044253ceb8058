import { describe, expect, it } from 'vitest';
import {
  bucketsOf,
  contentBucket,
  featuresShown,
  inOrder,
  startsOf,
} from '../../lib/campaigns/content/blocks.ts';
import { contentGroups, groupsOf, likesIn, nearIn } from '../../lib/campaigns/content/content-groups.ts';
import { type Content, ContentVectors } from '../../lib/campaigns/content/contents.ts';
import { FeatureCounter, weightsOf } from '../../lib/campaigns/content/idf.ts';
import { FeatureIndex, postingsOf } from '../../lib/campaigns/content/nearest.ts';
import { runNow } from '../../lib/campaigns/eventual.ts';
import { BINS } from '../../lib/scoring/group-ranks.ts';
import { seeded } from '../../lib/statistics/random.ts';

const PROMPTS = 40;

/** Sketches of prompts that share `alike` of their bins with the vocabulary of their topic, the rest with nobody. */
function asking(account: string, topic: number, { alike = 0.35, seed = 1 } = {}): Content {
  const uniform = seeded(
    seed * 7919 +
      topic * 104_729 +
      account.length +
      ([...account].reduce((a, c) => a * 31 + c.charCodeAt(0), 7) % 1e6),
  );
  const words = seeded(topic + 1);
  const vocabulary = Array.from({ length: 60 * BINS }, () => Math.floor(words() * 65_536));
  const sketches = Uint16Array.from({ length: PROMPTS * BINS }, (_, at) =>
    uniform() < alike
      ? (vocabulary[Math.floor(uniform() * 60) * BINS + (at % BINS)] as number)
      : Math.floor(uniform() * 65_536),
  );
  return { account, sketches };
}

const several = (name: string, topic: number, count: number): Content[] =>
  Array.from({ length: count }, (_, i) => asking(`${name}-${String(i).padStart(3, '0')}`, topic));

/** Accounts of which each asks things of its own. */
const strangers = (count: number): Content[] =>
  Array.from({ length: count }, (_, i) => asking(`stranger-${String(i).padStart(3, '0')}`, 1000 + i));

function weightsFrom(contents: readonly Content[]): Float32Array {
  const counter = new FeatureCounter();
  for (const { sketches } of contents) counter.add(sketches);
  return weightsOf(counter.frequencies('e1'));
}

describe('groups by content', () => {
  const past = weightsFrom(strangers(60));

  it('joins accounts that ask from one set, and keeps two sets apart', () => {
    const groups = contentGroups(
      [...several('set', 1, 9), ...several('other', 2, 7), ...strangers(80)],
      past,
    );
    expect(groups.map(({ members }) => members)).toEqual([
      several('other', 2, 7).map(({ account }) => account),
      several('set', 1, 9).map(({ account }) => account),
    ]);
  });

  it('links no two of three hundred accounts that each ask things of their own', () => {
    expect(contentGroups(strangers(300), past)).toEqual([]);
  });

  it('finds the same groups after three hundred strangers have come', () => {
    const course = several('student', 3, 30);
    const few = contentGroups([...course, ...strangers(40)], past);
    const many = contentGroups([...strangers(340), ...course], past);
    expect(many).toEqual(few);
    expect(few.flatMap(({ members }) => members).length).toBeGreaterThanOrEqual(15);
  });

  it('is not held together by words that everybody uses', () => {
    // one topic for all accounts of past and present: what all ask links nobody
    const common = Array.from({ length: 120 }, (_, i) =>
      asking(`all-${String(i).padStart(3, '0')}`, 5, { alike: 0.2 }),
    );
    const mixed = common.map(({ account, sketches }, i) => {
      const own = asking(account, 2000 + i, { alike: 0.35 });
      return {
        account,
        sketches: sketches.map((value, at) => (at % 3 === 0 ? value : (own.sketches[at] as number))),
      };
    });
    expect(contentGroups(mixed, weightsFrom(mixed)).filter(({ members }) => members.length > 2)).toEqual([]);
  });

  it('are the same in 2, 7 and 16 blocks, which take each other one after the other', () => {
    const contents = [...several('set', 1, 9), ...several('other', 2, 7), ...strangers(30)];
    const whole = contentGroups(contents, past);
    expect(whole).toHaveLength(2);
    for (const blocks of [2, 7, 16]) {
      const of = (block: number) => {
        const buckets = new Set(bucketsOf(block, blocks));
        return inOrder(contents.filter(({ account }) => buckets.has(contentBucket(account))));
      };
      const parts = Array.from({ length: blocks }, (_, block) => of(block));
      const all = {
        sizes: parts.map(({ length }) => length),
        load: (block: number) => new ContentVectors(of(block), past),
      };
      const shown = featuresShown(contents);
      const index = new FeatureIndex(shown, contents.length);
      for (const [block, from] of startsOf(all.sizes).slice(0, -1).entries())
        index.add(from, postingsOf(all.load(block), shown, contents.length));
      const near = parts.map((_, block) => runNow(nearIn(block, all, index)));
      const likes = parts.map((_, block) => runNow(likesIn(block, all, near, index.own)));
      expect(groupsOf(near, likes)).toEqual(whole);
    }
  });
});

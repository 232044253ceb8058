import { featuresShown } from '../../lib/campaigns/content/blocks.ts';
import { groupsOf, likesIn, nearIn } from '../../lib/campaigns/content/content-groups.ts';
import { type Content, ContentVectors, MOST_PROMPTS } from '../../lib/campaigns/content/contents.ts';
import { FeatureIndex, postingsOf } from '../../lib/campaigns/content/nearest.ts';
import { runNow } from '../../lib/campaigns/eventual.ts';
import { BINS, FEATURES } from '../../lib/scoring/group-ranks.ts';
import { random } from '../random.ts';

/** Topics that are planted, accounts of each, and how much of their prompts comes from the topic's words. */
const TOPICS = 60;
const OF_A_TOPIC = 12;
const SHARED = 0.35;
const WORDS = 40;
const ENOUGH = 3;
/** The least that is taken for how alike an account's own prompts are (lib/campaigns/content/contents.ts). */
const STRANGER_OWN = 2e-4;

/** Whether those who ask of one topic are found among so many accounts of which each asks things of its own: share of them in a group. */
export function foundByContent(accounts: number): number {
  const draw = random(5);
  const value = (): number => Math.floor(draw() * 65_536);
  const planted: Content[] = [];
  for (let topic = 0; topic < TOPICS; topic++) {
    const vocabulary = Uint16Array.from({ length: BINS * WORDS }, value);
    for (let own = 0; own < OF_A_TOPIC; own++)
      planted.push({
        account: `p${String(topic * OF_A_TOPIC + own).padStart(4, '0')}`,
        sketches: Uint16Array.from({ length: MOST_PROMPTS * BINS }, (_, at) =>
          draw() < SHARED ? (vocabulary[Math.floor(draw() * WORDS) * BINS + (at % BINS)] as number) : value(),
        ),
      });
  }
  const others = Array.from(
    { length: accounts - planted.length },
    (_, i): Content => ({
      account: `s${i}`,
      sketches: Uint16Array.from({ length: MOST_PROMPTS * BINS }, value),
    }),
  );
  const weights = new Float32Array(FEATURES).fill(9);
  const vectors = [new ContentVectors(planted, weights), new ContentVectors(others, weights)] as const;
  const shown = featuresShown([...planted, ...others]);
  const index = new FeatureIndex(shown, accounts);
  index.add(0, postingsOf(vectors[0], shown, accounts));
  // no prompt of a stranger is like another of his own
  const own = new Float64Array(others.length).fill(STRANGER_OWN);
  index.add(planted.length, postingsOf({ contents: others, own }, shown, accounts));
  const blocks = {
    sizes: [planted.length, others.length],
    load: (block: number) => vectors[block === 0 ? 0 : 1],
  };
  // whom strangers are like is nobody's question here
  const near = [runNow(nearIn(0, blocks, index)), []];
  const groups = groupsOf(near, [runNow(likesIn(0, blocks, near, index.own)), []]);
  const found = groups.filter(({ members }) => members.length >= ENOUGH);
  return found.reduce((sum, { members }) => sum + members.length, 0) / planted.length;
}

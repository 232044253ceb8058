import { type BottomK, distinct, seen, sightings } from '../../profile/bottom-k.ts';
import { selfSimilarity } from '../../profile/embedding.ts';
import { FLAG, type SampleName } from '../../profile/slice.ts';
import { type Fact, type FactInput, part } from './fact.ts';

type Counted = Extract<SampleName, 'opening' | 'closing' | 'layout' | 'prompt'>;

const NAMES: Readonly<Record<Counted, string>> = {
  opening: 'beginnings of prompts',
  closing: 'endings of prompts',
  layout: 'layouts of prompts',
  prompt: 'prompts',
};

function of(input: FactInput, name: Counted, read: (sample: BottomK, events: number) => number): number {
  const { samples, window } = input;
  return samples === undefined ? 0 : read(samples[name], window.counts.events);
}

/** Three views of how values recur: how many there are, how often a typical one is seen, how much is seen only once. */
function variety(name: Counted): readonly Fact[] {
  return [
    {
      id: `${name}-variety`,
      family: 'variety',
      title: `different ${NAMES[name]} as a share of requests`,
      unit: 'share',
      value: (input) => of(input, name, (sample, events) => Math.min(1, part(distinct(sample), events))),
    },
    {
      id: `${name}-repeats`,
      family: 'variety',
      title: `requests that share one of the ${NAMES[name]}, a typical one`,
      unit: 'log',
      value: (input) => of(input, name, (sample) => Math.log2(1 + part(seen(sample), sample.hashes.length))),
    },
    {
      id: `${name}-once`,
      family: 'variety',
      title: `requests whose ${NAMES[name]} are seen once`,
      unit: 'share',
      value: (input) =>
        of(input, name, (sample, events) => Math.min(1, part(sightings(sample, 1, 0), events))),
    },
  ];
}

/** Openings seen once or twice, by what kind of request they open. */
function novel(id: string, flags: number, title: string): Fact {
  return {
    id,
    family: 'variety',
    title,
    unit: 'share',
    value: (input) =>
      of(input, 'opening', (sample, events) => Math.min(1, part(sightings(sample, 2, flags), events))),
  };
}

/** Novelty: an application repeats itself, a person comes back to things, a query set does not repeat. */
export const VARIETY: readonly Fact[] = [
  ...variety('opening'),
  ...variety('closing'),
  ...variety('layout'),
  ...variety('prompt'),
  novel(
    'new-tasks',
    FLAG.single | FLAG.instruction,
    'requests that are self-contained tasks begun in a new way',
  ),
  novel('new-questions', FLAG.question, 'requests that are questions begun in a new way'),
  novel('new-self-contained', FLAG.single, 'self-contained requests begun in a new way'),
  {
    id: 'likeness',
    family: 'variety',
    title: 'likeness of two of its prompts (shared word pairs)',
    unit: 'share',
    value: ({ samples, window }) =>
      samples === undefined
        ? 0
        : Math.min(1, Math.max(0, selfSimilarity(samples.embedding, window.counts.events).mean)),
  },
];

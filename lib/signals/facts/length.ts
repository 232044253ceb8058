import type { Counter } from '../../profile/counts.ts';
import { type Fact, part, variance } from './fact.ts';

function meanAndSpread(id: string, sum: Counter, squares: Counter, of: string): readonly Fact[] {
  return [
    {
      id,
      family: 'length',
      title: of,
      unit: 'class',
      value: ({ window: { counts } }) => part(counts[sum], counts.events),
    },
    {
      id: `${id}-spread`,
      family: 'length',
      title: `spread of ${of}, variance in half-octaves`,
      unit: 'ratio',
      value: ({ window: { counts } }) => variance(counts[sum], counts[squares], counts.events),
    },
  ];
}

function outcome(id: string, counter: Counter, title: string): Fact {
  return {
    id,
    family: 'length',
    title,
    unit: 'share',
    value: ({ window: { counts } }) => part(counts[counter], counts.events),
  };
}

/** How long requests and answers are, and how alike in length. */
export const LENGTH: readonly Fact[] = [
  ...meanAndSpread('words', 'wordSum', 'wordSquares', 'words of a prompt'),
  ...meanAndSpread('first-line', 'headSum', 'headSquares', 'words of a first line'),
  ...meanAndSpread('lines', 'lineSum', 'lineSquares', 'lines of a prompt'),
  ...meanAndSpread('turns', 'turnSum', 'turnSquares', 'turns of a request'),
  ...meanAndSpread('input-tokens', 'inputSum', 'inputSquares', 'input tokens of a request'),
  ...meanAndSpread('output-tokens', 'outputSum', 'outputSquares', 'output tokens of an answer'),
  outcome('truncated', 'truncated', 'answers that were cut off'),
  outcome('refused', 'refused', 'requests that were refused'),
];

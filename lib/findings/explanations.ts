import { distinct } from '../profile/bottom-k.ts';
import { SLICE_MS } from '../profile/slice.ts';
import type { FactInput } from '../signals/facts/fact.ts';
import type { Explanation } from './finding.ts';

/**
 * Benign explanations that are checked for every finding. They inform the reader; they change no score, because an
 * attacker could imitate any of them.
 */
interface BenignExplanation {
  readonly id: string;
  readonly title: string;
  check(sight: FactInput): { fits: boolean; because: string };
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);
const percent = (value: number): string => `${Math.round(value * 100)} %`;

/** Requests per active five-minute cell. */
function density(sight: FactInput): number {
  return share(sight.window.counts.events, sight.window.cells.active);
}

export const EXPLANATIONS: readonly BenignExplanation[] = [
  {
    id: 'evaluation-run',
    title: 'an evaluation run',
    check(sight) {
      const { counts, cells } = sight.window;
      const dense = density(sight);
      const fits = counts.events >= 100 && dense >= 10 && cells.active <= 24;
      return {
        fits,
        because: `${counts.events} requests in ${cells.active} five-minute stretches (${dense.toFixed(1)} each); a run is short and dense`,
      };
    },
  },
  {
    id: 'backfill',
    title: 'a backfill or batch job',
    check(sight) {
      const { counts, cells } = sight.window;
      const slots = (sight.window.to - sight.window.from) / SLICE_MS;
      const layouts = sight.samples === undefined ? 0 : distinct(sight.samples.layout);
      const fits = density(sight) >= 10 && sight.window.slices <= Math.max(2, slots / 8) && layouts <= 12;
      return {
        fits,
        because: `active in ${sight.window.slices} of ${slots} six-hour slices, about ${Math.round(layouts)} layouts over ${counts.events} requests, ${cells.active} active stretches`,
      };
    },
  },
  {
    id: 'gateway',
    title: 'a gateway or reseller for many people',
    check(sight) {
      const credentials = sight.samples === undefined ? 0 : distinct(sight.samples.credential);
      const turns = 1 - share(sight.window.counts.single, sight.window.counts.events);
      return {
        fits: credentials >= 5 && turns >= 0.1,
        because: `about ${Math.round(credentials)} credentials, ${percent(turns)} of requests carry a conversation or a system prompt`,
      };
    },
  },
  {
    id: 'application',
    title: 'one application with a template',
    check(sight) {
      const { counts } = sight.window;
      const openings =
        sight.samples === undefined ? 0 : Math.min(distinct(sight.samples.opening), counts.events);
      const ratio = share(openings, counts.events);
      return {
        fits: counts.events >= 20 && ratio <= 0.1,
        because: `about ${Math.min(Math.round(openings), counts.events)} different openings over ${counts.events} requests; an application repeats its own`,
      };
    },
  },
  {
    id: 'course',
    title: 'a course or a class',
    check(sight) {
      const hours = sight.window.hours.toString(2).replaceAll('0', '').length;
      const turns = 1 - share(sight.window.counts.single, sight.window.counts.events);
      return {
        fits: hours <= 8 && turns >= 0.3,
        because: `active in ${hours} hours of the day, ${percent(turns)} of requests continue a conversation`,
      };
    },
  },
  {
    id: 'audit',
    title: 'an audit that asks for reasoning',
    check(sight) {
      const { counts, cells } = sight.window;
      const reasoning = share(counts.reasoning, counts.events);
      return {
        fits: reasoning >= 0.1 && reasoning <= 0.6 && density(sight) >= 10,
        because: `${percent(reasoning)} of requests ask for reasoning, ${density(sight).toFixed(1)} requests in each of ${cells.active} active stretches`,
      };
    },
  },
];

export function explain(sight: FactInput): Explanation[] {
  return EXPLANATIONS.map(({ id, title, check }) => ({ id, title, ...check(sight) }));
}

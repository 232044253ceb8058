import { distinct, sightings } from '../profile/bottom-k.ts';
import { FLAG } from '../profile/slice.ts';
import { effectiveTrials, lowerShare, percent, type Sight, type Signal } from './signal.ts';

const BROAD = FLAG.single | FLAG.instruction;

/**
 * Events that are self-contained tasks whose opening the account hardly ever repeats. An application repeats its
 * openings, a person asks questions and comes back to them; a training set is thousands of different tasks.
 */
export function novelInstructions(sight: Sight): { hits: number; share: number; openings: number } {
  const { window, samples } = sight;
  const { events } = window.counts;
  if (samples === undefined || events === 0) return { hits: 0, share: 0, openings: 0 };
  const rare = Math.max(1, Math.floor(events * 0.02));
  const hits = sightings(samples.opening, (count, flags) => count <= rare && (flags & BROAD) === BROAD);
  // an opening that repeats with the same ending is a template whose slot comes first
  const closings = distinct(samples.closing);
  const openings = distinct(samples.opening);
  const share = Math.min(1, hits / events) * Math.min(1, closings / Math.max(1, openings));
  return { hits: share * events, share, openings };
}

export const instructionBreadth: Signal = {
  id: 'instruction-breadth',
  title: 'many different self-contained tasks',
  why: 'Training sets for distillation are broad lists of self-contained tasks (Alpaca, self-instruct, evol-instruct); the share of such requests whose opening the account does not repeat. Reported as coverage and template variation by providers in 2026.',
  evasion:
    'Phrase tasks as questions, add chatter and turns, repeat openings: every query must be rewritten and the answers become less useful as training data; or dilute with other work, which costs that work.',
  weight: 0.4,
  unit: 0.1,
  read(sight) {
    const trials = effectiveTrials(sight.window);
    if (trials < 5) return undefined;
    const { hits, share, openings } = novelInstructions(sight);
    return {
      value: lowerShare(share * trials, trials),
      evidence: () =>
        `${percent(share)} of ${sight.window.counts.events} requests (about ${Math.round(hits)}) were self-contained tasks that began in a way the account hardly repeats; about ${Math.round(Math.min(openings, sight.window.counts.events))} different openings`,
    };
  },
};

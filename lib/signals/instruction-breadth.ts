import { distinct } from '../profile/bottom-k.ts';
import { novelShare } from './novelty.ts';
import { effectiveTrials, lowerShare, percent, type Signal } from './signal.ts';

export const instructionBreadth: Signal = {
  id: 'instruction-breadth',
  title: 'many different self-contained tasks',
  why: 'Training sets for distillation are broad lists of self-contained tasks (Alpaca, self-instruct, evol-instruct); the share of such requests whose opening the account does not repeat. Reported as coverage and template variation by providers in 2026.',
  evasion:
    'Phrase tasks as questions, add chatter and turns, repeat openings: every query must be rewritten and the answers become less useful as training data; or dilute with other work, which costs that work.',
  weight: 0.4,
  unit: 0.1,
  value(sight) {
    const trials = effectiveTrials(sight.window);
    return trials < 5 ? undefined : lowerShare(novelShare(sight) * trials, trials);
  },
  evidence(sight) {
    const share = novelShare(sight);
    const openings = sight.samples === undefined ? 0 : distinct(sight.samples.opening);
    const { events } = sight.window.counts;
    return `${percent(share)} of ${events} requests (about ${Math.round(share * events)}) were self-contained tasks that began in a way the account hardly repeats; about ${Math.round(Math.min(openings, events))} different openings`;
  },
};

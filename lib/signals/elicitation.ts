import { distinct } from '../profile/bottom-k.ts';
import { CELL_MS, type CellMark, type Counter } from '../profile/slice.ts';
import { lowerShare, percent, type Sight, type Signal } from './signal.ts';

/**
 * Share of active five-minute cells in which a behaviour was seen, and the number of such cells in the window.
 * Cells, not requests: an evaluation run that asks a thousand times in ten minutes has shown it for ten minutes.
 * Repeated prompts count less: re-running one set is not harvesting.
 */
function marked(
  sight: Sight,
  mark: CellMark,
  behaviour: Counter,
): { cells: number; share: number; requests: number } {
  const { window, samples } = sight;
  const { counts, cells } = window;
  if (counts[behaviour] === 0) return { cells: 0, share: 0, requests: 0 };
  let seen = 0;
  for (const count of samples?.prompt.counts ?? []) seen += count;
  const sampled = samples?.prompt.hashes.length ?? 0;
  const fresh = seen === 0 || samples === undefined ? 1 : Math.min(1, (sampled / seen) * 1.0);
  const value = counts.events === 0 ? 0 : counts[behaviour] / counts.events;
  return {
    cells: cells[mark] * fresh,
    share: cells.active === 0 ? 0 : Math.min(value, 1) * fresh,
    requests: counts[behaviour],
  };
}

/** Cells in an hour: a run of an hour is one doubling, so that runs count little and days of harvesting much. */
const HOUR_OF_CELLS = 3_600_000 / CELL_MS;

/**
 * Harvest of a behaviour: its share of requests (lower end, over active cells) times the doublings of the number of
 * five-minute cells in which it was seen. Either alone is ordinary: an evaluation run has the share, a large
 * customer has the cells; harvesting has both.
 */
function harvestOf(
  declared: Pick<Signal, 'id' | 'title' | 'why' | 'evasion' | 'weight' | 'unit'>,
  mark: CellMark,
  behaviour: Counter,
  what: string,
): Signal {
  return {
    ...declared,
    read(sight) {
      const { active } = sight.window.cells;
      if (active < 4) return undefined;
      const { share, cells, requests } = marked(sight, mark, behaviour);
      return {
        value: lowerShare(share * active, active) * Math.log2(1 + cells / HOUR_OF_CELLS),
        evidence: () =>
          `${percent(share)} of requests ${what} (${requests} of ${sight.window.counts.events}), in about ${Math.round(cells)} separate five-minute stretches`,
      };
    },
  };
}

export const reasoningHarvest = harvestOf(
  {
    id: 'reasoning-harvest',
    title: 'asks for reasoning, day after day, on fresh prompts',
    why: 'Coaxing out reasoning traces is the most often reported goal of distillation (Anthropic February 2026, Google GTIG February 2026). Evaluation runs and audits ask too, in short runs or on one set.',
    evasion:
      'Ask without any wording that requests reasoning (traces become rarer and shorter, which is what they came for), or squeeze all requests into short bursts (visible as throughput, and limited by rate limits).',
    weight: 1,
    unit: 0.3,
  },
  'reasoning',
  'reasoning',
  'ask for the reasoning to be written out',
);

export const gradingHarvest = harvestOf(
  {
    id: 'grading-harvest',
    title: 'grades, day after day, on fresh material',
    why: 'Rubric grading, the model as a reward model, was reported of campaigns (Anthropic February 2026). A product that grades does so with its own system prompt and in its own hours.',
    evasion:
      'Grade in words that no pattern knows: the verdicts become harder to parse by the script that wants them.',
    weight: 1,
    unit: 0.3,
  },
  'grading',
  'grading',
  'ask for answers to be scored or judged',
);

export const thinkingLanguage = harvestOf(
  {
    id: 'thinking-language',
    title: 'fixes the language of the thinking',
    why: 'Fixing the language of the thinking content was reported of trace coercion (Google GTIG, February 2026). Too rare in the traffic that was measured to carry weight.',
    evasion: 'Leave it out; traces then come in the language of the prompt.',
    weight: 0,
    unit: 0.3,
  },
  'thinking-language',
  'thinking-language',
  'fix the language in which the model is to think',
);

/** Fresh prompts as a share of all prompts seen. */
export const selectionSampling: Signal = {
  id: 'selection-sampling',
  title: 'the same prompts asked again for several answers',
  why: 'Best-of-n data needs several answers to one prompt. Not seen in the traffic that was measured: shown, without weight.',
  evasion: 'Vary the wording of each repeat.',
  weight: 0,
  unit: 0.1,
  read(sight) {
    const { samples, window } = sight;
    const { events } = window.counts;
    if (samples === undefined || events < 10) return undefined;
    const repeated = Math.max(0, 1 - distinct(samples.prompt) / events);
    const several = window.counts['multi-sample'] / events;
    const value = lowerShare(Math.min(1, repeated + several) * events, events);
    return {
      value,
      evidence: () =>
        `${percent(repeated)} of prompts were asked before, ${percent(several)} asked for several answers`,
    };
  },
};

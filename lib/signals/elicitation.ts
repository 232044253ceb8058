import { distinct } from '../profile/bottom-k.ts';
import type { CellMark, Counter } from '../profile/slice.ts';
import { lowerShare, percent, type Sight, type Signal } from './signal.ts';

/**
 * Share of active five-minute cells in which a behaviour was seen, and the number of such cells in the window.
 * Cells, not requests: an evaluation run that asks a thousand times in ten minutes has shown it for ten minutes.
 * Repeated prompts count less: re-running one set is not harvesting.
 */
function marked(sight: Sight, mark: CellMark, behaviour: Counter): { cells: number; share: number; requests: number } {
  const { window, samples } = sight;
  const { counts, cells } = window;
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

function shareSignal(
  id: string,
  mark: CellMark,
  behaviour: Counter,
  title: string,
  what: string,
  why: string,
  evasion: string,
  weight: number,
): Signal {
  return {
    id,
    title,
    why,
    evasion,
    weight,
    read(sight) {
      const { active } = sight.window.cells;
      if (active < 4) return undefined;
      const { share, requests } = marked(sight, mark, behaviour);
      return {
        value: lowerShare(share * active, active),
        evidence: `${percent(share)} of requests ${what} (${requests} of ${sight.window.counts.events})`,
      };
    },
  };
}

function sustainedSignal(
  id: string,
  mark: CellMark,
  behaviour: Counter,
  title: string,
  what: string,
  why: string,
  evasion: string,
  weight: number,
): Signal {
  return {
    id,
    title,
    why,
    evasion,
    weight,
    read(sight) {
      if (sight.window.cells.active < 4) return undefined;
      const { cells } = marked(sight, mark, behaviour);
      return {
        value: Math.log2(1 + cells),
        evidence: `${what} in about ${Math.round(cells)} separate five-minute stretches`,
      };
    },
  };
}

export const reasoningShare = shareSignal(
  'reasoning-share',
  'reasoning',
  'reasoning',
  'asks for reasoning most of the time',
  'ask for the reasoning to be written out',
  'Coaxing out reasoning traces is the most often reported goal of distillation (Anthropic February 2026, Google GTIG February 2026).',
  'Ask without any wording that requests reasoning: the traces become rarer and shorter, which is what they came for.',
  0.6,
);

export const reasoningSustained = sustainedSignal(
  'reasoning-sustained',
  'reasoning',
  'reasoning',
  'asks for reasoning all day, on fresh prompts',
  'reasoning was asked for',
  'Evaluation runs and audits ask for reasoning too, in short runs or on one set; harvesting goes on for days on prompts that do not repeat.',
  'Concentrate all requests in short bursts: visible as throughput, and limited by rate limits.',
  1,
);

export const gradingShare = shareSignal(
  'grading-share',
  'grading',
  'grading',
  'uses the model as a grader most of the time',
  'ask for answers to be scored or judged',
  'Rubric grading, the model as a reward model, was reported of campaigns (Anthropic February 2026).',
  'Grade with words that no pattern knows: the verdicts become harder to parse by the script that wants them.',
  0.6,
);

export const gradingSustained = sustainedSignal(
  'grading-sustained',
  'grading',
  'grading',
  'grades all day, on fresh material',
  'grading was asked for',
  'An application that grades does so with one template in working hours; harvesting of verdicts goes on for days on fresh material.',
  'Concentrate in bursts, or grade through an ordinary-looking product.',
  1,
);

export const thinkingLanguage = shareSignal(
  'thinking-language',
  'thinking-language',
  'thinking-language',
  'fixes the language of the thinking',
  'fix the language in which the model is to think',
  'Fixing the language of the thinking content was reported of trace coercion (Google GTIG, February 2026). Too rare in the traffic that was measured to carry weight.',
  'Leave it out; traces then come in the language of the prompt.',
  0,
);

/** Fresh prompts as a share of all prompts seen. */
export const selectionSampling: Signal = {
  id: 'selection-sampling',
  title: 'the same prompts asked again for several answers',
  why: 'Best-of-n data needs several answers to one prompt. Not seen in the traffic that was measured: shown, without weight.',
  evasion: 'Vary the wording of each repeat.',
  weight: 0,
  read(sight) {
    const { samples, window } = sight;
    const { events } = window.counts;
    if (samples === undefined || events < 10) return undefined;
    const repeated = Math.max(0, 1 - distinct(samples.prompt) / events);
    const several = window.counts['multi-sample'] / events;
    const value = lowerShare(Math.min(1, repeated + several) * events, events);
    return { value, evidence: `${percent(repeated)} of prompts were asked before, ${percent(several)} asked for several answers` };
  },
};

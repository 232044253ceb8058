import type { AnswerSheet } from './answers.ts';
import { MID_SENTENCE } from './corpus.ts';
import type { Unfit } from './screening.ts';
import type { Part, PartCorpus } from './text-parts.ts';
import { TRACE_MARKS } from './trace.ts';

/** Share of a model's texts that may open with a mark that is not known, and fewest that count. */
const MOST_STRANGE = 0.1;
const LEAST_STRANGE = 5;
/**
 * Share of a model's questions that may have one of a handful of texts, and fewest questions that show it. A prompt that asks
 * for a form and nothing else has as many replies as options.
 */
const MOST_ALIKE = 0.5;
const HANDFUL = 5;
const LEAST_TO_REPEAT = 20;
/** Share of texts that end in the middle of a sentence from which they were evidently cut off. */
const MANY_CUT = 0.75;

/** What a part is called in a sentence. */
export function partName(part: Part): string {
  return part === 'trace' ? 'traces' : 'replies';
}

/** Why a model's texts say nothing of how it writes, whatever they are compared with. */
export function unfitTexts(sheet: AnswerSheet, corpora: readonly PartCorpus[]): Unfit | undefined {
  const { model, strangeMark: strange } = sheet;
  if (
    strange !== undefined &&
    strange.texts >= LEAST_STRANGE &&
    strange.texts > MOST_STRANGE * (sheet.textItems + sheet.traceItems)
  )
    return {
      code: 'unknown-trace-mark',
      reason: `${strange.texts} texts of ${model} ${
        TRACE_MARKS.some((m) => m.close === strange.mark)
          ? `end with ${strange.mark}, which nothing opened`
          : `open with ${strange.mark}, a mark that is not known`
      }: trace and reply may be mixed. Give the trace as "trace" and the reply as "text"`,
    };
  for (const corpus of corpora) {
    const times = new Map<string, number>();
    const own = corpus.texts.get(model);
    for (const text of own?.values() ?? []) times.set(text, (times.get(text) ?? 0) + 1);
    const all = own?.size ?? 0;
    const common = [...times.values()].sort((a, b) => b - a).filter((n) => n > 1);
    const [most = 0] = common;
    if (all >= LEAST_TO_REPEAT && most > MOST_ALIKE * all)
      return {
        code: 'one-text',
        reason: `${most} of ${all} ${partName(corpus.part)} of ${model} are one and the same text: a setting, a refusal or an error message, not how it writes`,
      };
    const handful = common.slice(0, HANDFUL).reduce((sum, n) => sum + n, 0);
    if (all >= LEAST_TO_REPEAT && handful > MOST_ALIKE * all)
      return {
        code: 'forced-by-the-prompt',
        reason: `${handful} of ${all} ${partName(corpus.part)} of ${model} are one of ${Math.min(HANDFUL, common.length)} texts: the prompt, or a parser, forces a form on them, and they do not show how it writes`,
      };
  }
  return undefined;
}

/** Share of a model's texts that end in the middle of a sentence, where it says that they were cut off; else undefined. */
export function cutMidway(corpus: PartCorpus, model: string): number | undefined {
  const texts = [...(corpus.texts.get(model)?.values() ?? [])];
  const share = texts.filter((t) => MID_SENTENCE.test(t)).length / Math.max(1, texts.length);
  return texts.length >= LEAST_TO_REPEAT && share >= MANY_CUT ? share : undefined;
}

import type { Asked } from './asked.ts';
import { type FoldedText, MAX_UNITS } from './folded-text.ts';
import { beginsAsTask } from './instruction.ts';
import type { LayoutReader } from './layout.ts';
import { looksLikeCode } from './program-code.ts';
import type { UsageEvent } from './usage-event.ts';

/** What is told of a request's form without its text: classes of lengths, and yes or no. */
export function shapeOf(
  asked: Asked,
  /** the prompt's beginning, as far as it is read */
  text: string,
  folded: FoldedText,
  layout: ReturnType<LayoutReader['read']>,
): UsageEvent['shape'] {
  const { prompt, said, system, turns } = asked;
  const words =
    text.length === prompt.length ? folded.words : Math.round((folded.words * prompt.length) / MAX_UNITS);
  return {
    turns: Math.min(turns, 1_000_000),
    system: system !== undefined,
    words: lengthClass(1 + words),
    head: lengthClass(1 + folded.head),
    instruction: beginsAsTask(prompt),
    lines: prompt.length === 0 ? 0 : lengthClass(linesOf(prompt, text, layout.lines)),
    script: folded.script,
    // a begun answer makes no question of another kind
    question: endsInQuestion(said) || endsInQuestion(prompt),
    code: looksLikeCode(text, folded.symbolDensity),
    input: layout.input,
    ...agentFacts(asked),
  };
}

function lengthClass(count: number): number {
  return Math.min(40, Math.round(2 * Math.log2(count)));
}

/** Line breaks that are counted one by one; a text of more has as many as its beginning promises. */
const COUNTED_LINES = 10_000;

function linesOf(prompt: string, text: string, counted: number): number {
  if (prompt.length === text.length) return Math.max(1, counted);
  let lines = 1;
  for (let at = prompt.indexOf('\n'); at >= 0; at = prompt.indexOf('\n', at + 1))
    if (++lines > COUNTED_LINES) return Math.round((lines / (at + 1)) * prompt.length);
  return lines;
}

/** Ends in a question mark of any script, closing quotes, brackets and white space apart. */
function endsInQuestion(text: string): boolean {
  for (let at = text.length - 1, looked = 0; at >= 0 && looked < 256; at--, looked++) {
    const unit = text.charCodeAt(at);
    if (unit === 63 || unit === 0xff1f || unit === 0x61f || unit === 0x37e || unit === 0x203d) return true;
    if (
      !(
        unit <= 32 ||
        unit === 34 ||
        unit === 39 ||
        unit === 41 ||
        unit === 93 ||
        unit === 42 ||
        unit === 0x201d ||
        unit === 0x2019 ||
        unit === 0x300d ||
        unit === 0x3000 ||
        unit === 0xa0
      )
    )
      return false;
  }
  return false;
}

/** Facts of agents' work, where there are any. */
function agentFacts(asked: Asked): Pick<UsageEvent['shape'], 'steps' | 'fromTools' | 'askedByTool'> {
  if (asked.steps === 0 && asked.fromTools === 0) return {};
  return {
    steps: Math.min(asked.steps, 1_000_000),
    fromTools: asked.fromTools,
    ...(asked.askedByTool ? { askedByTool: true } : {}),
  };
}

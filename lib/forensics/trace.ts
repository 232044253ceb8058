/**
 * Marks between which models print their reasoning before the reply. Data, not code: a new form is a new row.
 * Sources: model cards and chat templates of the makers named.
 */
interface TraceMark {
  readonly open: string;
  readonly close: string;
  /** Whose form it is. */
  readonly usedBy: string;
}

export const TRACE_MARKS: readonly TraceMark[] = [
  {
    open: '<think>',
    close: '</think>',
    usedBy: 'DeepSeek-R1, QwQ, Qwen3, Nemotron, GLM, MiniMax and most others',
  },
  { open: '<thinking>', close: '</thinking>', usedBy: 'Claude and prompts after its example' },
  { open: '<thought>', close: '</thought>', usedBy: 'EXAONE Deep' },
  { open: '<reasoning>', close: '</reasoning>', usedBy: 'prompted models' },
  { open: '[THINK]', close: '[/THINK]', usedBy: 'Magistral' },
  { open: '<|begin_of_thought|>', close: '<|end_of_thought|>', usedBy: 'Sky-T1, OpenThinker' },
  { open: '◁think▷', close: '◁/think▷', usedBy: 'Kimi' },
  { open: '<seed:think>', close: '</seed:think>', usedBy: 'Seed-OSS' },
  { open: '<|channel|>analysis<|message|>', close: '<|channel|>final<|message|>', usedBy: 'gpt-oss' },
];

/** A text taken apart into its reasoning trace and the reply that a user sees. */
export interface TextParts {
  readonly trace: string | undefined;
  readonly reply: string | undefined;
  /** Whether the trace was never closed: it was cut off, or the model stopped in the middle. */
  readonly cut: boolean;
}

/** Control tokens of chat templates that surround the parts and belong to neither. */
const TEMPLATE_TOKENS =
  /<\|(?:end|start|return|im_end|im_start|begin_of_solution|end_of_solution|channel|message)\|>/g;

function bare(text: string): string | undefined {
  const trimmed = text.replace(TEMPLATE_TOKENS, '').trim();
  return trimmed === '' ? undefined : trimmed;
}

/**
 * Splits a text at the first trace mark that it holds. A close without an open counts (chat templates often put the
 * open mark into the prompt); an open without a close makes all that follows a trace that was cut off. Of several closes
 * the last ends the trace, because a trace may quote its own mark.
 */
export function splitTrace(text: string): TextParts {
  for (const { open, close } of TRACE_MARKS) {
    const opens = text.indexOf(open);
    const closes = text.lastIndexOf(close);
    if (opens < 0 && closes < 0) continue;
    // A mark deep inside a reply is a quotation, not a trace.
    if (closes < 0 && text.slice(0, opens).trim() !== '') continue;
    if (closes < 0) return { trace: bare(text.slice(opens + open.length)), reply: undefined, cut: true };
    const start = opens >= 0 && opens < closes ? opens : -1;
    const before = start < 0 ? '' : text.slice(0, start);
    const inside = text.slice(start < 0 ? 0 : start + open.length, closes);
    return {
      trace: bare(inside.split(open).join('').split(close).join('')),
      reply: bare(`${before}${text.slice(closes + close.length)}`),
      cut: false,
    };
  }
  return { trace: undefined, reply: bare(text), cut: false };
}

/** The tag or bracket that a text opens with where it looks like a trace mark that we do not know. */
export function strangeMark(text: string): string | undefined {
  const found = /^\s*(<\|?[a-z_:-]{3,24}\|?>|\[[A-Z_]{3,24}\])/.exec(text)?.[1];
  if (found === undefined || !/think|thought|reason|analy|reflect|scratch|plan|cot/i.test(found))
    return undefined;
  return TRACE_MARKS.some((m) => m.open === found) ? undefined : found;
}

/**
 * Marks between which models print their reasoning before the reply. Data, not code: a new form is a new row.
 * Sources: model cards and chat templates of the makers named. Case of letters does not count.
 */
interface TraceMark {
  readonly open: string;
  readonly close: string;
  /** Whose form it is. */
  readonly usedBy: string;
  /** Plain words, which count only where they open the text. */
  readonly plain?: boolean;
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
  { open: '<|START_THINKING|>', close: '<|END_THINKING|>', usedBy: 'Command A Reasoning' },
  { open: '<|channel|>analysis<|message|>', close: '<|channel|>final<|message|>', usedBy: 'gpt-oss' },
  { open: '<unused94>thought', close: '<unused95>', usedBy: 'MedGemma' },
  { open: 'analysis', close: 'assistantfinal', usedBy: 'gpt-oss without its control tokens', plain: true },
  { open: 'Thinking...\n', close: '...done thinking.', usedBy: 'the command line of Ollama', plain: true },
  {
    open: 'Here is my thought process:',
    close: 'Here is my response:',
    usedBy: 'Granite 3.2',
    plain: true,
  },
];

/** Names of tags in which prompted models put reasoning, whatever tag they were told to use, in the languages that models are asked in. */
const REASONING_NAME =
  /think|thought|reason|reflect|scratch|analys|monologue|deliberat|\bcot\b|思考|思维|推理|推論|사고|추론|تفكير|pensa[mn]|razon|racioc|raisonn|réflex|denk|gedanken|überleg|рассужд|размышл|мысл/iu;
/** A tag, with or without attributes, or a bracket at the beginning of a text. */
const OPENING_TAG =
  /^\s*(?:<(\|?)(\p{L}[\p{L}_:-]{1,30})(\|?)(?:\s[^<>]{0,200})?>|\[(\p{L}[\p{L}_ :-]{1,30})\])/iu;
/** A block that a chat front end folds away, with its heading: Open WebUI and others write reasoning so. */
const FOLDED = /^\s*<details\b[^<>]{0,200}>\s*(?:<summary>[^<]{0,100}<\/summary>)?/i;

/** Most that may stand before a short trace: a text that speaks of a mark further on quotes it. */
const LONGEST_PREFACE = 100;
/** Length from which what stands once between its marks is a trace wherever it stands: quotations are short. */
const LONG_TRACE = 200;

/** A heading that opens a text in which reasoning goes before the reply, and one that the reply has then. */
const HEADING = /(?:^|\n)\s*(?:\*\*([^*\n]{3,40})\*\*|#{1,4} +([^\n]{3,40}))\s*(?=\n)/g;
const WORKING =
  /think|thought|reason|reflect|scratch|analys|monologue|deliberat|\bnotes?\b|working|draft|internal/i;
const REPLY = /^(?:the |my )?(?:final|answer|response|reply|output)\b/i;
/** What a heading of thoughts, which no reply has, may be followed by as well. */
const THOUGHTS = /think|thought|scratch|monologue/i;
const SOLUTION = /^(?:the |my )?solution\b/i;

/** A text taken apart into its reasoning trace and the reply that a user sees. */
export interface TextParts {
  readonly trace: string | undefined;
  readonly reply: string | undefined;
  /** Whether the trace was never closed: it was cut off, or the model stopped in the middle. */
  readonly cut: boolean;
}

/** Control tokens of chat templates that surround the parts and belong to neither. */
const TEMPLATE_TOKENS =
  /<\|(?:end|start|return|im_end|im_start|begin_of_solution|end_of_solution|START_RESPONSE|END_RESPONSE|channel|message)\|>/g;

function bare(text: string): string | undefined {
  const trimmed = text.replace(TEMPLATE_TOKENS, '').trim();
  return trimmed === '' ? undefined : trimmed;
}

interface Marks {
  readonly open: string;
  readonly close: string;
  readonly plain?: boolean | undefined;
}

/** A tag that opens the text, whose name is one of reasoning and which is closed by its own form. */
function ownMarks(text: string, lower: string): Marks | undefined {
  const folded = FOLDED.exec(text)?.[0].trim();
  if (folded !== undefined && REASONING_NAME.test(folded) && lower.includes('</details>'))
    return { open: folded, close: '</details>' };
  const found = OPENING_TAG.exec(text);
  const name = found?.[2] ?? found?.[4];
  if (found === null || name === undefined || !REASONING_NAME.test(name)) return undefined;
  const open = found[0].trim();
  const bar = found[1] ?? '';
  const closes =
    found[4] === undefined
      ? [
          `</${name}>`,
          `<${bar}/${name}${bar}>`,
          `<${bar}end_${name.replace(/^(begin|start)_(of_)?/i, '')}${bar}>`,
        ]
      : [`[/${name}]`, `[end ${name.replace(/^start /i, '')}]`];
  const close = closes.find((c) => lower.includes(c.toLowerCase()));
  return close === undefined ? undefined : { open, close };
}

/**
 * Where the trace ends: at the last close, because a trace may quote its own mark; but at one before it where nothing follows
 * the last, which then ends the reply.
 */
function closeOf(lower: string, opens: number, close: string): number {
  const last = lower.lastIndexOf(close);
  if (opens < 0 || last <= opens || bare(lower.slice(last + close.length)) !== undefined) return last;
  const before = lower.lastIndexOf(close, last - 1);
  return before > opens && bare(lower.slice(before + close.length, last)) !== undefined ? before : last;
}

function splitAt(text: string, lower: string, marks: Marks): TextParts | undefined {
  const [open, close] = [marks.open.toLowerCase(), marks.close.toLowerCase()];
  const opens = lower.indexOf(open);
  const closes = closeOf(lower, opens, close);
  if (opens < 0 && closes < 0) return undefined;
  // A close that nothing opened and nothing follows says neither that there is a trace nor where: `strangeMark` names it.
  if (opens < 0 && bare(text.slice(closes + close.length)) === undefined) return undefined;
  if (marks.plain === true && (closes < 0 || opens < 0 || text.slice(0, opens).trim() !== ''))
    return undefined;
  const preface = opens < 0 ? '' : text.slice(0, opens);
  // A mark deep inside a reply is a quotation, not a trace.
  if (closes < 0 && preface.trim() !== '') return undefined;
  if (opens >= 0 && opens < closes && (bare(preface)?.length ?? 0) > LONGEST_PREFACE) {
    const once = lower.indexOf(open, opens + 1) < 0 && lower.indexOf(close) === closes;
    if (!once || closes - opens - open.length < LONG_TRACE) return undefined;
  }
  if (closes < 0) return { trace: bare(text.slice(opens + open.length)), reply: undefined, cut: true };
  const start = opens >= 0 && opens < closes ? opens : -1;
  const inside = text.slice(start < 0 ? 0 : start + open.length, closes);
  return {
    trace: bare(inside.split(marks.open).join('').split(marks.close).join('')),
    reply: bare(
      `${start < 0 ? '' : preface}${text
        .slice(closes + close.length)
        .split(marks.close)
        .join('')}`,
    ),
    cut: false,
  };
}

/**
 * Splits a text at the first trace mark that it holds. A close without an open counts (chat templates often put the
 * open mark into the prompt); an open without a close makes all that follows a trace that was cut off. Of several closes
 * the last ends the trace, because a trace may quote its own mark.
 */
export function splitTrace(text: string): TextParts {
  // Lower case of one character may be two: positions must stay, so such texts are read as they are.
  const folded = text.toLowerCase();
  const lower = folded.length === text.length ? folded : text;
  const own = ownMarks(text, lower);
  for (const marks of own === undefined ? TRACE_MARKS : [own, ...TRACE_MARKS]) {
    const parts = splitAt(text, lower, marks);
    if (parts !== undefined) return parts;
  }
  return { trace: undefined, reply: bare(text), cut: false };
}

/** Other ways in which a text opens with reasoning, where nothing says with certainty how it ends. */
const OPENINGS: readonly { readonly pattern: RegExp; readonly shown: string; readonly names: boolean }[] = [
  { pattern: /^\s*\{\s*"([^"\n]{2,40})"\s*:/u, shown: 'a field of JSON for reasoning', names: true },
  { pattern: /^\s*```([^\n`]{2,40})\n/u, shown: 'a fence for reasoning', names: true },
  { pattern: /^\s*【([^】\n]{2,30})】/u, shown: 'a heading for reasoning', names: true },
  { pattern: /^\s*[*_]{1,2}([^*_\n]{2,22})[*_]{1,2}\s*\n/u, shown: 'a line for reasoning', names: true },
  { pattern: /^\s*([\p{L} ]{2,22})[:：]\s*\n/u, shown: 'a line for reasoning', names: true },
  { pattern: /^\s*\(([\p{L} ]{2,30})\)/u, shown: 'a bracket for reasoning', names: true },
  { pattern: /^(?:>[^\n]*\n){3,}\s*[^>\s]/u, shown: 'a quotation of several lines', names: false },
];

/** A text that opens in one of these ways; headings of a reply that begins with an analysis are none. */
function opening(text: string): string | undefined {
  return OPENINGS.find(({ pattern, names }) => {
    const found = pattern.exec(text);
    return (
      found !== null && (!names || (REASONING_NAME.test(found[1] ?? '') && !/analys/i.test(found[1] ?? '')))
    );
  })?.shown;
}

/** A close of a known mark at which the text ends, and that nothing opened. */
function closedOnly(text: string): string | undefined {
  const lower = text.toLowerCase().trimEnd();
  return TRACE_MARKS.find(
    ({ open, close, plain }) =>
      plain !== true && lower.endsWith(close.toLowerCase()) && !lower.includes(open.toLowerCase()),
  )?.close;
}

/** A heading of reasoning that opens the text, where one of a reply comes after it. */
function headings(text: string): string | undefined {
  const found = [...text.matchAll(HEADING)];
  const first = found[0];
  const name = first?.[1] ?? first?.[2] ?? '';
  if (first === undefined || text.slice(0, first.index).trim() !== '' || !WORKING.test(name))
    return undefined;
  const isReply = (title: string) => REPLY.test(title) || (THOUGHTS.test(name) && SOLUTION.test(title));
  return found.slice(1).some((h) => isReply(h[1] ?? h[2] ?? '')) ? first[0].trim() : undefined;
}

/** What looks like a trace mark that we do not know, or cannot read: a tag, bracket or heading, or a close that nothing opened. */
export function strangeMark(text: string): string | undefined {
  const other = closedOnly(text) ?? headings(text) ?? opening(text);
  if (other !== undefined) return other;
  const found = OPENING_TAG.exec(text);
  const name = found?.[2] ?? found?.[4];
  if (found === null || name === undefined) return undefined;
  if (!REASONING_NAME.test(name) && !/plan|draft|internal|private|hidden/i.test(name)) return undefined;
  return found[2] === undefined ? found[0].trim() : `<${found[1] ?? ''}${name}${found[3] ?? ''}>`;
}

import { LIMITS } from '../limits.ts';
import { attachedText } from './attached.ts';

/**
 * What a conversation consists of, whatever the provider: every source is read into these turns, and the recorder looks
 * at nothing else. A tool's result is never what the user said, whatever role carries it: Anthropic and Bedrock put it
 * into a message of role `user` (https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use,
 * https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use-inference-call.html).
 */
export type TurnKind = 'system' | 'user' | 'assistant' | 'tool' | 'attached' | 'other';

export interface Turn {
  readonly kind: TurnKind;
  /** the role as it was written; `tool` for results of tools */
  readonly role: string;
  readonly text: string;
  /** parts of a message that hold no words and no result: pictures, sound, files */
  readonly wordless?: readonly unknown[];
}

/** Roles by kind, lower case: OpenAI, Anthropic, Gemini (model), Cohere (USER, CHATBOT), LangChain (human, ai), Llama (ipython). */
const KINDS: Readonly<Record<string, TurnKind>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  assistant: 'assistant',
  model: 'assistant',
  chatbot: 'assistant',
  ai: 'assistant',
  bot: 'assistant',
  tool: 'tool',
  function: 'tool',
  ipython: 'tool',
  // as adapters hand on what attached.ts has read
  attachment: 'attached',
};

/** Types and keys of parts that carry a tool's result; a Responses item of such a type is one too. */
const RESULT_TYPE = /(?:tool|function|call|shell|computer|mcp)[\w-]*(?:result|output|response)$/i;
const RESULT_KEYS = [
  ...['toolResult', 'functionResponse', 'function_response', 'tool_result'],
  // https://ai.google.dev/api/caching#Part
  ...['codeExecutionResult', 'code_execution_result', 'toolResponse', 'tool_response'],
] as const;
/** Calls of tools that the provider runs: their items hold the result themselves (Responses: mcp_call, file_search_call). */
const HOSTED_CALL = /_call$/;
/** A person's word on a call, which is no result: https://platform.openai.com/docs/guides/tools-connectors-mcp */
const APPROVAL = /approval_(?:request|response)$/;
/** Parts that are a model's thoughts or calls: no text of anybody's request. */
const SILENT_TYPE =
  /^(?:thinking|redacted_thinking|reasoning|refusal|tool_use|tool_call|tool-call|function_call|server_tool_use|mcp_call)$/i;

type Json = Readonly<Record<string, unknown>>;

/** The kind of a role's name; enumerations written out (`AuthorRole.USER`) count by their last step. */
export function roleKind(role: string): TurnKind {
  const known = KINDS[role];
  if (known !== undefined) return known;
  if (role.length > LIMITS.typeName.most) return 'other';
  const last = role.slice(role.lastIndexOf('.') + 1).toLowerCase();
  return KINDS[last] ?? 'other';
}

/** Whether somebody asks in words of their own: not only tools answer, and models. */
export function isAsked(messages: readonly unknown[]): boolean {
  return turnsOf(messages).some(({ kind, text }) => kind === 'user' && text.trim() !== '');
}

/** How much may still be read of a conversation: values, of the newest message first. */
interface Allowance {
  left: number;
}

/** The beginning of a long conversation holds its system prompts. */
const FIRST_MESSAGES = 64;

/**
 * The turns of a list of messages or items, in their order. Reads anything, throws on nothing, and follows a bounded number of
 * messages, parts and values (`LIMITS`): the customer chooses how many there are.
 */
export function turnsOf(messages: readonly unknown[]): Turn[] {
  const most = LIMITS.messages.most;
  const read =
    messages.length <= most
      ? messages
      : [...messages.slice(0, FIRST_MESSAGES), ...messages.slice(FIRST_MESSAGES - most)];
  const allowance = { left: LIMITS.conversationValues.most };
  // newest first: what is asked now is read whatever stands before it
  const held: (readonly Turn[])[] = [];
  for (let i = read.length - 1; i >= 0; i--) held.push(turnsIn(read[i], allowance));
  const turns: Turn[] = [];
  for (let i = held.length - 1; i >= 0; i--)
    for (const turn of held[i] as readonly Turn[]) {
      // words of role `user` that a framework wrote around a tool's result are the tool's
      const isAnswer = turn.kind === 'user' && turns.at(-1)?.kind === 'assistant';
      const isResult = isAnswer && frameOf(turn.text) !== undefined;
      turns.push(isResult ? { kind: 'tool', role: 'tool', text: turn.text } : turn);
    }
  return turns;
}

const NO_TURNS: readonly Turn[] = [];

function turnsIn(message: unknown, allowance: Allowance): readonly Turn[] {
  if (!isObject(message)) return NO_TURNS;
  const type = typeIn(message) ?? '';
  if (typeof message.role !== 'string') {
    if (!isResultItem(type, message)) return NO_TURNS;
    return [{ kind: 'tool', role: 'tool', text: resultText(message, allowance) }];
  }
  const role = message.role;
  const kind = roleKind(role);
  const content = message.content ?? message.parts ?? null;
  const turns: Turn[] = [];
  let text = '';
  const beside: Turn[] = [];
  // a model reads it: https://platform.openai.com/docs/api-reference/chat/create
  const wordless: unknown[] = kind === 'user' && typeof message.name === 'string' ? [message.name] : [];
  let results = 0;
  let others = 0;
  const parts = Array.isArray(content) ? content : content === null ? [] : [content];
  for (const part of ends(parts, allowance.left)) {
    allowance.left--;
    const result = partResult(part, allowance);
    if (result !== undefined) {
      // of words and a result in one part, which no API has, either may have been read
      if (isWorded(part, kind)) beside.push({ kind: 'tool', role: 'tool', text: result });
      else {
        results++;
        turns.push({ kind: 'tool', role: 'tool', text: result });
        continue;
      }
    }
    others++;
    // a tool may answer in documents: https://docs.cohere.com/v2/docs/tool-use-overview
    const said = partText(part, kind) || (kind === 'tool' ? resultText(part, allowance, 1) : '');
    const other = said === '' && kind !== 'assistant' ? attachedText(part) : '';
    // behind the words that came with it: what is attached may ask for work where they only point to it
    if (other !== '') beside.push({ kind: 'attached', role: 'attachment', text: other });
    if (said !== '') text = text === '' ? said : `${text}\n${said}`;
    else if (typeof part !== 'string') wordless.push(part);
  }
  // A message that only hands over results is none of its role's; one without any content is an empty one.
  if (results > 0 && (others === 0 || (text === '' && kind === 'user'))) return turns;
  const turn = turnOf(kind, role, text);
  turns.push(wordless.length === 0 ? turn : { ...turn, wordless }, ...beside);
  return turns;
}

/** At most so many values of a list: the first and the last, for either may ask. */
function ends(values: readonly unknown[], most: number): readonly unknown[] {
  if (values.length <= most) return values;
  const half = Math.max(0, most >> 1);
  return half === 0 ? [] : [...values.slice(0, half), ...values.slice(-half)];
}

function turnOf(kind: TurnKind, role: string, text: string): Turn {
  return kind === 'tool' ? { kind, role: 'tool', text } : { kind, role, text };
}

/**
 * How a result begins and ends that stands as text in a user message, for models that have no role for tools: Hermes and Qwen
 * (https://github.com/NousResearch/Hermes-Function-Calling, https://qwen.readthedocs.io/en/latest/framework/function_call.html),
 * Claude before tool use (https://docs.anthropic.com/en/docs/legacy-tool-use), ReAct agents and smolagents
 * (https://github.com/huggingface/smolagents), Cline and Roo Code (https://github.com/cline/cline). Only the answer to an
 * assistant's turn is one: a conversation does not begin with a result.
 */
const TOOL_TEXTS: readonly (readonly [begins: RegExp, ends: string])[] = [
  [/^\s{0,64}<(?:tool_response|tool_result|function_results)>/, '>'],
  [/^\s{0,64}Observation:\s/, ''],
  [/^\s{0,64}\[\w{1,64}(?: for [^\]\n]{0,400})?\] Result:/, ''],
];

function frameOf(text: string): RegExp | undefined {
  const head = text.slice(0, 512);
  return TOOL_TEXTS.find(
    ([begins, ends]) => begins.test(head) && text.slice(-64).trimEnd().endsWith(ends),
  )?.[0];
}

/** A tool's result without the words of such a frame around it; any other text as it is. */
export function unframed(text: string): string {
  const begins = frameOf(text);
  if (begins === undefined) return text;
  const said = text.slice(begins.exec(text.slice(0, 512))?.[0].length);
  return `${said.slice(0, -64)}${said.slice(-64).replace(/<\/\w{1,32}>\s{0,32}$/, '')}`.trim();
}

/** The text of a part that is somebody's words; empty for pictures, and for calls and thoughts, which are the model's alone. */
function partText(part: unknown, kind: TurnKind, depth = 0): string {
  if (typeof part === 'string') return part;
  if (!isObject(part) || depth > LIMITS.nesting.most) return '';
  if (kind === 'assistant' && (part.thought === true || SILENT_TYPE.test(typeIn(part) ?? ''))) return '';
  if (typeof part.text === 'string') return part.text;
  if (isObject(part.text)) return partText({ text: part.text.text ?? part.text.value }, kind, depth + 1);
  if (isObject(part.guardContent)) return partText(part.guardContent, kind, depth + 1);
  // OpenTelemetry's text part: {type: 'text', content}
  return typeof part.content === 'string' && (part.type === undefined || part.type === 'text')
    ? part.content
    : '';
}

/** The text of a part that carries a tool's result; undefined for any other part. */
function partResult(part: unknown, allowance: Allowance): string | undefined {
  if (!isObject(part)) return undefined;
  for (const key of RESULT_KEYS) if (key in part) return resultText(part[key], allowance);
  return RESULT_TYPE.test(typeIn(part) ?? '') ? resultText(part, allowance) : undefined;
}

/** Whether a part that carries a result has words of its own; in one whose type says that it is a result they are the result's. */
function isWorded(part: unknown, kind: TurnKind): boolean {
  if (!isObject(part) || RESULT_TYPE.test(typeIn(part) ?? '')) return false;
  return partText(part, kind).trim() !== '';
}

/** Whether an item without a role carries a tool's result. */
function isResultItem(type: string, item: Json): boolean {
  if (APPROVAL.test(type)) return false;
  if (RESULT_TYPE.test(type)) return true;
  return HOSTED_CALL.test(type) && [item.output, item.outputs, item.results].some((held) => held != null);
}

const RESULT_FIELDS = [
  ...['content', 'output', 'outputs', 'result', 'results', 'response', 'text', 'json', 'value'],
  ...['stdout', 'logs'],
] as const;
/** Parts of a result that are no words: pictures, sound, files, what is encrypted. */
const WORDLESS = /^bytes$|image|screenshot|audio|video|blob|file$|base64|encrypted/i;
/** Fields of a typed part that say what it is, not what was found. */
const LABELS: ReadonlySet<string> = new Set([
  'type',
  'encrypted_content',
  'cache_control',
  'media_type',
  'id',
]);

/** Values of one list in a tool's result that are read. */
const LISTED = 1024;

/** The words inside a tool's result, wherever the provider puts them. */
function resultText(value: unknown, allowance: Allowance, depth = 0): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (depth > 6 || --allowance.left < 0) return '';
  if (Array.isArray(value)) {
    let text = '';
    for (const entry of ends(value, Math.min(LISTED, allowance.left)))
      text = joined(text, resultText(entry, allowance, depth + 1));
    return text;
  }
  if (!isObject(value)) return '';
  const type = typeIn(value);
  if (type !== undefined && depth > 0 && WORDLESS.test(type)) return '';
  for (const field of RESULT_FIELDS) {
    const held = value[field];
    if (held !== undefined && held !== null) return resultText(held, allowance, depth + 1);
  }
  // OpenTelemetry names the field as the type: server_tool_call_response
  if (depth === 0) return type === undefined ? '' : resultText(value[type], allowance, depth + 1);
  let text = '';
  for (const name in value) {
    if (--allowance.left < 0) return text;
    if ((type !== undefined && LABELS.has(name)) || WORDLESS.test(name)) continue;
    text = joined(text, resultText(value[name], allowance, depth + 1));
  }
  return text;
}

function joined(before: string, text: string): string {
  return before === '' || text === '' ? before + text : `${before}\n${text}`;
}

/** The type that a part or item says it is of; a text that is longer than any type's name is none. */
function typeIn({ type }: Json): string | undefined {
  return typeof type === 'string' && type.length <= LIMITS.typeName.most ? type : undefined;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

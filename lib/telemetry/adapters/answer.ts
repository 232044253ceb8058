import { turnsOf } from '../turns.ts';
import { answerFormed } from './body-forms.ts';
import { type Ending, endingOf, endingOfError } from './endings.ts';
import { at, type Json, jsonIn, listOf, objectOf, smallNames, textAt } from './fields.ts';
import { streamedIn } from './streamed.ts';
import { tokensOf } from './token-counts.ts';

/** What an answer's body says, whichever API it is of; a stream's chunks are put together. */
export interface ReadAnswer {
  readonly text: string | undefined;
  readonly endings: readonly Ending[];
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
  readonly id: string | undefined;
  readonly model: string | undefined;
  /** as it stands: seconds, milliseconds or a text */
  readonly created: unknown;
}

/** Reads an answer: a body, a list of a stream's chunks, or the text of an event stream. */
export function readAnswer(body: unknown): ReadAnswer {
  const chunks = chunksOf(body);
  if (chunks.length === 1) return readBody(chunks[0] ?? {});
  const parts = chunks.map(readBody);
  const texts = parts.map(({ text }) => text).filter((text) => text !== undefined);
  const whole = parts.find((_, i) => isWhole(chunks[i]));
  return {
    text: whole?.text ?? (texts.length === 0 ? undefined : texts.join('')),
    endings: parts.flatMap(({ endings }) => endings),
    inputTokens: largest(parts.map(({ inputTokens }) => inputTokens)),
    outputTokens: largest(parts.map(({ outputTokens }) => outputTokens)),
    id: parts.map(({ id }) => id).find((id) => id !== undefined),
    model: parts.map(({ model }) => model).find((model) => model !== undefined),
    created: parts.map(({ created }) => created).find((created) => created !== undefined && created !== null),
  };
}

/** Whether an answer says words, or counts those that it said, as a language model's does: whatever the client added to its request. */
export function saysWords(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null) return false;
  const { text, outputTokens = 0 } = readAnswer(answer);
  return (text !== undefined && text !== '') || outputTokens > 0;
}

/** Counts of a stream grow: the last one is the largest (Anthropic's message_start already has one output token). */
function largest(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((most, count) => Math.max(most, count));
}

/** Events that repeat the whole answer at the end: of Responses, and of Text Generation Inference beside its last token. */
function isWhole(chunk: Json | undefined): boolean {
  if (objectOf(chunk?.token) !== undefined) return textAt(chunk, 'generated_text') !== undefined;
  return /^response\.(?:completed|incomplete|failed|cancelled)$/.test(textAt(chunk, 'type') ?? '');
}

function chunksOf(body: unknown): Json[] {
  if (Array.isArray(body)) return objectsIn(body.map(chunkIn));
  if (typeof body !== 'string') return [objectOf(body) ?? {}];
  const held = jsonIn(body);
  if (typeof held !== 'string') return chunksOf(held);
  const events = objectsIn(streamedIn(held));
  return events.length === 0 ? [{ text: held }] : events;
}

/** A chunk within an event of a list: of Bedrock, or of clients that keep the data of server-sent events (Mistral's SDK). */
function chunkIn(event: unknown): unknown {
  const data = jsonIn(at(event, 'data'));
  return jsonIn(at(event, 'chunk') ?? (objectOf(data) === undefined ? event : data));
}

function objectsIn(values: readonly unknown[]): Json[] {
  return values.flatMap((value) => {
    const held = objectOf(value);
    return held === undefined ? [] : [held];
  });
}

/** Bodies nested in an event: Responses' `response`, Anthropic's `message_start`. */
function readBody(chunk: Json): ReadAnswer {
  const body = innerBody(chunk);
  const inner = usageOf(body);
  const usage = inner?.input === undefined && inner?.output === undefined ? usageOf(chunk) : inner;
  return {
    text: textIn(body) ?? deltaOf(chunk),
    endings: endingsOf(body, chunk),
    inputTokens: usage?.input,
    outputTokens: usage?.output,
    id: textAt(body, 'id') ?? textAt(body, 'responseId') ?? textAt(body, 'generation_id'),
    model: textAt(body, 'model') ?? textAt(body, 'modelVersion'),
    created: body.created ?? body.created_at ?? body.createTime,
  };
}

/** The answer within an event of a stream, or within what a service puts around it. */
function innerBody(chunk: Json): Json {
  const form = answerFormed(chunk);
  if (form !== chunk) return form;
  const body =
    objectOf(chunk.response) ??
    (chunk.type === 'message_start' ? objectOf(chunk.message) : undefined) ??
    // Cloudflare: {state, result}; Hunyuan: {Response}, with capitals
    (chunk.state === undefined ? undefined : objectOf(chunk.result)) ??
    objectOf(smallNames(chunk.Response)) ??
    chunk;
  // DashScope keeps its choices within its output
  return Array.isArray(at(body, 'output', 'choices'))
    ? { ...body, choices: at(body, 'output', 'choices') }
    : body;
}

function joined(parts: readonly (string | undefined)[]): string | undefined {
  const texts = parts.filter((text) => text !== undefined && text !== '');
  return texts.length === 0 ? undefined : texts.join('');
}

/** The answer's text; several choices are answers to one request, the first one counts. */
function textIn(body: Json): string | undefined {
  const choice = listOf(body.choices)[0] ?? listOf(body.candidates)[0] ?? listOf(body.generations)[0];
  const messages = [
    at(choice, 'message'),
    at(choice, 'content'),
    at(body, 'output', 'message'),
    objectOf(body.message) ?? undefined,
    body.role === 'assistant' || body.type === 'message' ? body : undefined,
    ...listOf(body.output),
  ].map((held) => (objectOf(held) === undefined ? undefined : { role: 'assistant', ...objectOf(held) }));
  const said = joined(turnsOf(messages.filter((held) => held !== undefined)).map(({ text }) => text));
  return (
    said ??
    textAt(choice, 'text') ??
    textAt(body, 'completion') ??
    textAt(body, 'generation') ??
    textAt(body, 'outputText') ??
    textAt(listOf(body.results)[0], 'outputText') ??
    textAt(listOf(body.results)[0], 'generated_text') ??
    textAt(body, 'generated_text') ??
    textAt(listOf(body.outputs)[0], 'text') ??
    textAt(listOf(body.completions)[0], 'data', 'text') ??
    textAt(body, 'text') ??
    textAt(body, 'output_text')
  );
}

function deltaOf(chunk: Json): string | undefined {
  const choice = listOf(chunk.choices)[0];
  return (
    textAt(choice, 'delta', 'content') ??
    textAt(chunk, 'delta', 'text') ??
    // https://docs.cohere.com/v2/docs/streaming, Ollama's generate, Text Generation Inference, llama.cpp's server
    textAt(chunk, 'delta', 'message', 'content', 'text') ??
    textAt(chunk, 'response') ??
    textAt(chunk, 'token', 'text') ??
    (chunk.stop === undefined ? undefined : textAt(chunk, 'content')) ??
    textAt(chunk, 'contentBlockDelta', 'delta', 'text') ??
    (chunk.type === 'response.output_text.delta' ? textAt(chunk, 'delta') : undefined)
  );
}

/** Where a word about the end stands: paths from a body, from its first choice, or from an event of a stream. */
const WORD_PLACES: readonly (readonly string[])[] = [
  ['finish_reason'],
  ['finishReason'],
  ['stop_reason'],
  ['stopReason'],
  ['completionReason'],
  ['done_reason'],
  ['finishReason', 'reason'],
  ['incomplete_details', 'reason'],
  ['delta', 'stop_reason'],
  ['delta', 'finish_reason'],
  ['stop_type'],
  ['messageStop', 'stopReason'],
  ['amazon-bedrock-guardrailAction'],
  ['promptFeedback', 'blockReason'],
  ['generation_info', 'finish_reason'],
  ['details', 'finish_reason'],
];

function endingsOf(body: Json, chunk: Json): Ending[] {
  const choice = [
    body.choices,
    body.candidates,
    body.generations,
    body.results,
    body.outputs,
    body.completions,
  ]
    .map((list) => listOf(list)[0])
    // LangChain keeps a list of generations for each prompt
    .map((first) => (Array.isArray(first) ? first[0] : first))
    .find((held) => objectOf(held) !== undefined);
  const endings: Ending[] = [];
  for (const held of new Set([choice, body, chunk, langChainMetadata(body)]))
    for (const path of WORD_PLACES) {
      const word = textAt(held, ...path);
      const ending = word === undefined || word === 'NONE' ? undefined : endingOf(word);
      if (ending !== undefined) endings.push(ending);
    }
  if (at(body, 'promptFeedback', 'blockReason') !== undefined) endings.push('refused');
  // OpenAI's own words of a refusal, as a field of the message or as a part
  if (
    textAt(choice, 'message', 'refusal') !== undefined ||
    textAt(choice, 'delta', 'refusal') !== undefined ||
    hasRefusalPart(body)
  )
    endings.push('refused');
  const status = textAt(body, 'status');
  if (status !== undefined && endings.length === 0) {
    const ending = endingOf(status);
    if (ending !== undefined) endings.push(ending);
  }
  for (const held of [
    body.error,
    topError(body),
    at(choice, 'error'),
    chunk.type === 'error' ? chunk : undefined,
    errorEvent(chunk),
  ])
    if (held !== undefined && held !== null && held !== '' && held !== false) endings.push(errorEnding(held));
  return endings;
}

/** LangChain's message in a result, also as its constructor is serialised: https://docs.langchain.com/langsmith/log-llm-trace */
function langChainMessage(body: Json): unknown {
  const first = listOf(body.generations)[0];
  const message = at(Array.isArray(first) ? first[0] : first, 'message');
  return at(message, 'kwargs') ?? message;
}

/** What the model's API said beside the message: `finish_reason`, `stop_reason`, `done_reason`. */
function langChainMetadata(body: Json): unknown {
  return at(langChainMessage(body), 'response_metadata');
}

/**
 * A body that is an error itself, code beside message: https://help.aliyun.com/zh/model-studio/error-code (DashScope),
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
 */
function topError(body: Json): Json | undefined {
  const code = textAt(body, 'code') ?? textAt(body, '__type');
  const isError =
    code !== undefined && typeof body.message === 'string' && !/^(?:0|2\d\d|success|ok)$/i.test(code);
  return isError && textIn(body) === undefined ? body : undefined;
}

/** Bedrock's streams carry their errors as members: modelStreamErrorException, throttlingException, ... */
function errorEvent(chunk: Json): unknown {
  const name = Object.keys(chunk).find((key) => /Exception$/.test(key));
  return name === undefined ? undefined : chunk[name];
}

function hasRefusalPart(body: Json): boolean {
  return [
    ...listOf(body.output),
    ...listOf(body.choices)
      .slice(0, 1)
      .map((held) => at(held, 'message')),
  ].some((item) => listOf(at(item, 'content')).some((part) => at(part, 'type') === 'refusal'));
}

/** How an error reads: its code, type or class, and its message (Azure nests the code in innererror). */
export function errorEnding(error: unknown): Ending {
  if (typeof error === 'string') return endingOfError([error.length < 80 ? error : undefined], error);
  const words = [
    ['code'],
    ['type'],
    ['status'],
    ['error_class'],
    ['class'],
    ['innererror', 'code'],
    ['inner_error', 'code'],
    ['error', 'type'],
    ['error', 'code'],
  ].map((path) => textAt(error, ...path));
  // OpenRouter: https://openrouter.ai/docs/api-reference/errors, moderation errors carry what was flagged
  if (at(error, 'metadata', 'flagged_input') !== undefined) return 'refused';
  return endingOfError(
    words,
    textAt(error, 'message') ?? textAt(error, 'error', 'message') ?? textAt(error, 'error'),
  );
}

/**
 * Tokens of the input and of the output by the places where providers count them. Input is all that the model read:
 * Anthropic and Converse count what came from the cache apart, OpenAI and Gemini inside. Output is all that it wrote,
 * thoughts included: Gemini counts them apart, OpenAI inside.
 */
function usageOf(body: Json): { input: number | undefined; output: number | undefined } | undefined {
  const usage =
    // Cohere v2 nests its counts once more: https://docs.cohere.com/reference/chat
    objectOf(at(body, 'usage', 'tokens')) ??
    objectOf(at(body, 'delta', 'usage', 'tokens')) ??
    objectOf(body.usage) ??
    // https://console.groq.com/docs/api-reference: chunks of a stream
    objectOf(at(body, 'x_groq', 'usage')) ??
    // Moonshot's streams: https://platform.moonshot.ai/docs/api/chat
    objectOf(at(listOf(body.choices)[0], 'usage')) ??
    // https://deepinfra.com/docs/inference
    objectOf(body.inference_status) ??
    // LangChain's results
    objectOf(at(body, 'llm_output', 'token_usage')) ??
    objectOf(at(langChainMessage(body), 'usage_metadata')) ??
    objectOf(at(langChainMetadata(body), 'token_usage')) ??
    objectOf(body.usageMetadata) ??
    objectOf(body.usage_metadata) ??
    objectOf(at(body, 'metadata', 'usage')) ??
    objectOf(at(body, 'meta', 'tokens')) ??
    objectOf(at(body, 'meta', 'billed_units')) ??
    objectOf(body['amazon-bedrock-invocationMetrics']) ??
    // Text Generation Inference; watsonx.ai
    objectOf(body.details) ??
    (at(listOf(body.results)[0], 'generated_token_count') === undefined &&
    // KoboldAI: https://lite.koboldai.net/koboldcpp_api
    at(listOf(body.results)[0], 'completion_tokens') === undefined
      ? undefined
      : objectOf(listOf(body.results)[0])) ??
    body;
  return tokensOf(usage);
}

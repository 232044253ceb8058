import { at, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { streamedIn } from './streamed.ts';

/**
 * The ways in which APIs are asked. A service reads the fields of its own API and leaves out what else stands in the body, and so whoever
 * asks may put the fields of another API beside them, with other words. Which of them were read, the answer tells, which the customer
 * does not write.
 */
interface AskedWay {
  readonly name: string;
  /** fields of a request's body that ask in this way; the first one must be there */
  readonly fields: readonly string[];
  /** whether a body asks in this way, where the name of the first field alone does not tell: loggers use it too */
  readonly asks?: (body: Json) => boolean;
  /** what is asked lies deeper, or under a name of its own: body-forms.ts lifts it */
  readonly isLifted?: true;
  /** whether an answer, or an event of a streamed one, is of this way */
  readonly answers: (answer: Json) => boolean;
}

const has = (value: Json, ...names: readonly string[]): boolean => names.some((name) => value[name] != null);
const choice = (answer: Json): unknown => listOf(answer.choices)[0];

const WAYS: readonly AskedWay[] = [
  {
    name: "DashScope, Gemini's Interactions, watsonx, Bedrock's RetrieveAndGenerate",
    fields: ['input'],
    answers: (answer) =>
      Array.isArray(at(answer, 'output', 'choices')) ||
      textAt(answer, 'object') === 'interaction' ||
      at(answer, 'usage', 'total_input_tokens') !== undefined ||
      typeof at(listOf(answer.results)[0], 'generated_text') === 'string' ||
      (typeof at(answer, 'output', 'text') === 'string' && answer.sessionId !== undefined),
  },
  {
    name: 'Responses',
    fields: ['input', 'prompt', 'instructions'],
    answers: (answer) =>
      textAt(answer, 'object') === 'response' || /^response\./.test(textAt(answer, 'type') ?? ''),
  },
  {
    name: 'NLP Cloud’s chatbot',
    fields: ['input', 'history', 'context'],
    answers: (answer) => typeof answer.response === 'string' && Array.isArray(answer.history),
  },
  {
    name: 'Mistral’s Conversations, and the Open Inference Protocol',
    fields: ['inputs', 'instructions'],
    answers: (answer) =>
      /^message\.output$|^tool\.execution$/.test(textAt(listOf(answer.outputs)[0], 'type') ?? '') ||
      textAt(listOf(answer.outputs)[0], 'datatype') !== undefined,
  },
  {
    name: 'Completions',
    fields: ['prompt', 'suffix'],
    answers: (answer) =>
      textAt(answer, 'object') === 'text_completion' ||
      (typeof at(choice(answer), 'text') === 'string' && at(choice(answer), 'message') === undefined) ||
      has(answer, 'completion', 'generation', 'completions', 'generations') ||
      // Ollama's generate, llama.cpp's server
      typeof answer.response === 'string' ||
      (typeof answer.content === 'string' && answer.stop !== undefined) ||
      typeof at(listOf(answer.outputs)[0], 'text') === 'string' ||
      // KoboldAI's server; fal's any-llm
      typeof at(listOf(answer.results)[0], 'text') === 'string' ||
      (typeof answer.output === 'string' && 'partial' in answer),
  },
  {
    name: 'Chat Completions, Anthropic Messages, Converse, Ollama',
    fields: ['messages'],
    answers: (answer) =>
      objectOf(at(choice(answer), 'message')) !== undefined ||
      objectOf(at(choice(answer), 'delta')) !== undefined ||
      /^message(?:_start)?$/.test(textAt(answer, 'type') ?? '') ||
      objectOf(at(answer, 'output', 'message')) !== undefined ||
      objectOf(answer.message) !== undefined,
  },
  { name: 'Gemini', fields: ['contents'], answers: (answer) => has(answer, 'candidates', 'promptFeedback') },
  {
    name: 'Cohere',
    fields: ['message', 'chat_history', 'preamble', 'tool_results'],
    asks: ({ message }) => typeof message === 'string',
    answers: (answer) => has(answer, 'generation_id'),
  },
  {
    name: 'Titan',
    fields: ['inputText'],
    answers: (answer) =>
      typeof at(listOf(answer.results)[0], 'outputText') === 'string' || has(answer, 'outputText'),
  },
  {
    name: 'Text Generation Inference',
    fields: ['inputs'],
    answers: (answer) => has(answer, 'generated_text', 'token'),
  },
  {
    name: 'PaLM',
    fields: ['instances'],
    isLifted: true,
    answers: (answer) => Array.isArray(answer.predictions),
  },
  {
    name: 'iFlytek Spark',
    fields: ['payload', 'parameter'],
    asks: (body) => Array.isArray(at(body, 'payload', 'message', 'text')),
    isLifted: true,
    answers: (answer) => at(answer, 'payload', 'choices') !== undefined,
  },
  {
    name: 'Oracle’s Generative AI',
    fields: ['chatRequest'],
    isLifted: true,
    answers: (answer) => has(answer, 'chatResponse'),
  },
  {
    name: 'Triton',
    fields: ['text_input'],
    isLifted: true,
    answers: (answer) => has(answer, 'text_output'),
  },
  {
    name: 'SAP orchestration',
    fields: ['orchestration_config', 'messages_history'],
    isLifted: true,
    answers: (answer) => has(answer, 'orchestration_result', 'module_results'),
  },
];

/** Fields that ask in ways whose answers tell nothing. */
const OTHERS = ['Messages', 'inputPrompt'];
/** Fields by which bodies ask, of whatever API. */
export const ASKING: readonly string[] = [
  ...new Set(WAYS.flatMap(({ fields }) => fields.slice(0, 1))),
  ...[...OTHERS, 'context', 'promptVariables'],
];

function asksIn({ fields, asks }: AskedWay, body: Json): boolean {
  return asks === undefined ? has(body, ...fields.slice(0, 1)) : asks(body);
}

/** Whether a body asks by fields of its own, and not by what another form of body nests. */
export function asksItself(body: Json): boolean {
  return has(body, ...OTHERS) || WAYS.some((way) => way.isLifted !== true && asksIn(way, body));
}

/** Whether this is a request's body itself, which asks by its own fields or by what its form nests, and no logger's wrapper of one. */
export function isBodyItself(held: Json): boolean {
  return asksItself(held) || WAYS.some((way) => asksIn(way, held));
}

/** The body of a request, which a logger may have wrapped with its address and headers; nothing in a body that asks is taken for one. */
export function bodyOf(logged: unknown): Json | undefined {
  const held = objectOf(logged);
  return held === undefined || isBodyItself(held) ? held : (objectOf(jsonIn(held.body)) ?? held);
}

/** What the first event of an answer is: it tells of which API. */
function firstOf(answer: unknown): Json | undefined {
  const held = typeof answer === 'string' ? streamedIn(answer) : answer;
  const first = Array.isArray(held) ? jsonIn(at(held[0], 'chunk') ?? at(held[0], 'data') ?? held[0]) : held;
  return objectOf(first);
}

/** The way in which a model was asked, as its answer tells; undefined where it does not, or is none of a language model. */
function wayOf(answer: unknown): AskedWay | undefined {
  const first = firstOf(answer);
  return first === undefined ? undefined : WAYS.find(({ answers }) => answers(first));
}

/** Whether an answer is that of a language model, whatever its request says. */
export function isAnswerOfModel(answer: unknown): boolean {
  return wayOf(answer) !== undefined;
}

/** A request's body without what its answer tells that nobody read. */
export function readByModel(body: Json, answer: unknown): Json {
  const way = wayOf(answer);
  const [own] = way?.fields ?? [];
  if (way === undefined || own === undefined || body[own] == null) return body;
  const others = ASKING.filter((name) => name in body && !way.fields.includes(name));
  return others.length === 0
    ? body
    : Object.fromEntries(Object.entries(body).filter(([name]) => !others.includes(name)));
}

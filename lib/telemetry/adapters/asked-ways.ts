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
  /** the name of the first field is one of a parameter of other APIs: there it asks nothing, and here it is read as a prompt */
  readonly isParameter?: true;
  /** whether an answer, or an event of a streamed one, is of this way */
  readonly answers: (answer: Json) => boolean;
}

const has = (value: Json, ...names: readonly string[]): boolean => names.some((name) => value[name] != null);
const choice = (answer: Json): unknown => listOf(answer.choices)[0];

/** A run, or the first event of a streamed one: https://platform.openai.com/docs/api-reference/assistants-streaming/events */
function isOfThread(answer: Json): boolean {
  return /^thread(?:\.run)?$/.test(textAt(answer, 'object') ?? '');
}

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
    // https://docs.sglang.io/basic_usage/sampling_params.html
    name: 'SGLang',
    fields: ['text'],
    asks: (body) => typeof body.text === 'string' && objectOf(body.sampling_params) !== undefined,
    isLifted: true,
    isParameter: true,
    answers: (answer) => objectOf(answer.meta_info) !== undefined,
  },
  {
    // https://replicate.com/docs/reference/http#predictions.create
    name: 'Replicate',
    fields: ['input'],
    answers: (answer) => objectOf(answer.urls) !== undefined && 'output' in answer,
  },
  {
    // https://docs.aws.amazon.com/sagemaker/latest/dg/jumpstart-foundation-models-use.html: Bedrock's answers say counts beside
    name: 'SageMaker JumpStart',
    fields: ['inputs'],
    answers: (answer) =>
      objectOf(answer.generation) !== undefined ||
      (typeof answer.generation === 'string' && answer.generation_token_count === undefined),
  },
  {
    // https://aws.amazon.com/blogs/machine-learning/zero-shot-prompting-for-the-flan-t5-foundation-model-in-amazon-sagemaker-jumpstart/
    name: 'SageMaker JumpStart, its older models',
    fields: ['text_inputs'],
    isLifted: true,
    answers: (answer) => Array.isArray(answer.generated_texts),
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
    // https://platform.openai.com/docs/api-reference/runs/createThreadAndRun
    name: 'Assistants, a thread and its run at once',
    fields: ['thread', 'instructions'],
    asks: (body) =>
      textAt(body, 'assistant_id') !== undefined && Array.isArray(at(body, 'thread', 'messages')),
    isLifted: true,
    answers: isOfThread,
  },
  {
    // https://platform.openai.com/docs/api-reference/runs/createRun: what the thread holds already is not told
    name: 'Assistants, a run of a thread',
    fields: ['additional_messages', 'instructions', 'additional_instructions'],
    asks: (body) => textAt(body, 'assistant_id') !== undefined && Array.isArray(body.additional_messages),
    isLifted: true,
    answers: isOfThread,
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
  ...new Set(WAYS.flatMap(({ fields, isParameter }) => (isParameter === true ? [] : fields.slice(0, 1)))),
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
  const [one] = listOf(held);
  const first = Array.isArray(held) ? jsonIn(at(one, 'chunk') ?? at(one, 'data') ?? one) : held;
  // Hugging Face's pipelines answer a list of each text's answers
  return objectOf(first) ?? objectOf(listOf(first)[0]);
}

/** The ways in which a model may have been asked, as its answer tells; none where it does not, or is none of a language model. */
function waysOf(answer: unknown): readonly AskedWay[] {
  const first = firstOf(answer);
  return first === undefined ? [] : WAYS.filter(({ answers }) => answers(first));
}

/** Whether an answer is that of a language model, whatever its request says. */
export function isAnswerOfModel(answer: unknown): boolean {
  return waysOf(answer).length > 0;
}

/** A request's body without what its answer tells that nobody read. */
export function readByModel(body: Json, answer: unknown): Json {
  const way = waysOf(answer).find(({ fields }) => has(body, ...fields.slice(0, 1)));
  const [own = ''] = way?.fields ?? [];
  if (way === undefined) return body;
  if (way.isParameter === true) return { ...withoutAsking(body, way), [own]: undefined, prompt: body[own] };
  return withoutAsking(body, way);
}

function withoutAsking(body: Json, way: AskedWay): Json {
  // a name in capitals may be taken for the documented one: name-twins.ts
  const others = ASKING.filter(
    (name) => name in body && !way.fields.includes(name) && !way.fields.includes(name.toLowerCase()),
  );
  return others.length === 0
    ? body
    : Object.fromEntries(Object.entries(body).filter(([name]) => !others.includes(name)));
}

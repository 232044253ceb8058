import { type Turn, turnsOf } from '../turns.ts';
import { requestFormed } from './body-forms.ts';
import { promptMessages } from './chat-templates.ts';
import { at, type Json, jsonIn, listOf, numberAt, numberIn, objectOf, smallNames, textAt } from './fields.ts';
import { isItem, roleOf, textOf } from './message-names.ts';
import { twinTexts } from './name-twins.ts';
import { type ReadMessage, withOtherPrompts, withWordless } from './read-message.ts';
import { openInferenceMessage, writtenMessages } from './written-messages.ts';

/** What a request's body asks, whichever API it is of. */
export interface ReadRequest {
  readonly messages: readonly ReadMessage[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly model: string | undefined;
}

/**
 * Reads a request's body: Chat Completions, Responses, Completions, Anthropic Messages and Text Completions, Gemini, Cohere,
 * Ollama, Bedrock's Converse and the bodies of InvokeModel in its user guide. Undefined where none of their fields is there.
 */
export function readRequest(written: Json): ReadRequest | undefined {
  const body = requestFormed(written);
  const read = bodyMessages(body);
  if (read === undefined) return undefined;
  const messages = withSuffix(read, twinTexts(body));
  const last = messages.at(-1);
  if (last !== undefined) withWordless(last, keptElsewhere(body));
  const named = 'Messages' in body ? (objectOf(smallNames({ ...body, Messages: undefined })) ?? body) : body;
  return { messages, params: paramsOf(named), model: modelOf(named) };
}

/**
 * Which conversation or cache that the provider keeps a call goes on from: https://platform.openai.com/docs/guides/conversation-state,
 * https://ai.google.dev/gemini-api/docs/caching. What was asked there nobody has here; another one makes another question.
 */
function keptElsewhere(body: Json): readonly string[] {
  // only fields of the API that was asked: others are not read, and tell nothing
  const held =
    body.input != null
      ? [body.previous_response_id, textAt(body, 'conversation') ?? at(body, 'conversation', 'id')]
      : body.contents != null
        ? [body.cachedContent ?? body.cached_content]
        : [];
  return held.filter((id) => typeof id === 'string' && id !== '') as string[];
}

/** Messages of any source as role and text; results of tools become messages of role `tool`. */
export function readMessages(messages: readonly unknown[]): ReadMessage[] {
  return turnsOf(messages.flatMap(spokenPair).map(plainMessage)).map(
    ({ kind, role, text, wordless = [] }: Turn) =>
      withWordless({ role, content: text }, kind === 'user' ? wordless : []),
  );
}

/** LangChain's messages as pairs of who speaks and what: https://docs.langchain.com/oss/python/langchain/messages */
function spokenPair(held: unknown): unknown {
  const [role, content, ...more] = listOf(held);
  return typeof role === 'string' && SPEAKER.test(role) && typeof content === 'string' && more.length === 0
    ? { role: role === 'human' ? 'user' : role, content }
    : held;
}
const SPEAKER = /^(?:system|developer|user|human|assistant|ai)$/;

/** LangChain's messages: `{type: 'human', content}`, or serialized with their class and `kwargs`. */
const LANGCHAIN = /^(?:human|ai|system|tool|function|chat)$/i;

/** A message whose role and content lie under other names: LangChain's, OpenInference's in exports. */
function plainMessage(held: unknown): unknown {
  const message = objectOf(held);
  // LlamaIndex: https://docs.llamaindex.ai/en/stable/api_reference/prompts/ (ChatMessage.blocks)
  if (typeof message?.role === 'string' && message.content === undefined && Array.isArray(message.blocks))
    return { ...message, content: message.blocks };
  // https://docs.datadoghq.com/llm_observability/instrumentation/api/#message: results beside a text that is empty
  const results = message?.tool_results;
  if (Array.isArray(results) && results.length > 0)
    return { ...message, role: 'tool', content: results.map((toolResult) => ({ toolResult })) };
  if (message === undefined) return held;
  if (typeof message.role === 'string') {
    // https://yandex.cloud/docs/foundation-models/text-generation/api-ref/TextGeneration/completion
    const isText = message.content == null && message.parts === undefined && typeof message.text === 'string';
    return isText ? { ...message, content: message.text } : held;
  }
  const inner = objectOf(message.message);
  if (inner !== undefined && typeof inner.role === 'string') return inner;
  if (typeof message['message.role'] === 'string') return openInferenceMessage(message);
  const kwargs = objectOf(message.kwargs) ?? objectOf(message.data) ?? message;
  const type = textAt(message, 'kwargs', 'type') ?? textAt(message, 'type') ?? className(message);
  const named = /^constructor$/.test(type) ? className(message) : type;
  return LANGCHAIN.test(named) && 'content' in kwargs
    ? { role: named.toLowerCase(), content: kwargs.content }
    : saidBy(message);
}

/** A message that names its speaker otherwise; anything else as it is. */
function saidBy(message: Json): unknown {
  const role = isItem(message) ? undefined : roleOf(message);
  return role === undefined ? message : { role, content: textOf(message) };
}

/** The class of a serialized message, without what all end in. */
function className(message: Json): string {
  const name = listOf(message.id).at(-1);
  return typeof name === 'string' ? name.replace(/Message(?:Chunk)?$/, '') : '';
}

function bodyMessages(body: Json): ReadMessage[] | undefined {
  const messages: ReadMessage[] = [];
  const system =
    body.system ??
    body.instructions ??
    body.systemInstruction ??
    body.system_instruction ??
    body.preamble ??
    body.system_prompt ??
    // the SDKs of Gemini and its Agent Development Kit keep it in the config
    at(body, 'config', 'system_instruction') ??
    at(body, 'config', 'systemInstruction') ??
    at(body, 'input', 'system_prompt');
  if (system !== undefined && system !== null)
    messages.push(
      ...readMessages([{ role: 'system', content: contentOf(system) }]).filter(
        ({ content }) => content !== '',
      ),
    );
  const asked = askedIn(body);
  if (asked === undefined) return undefined;
  return messages.concat(asked);
}

function contentOf(value: unknown): unknown {
  return objectOf(value) === undefined ? value : (at(value, 'parts') ?? at(value, 'content') ?? value);
}

function askedIn(body: Json, depth = 0): ReadMessage[] | undefined {
  const messages = jsonIn(body.messages);
  if (Array.isArray(messages)) return readMessages(messages);
  // a logger wrote them as its program prints them
  if (typeof messages === 'string' && messages !== '') return saidIn(messages);
  if (Array.isArray(body.contents)) return readMessages(body.contents.map(geminiContent));
  if (typeof body.contents === 'string') return [{ role: 'user', content: body.contents }];
  if (objectOf(body.contents) !== undefined) return readMessages([geminiContent(body.contents)]);
  if (typeof body.message === 'string') return cohereMessages(body);
  // DashScope keeps messages and prompt within its input: https://help.aliyun.com/zh/model-studio/qwen-api-reference
  const within = objectOf(body.input);
  if (within !== undefined && depth === 0 && ('messages' in within || 'prompt' in within))
    return askedIn(allAsked(within), depth + 1);
  // https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerateInput.html
  if (typeof within?.text === 'string' && within.role === undefined)
    return [{ role: 'user', content: within.text }];
  if (body.input !== undefined && body.input !== null)
    return inputMessages(body.input).concat(filledIn(body.prompt));
  if (typeof body.inputText === 'string') return saidIn(body.inputText);
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-pegasus.html
  if (typeof body.inputPrompt === 'string') return [{ role: 'user', content: body.inputPrompt }];
  // Text Generation Inference and SageMaker: https://huggingface.co/docs/text-generation-inference
  if (typeof body.inputs === 'string') return saidIn(body.inputs);
  // Mistral's Conversations: https://docs.mistral.ai/api/#tag/beta.conversations
  if (Array.isArray(body.inputs) && body.inputs.some((held) => objectOf(held) !== undefined))
    return inputMessages(body.inputs);
  if (Array.isArray(body.inputs) && body.inputs.length > 0) return listedInputs(body.inputs);
  // Converse with a stored prompt: https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-management-test.html
  if (objectOf(body.promptVariables) !== undefined) return promptOf({ variables: body.promptVariables });
  // Hunyuan begins names with capitals: https://cloud.tencent.com/document/product/1729/105701
  if (Array.isArray(body.Messages)) return readMessages(listOf(smallNames(body.Messages)));
  if (body.prompt === undefined || body.prompt === null) return undefined;
  const suffix = typeof body.suffix === 'string' ? body.suffix : '';
  return [...withSuffix(promptOf(body.prompt), suffix)];
}

/**
 * A list of texts, or of conversations, of which each is a request by itself (SageMaker JumpStart's Llama models): the longest stands for
 * them, so that none hides behind a short one.
 */
function listedInputs(inputs: readonly unknown[]): ReadMessage[] {
  const length = (messages: readonly ReadMessage[]) =>
    messages.reduce((sum, { content }) => sum + content.length, 0);
  const asked = inputs.map((held) => (Array.isArray(held) ? inputMessages(held) : promptOf([held])));
  const most = asked.reduce((held, one) => (length(one) >= length(held) ? one : held), []);
  const others = asked.filter((one) => one !== most).flat();
  return withOtherPrompts(
    most,
    others.map(({ content }) => content),
  );
}

/** Names by which models are asked whose inputs no API defines. */
const TEXTS = ['prompt', 'text', 'question', 'query', 'input', 'inputs', 'message', 'instruction'];
const OTHER_TEXTS = [
  'contents',
  'inputText',
  'text_input',
  'text_inputs',
  'inputPrompt',
  'Messages',
  'promptVariables',
];

/**
 * An input that each model defines for itself (https://replicate.com/docs/reference/http#predictions.create), where nothing tells which of
 * its fields the model reads: all texts that may ask are one prompt, behind the messages where there are any.
 */
export function allAsked(input: Json): Json {
  const texts = TEXTS.map((name) => input[name]).filter((held) => typeof held === 'string' && held !== '');
  const rest = Object.fromEntries(
    Object.entries(input).filter(([name]) => !TEXTS.includes(name) && !OTHER_TEXTS.includes(name)),
  );
  const messages = jsonIn(input.messages);
  if (Array.isArray(messages))
    return { ...rest, messages: withSuffix(readMessages(messages), texts.join('\n')) };
  return texts.length === 0 ? input : { ...rest, messages: undefined, prompt: texts.join('\n') };
}

/** What fills a stored prompt of Responses beside an input: https://platform.openai.com/docs/guides/prompting */
function filledIn(prompt: unknown): ReadMessage[] {
  const variables = Object.values(objectOf(at(prompt, 'variables')) ?? {});
  return variables.length === 0 ? [] : readMessages([{ role: 'attachment', content: variables }]);
}

/** Messages with what stands behind the gap that is to be filled: it is asked too. */
function withSuffix(messages: readonly ReadMessage[], suffix: string): readonly ReadMessage[] {
  if (suffix === '') return messages;
  const last = messages.findLastIndex(({ role }) => role === 'user');
  return messages.map((message, at) =>
    at === last ? { ...message, content: `${message.content}\n${suffix}` } : message,
  );
}

function geminiContent(content: unknown): unknown {
  if (typeof content === 'string') return { role: 'user', content };
  const held = objectOf(content);
  if (held === undefined) return content;
  // its API knows no `content`: a customer may put one beside
  return { role: 'user', ...held, ...(Array.isArray(held.parts) ? { content: held.parts } : {}) };
}

/** https://docs.cohere.com/v1/reference/chat: the question stands apart from the history. */
function cohereMessages(body: Json): ReadMessage[] {
  const history = listOf(body.chat_history ?? body.chatHistory).map((held) => ({
    role: textAt(held, 'role') ?? 'other',
    content: textAt(held, 'message') ?? textAt(held, 'text') ?? at(held, 'content') ?? '',
  }));
  const results = listOf(body.tool_results).map((result) => ({
    role: 'tool',
    content: [{ toolResult: at(result, 'outputs') }],
  }));
  return readMessages([...history, { role: 'user', content: body.message }, ...results]);
}

/** `input` of Responses (text or items) and of the chat servers that imitate it. */
function inputMessages(input: unknown): ReadMessage[] {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const items = Array.isArray(input) ? input : [input];
  if (items.every((item) => typeof item === 'string')) return promptOf(items);
  return readMessages(
    items.map((item) => (typeof item === 'string' ? { role: 'user', content: item } : item)),
  );
}

/** What one text asks: a conversation in a model's template, or as a program prints it; any other text is one request. */
export function saidIn(text: string): ReadMessage[] {
  const written = writtenMessages(text);
  return written === undefined ? promptMessages(text) : readMessages(written);
}

/**
 * A prompt of Completions: a text; several, of which each is a request by itself, and the longest stands for them beside the others, so that none hides behind it or a short one;
 * token ids, whose text nobody has here; or a stored prompt of Responses, of which its variables are what was asked.
 */
function promptOf(prompt: unknown): ReadMessage[] {
  if (typeof prompt === 'string') return saidIn(prompt);
  if (Array.isArray(prompt)) {
    // https://docs.aleph-alpha.com/api/complete/ : items of {type: 'text', data}
    const items = prompt.filter((held) => objectOf(held) !== undefined);
    const said = items.map((held) => textAt(held, 'text') ?? textAt(held, 'data') ?? textAt(held, 'content'));
    if (items.some((held) => textAt(held, 'role') !== undefined)) return readMessages(items);
    if (said.some((text) => text !== undefined))
      return saidIn(said.filter((text) => text !== undefined).join('\n'));
    const texts = prompt.filter((held) => typeof held === 'string');
    const most = texts.reduce(
      (held, { length }, at) => (length >= (texts[held]?.length ?? 0) ? at : held),
      0,
    );
    return withOtherPrompts(saidIn(texts[most] ?? ''), texts.toSpliced(most, 1));
  }
  const variables = Object.values(objectOf(at(prompt, 'variables')) ?? {});
  return readMessages([{ role: 'user', content: variables }]).concat(
    variables.length === 0 ? [{ role: 'user', content: '' }] : [],
  );
}

/** The places of a sampling parameter, by its name in an exchange; the first that holds a value counts. */
export const PARAM_PLACES: Readonly<Record<string, readonly string[]>> = {
  temperature: ['temperature'],
  topP: ['top_p', 'topP', 'p'],
  maxTokens: [
    'max_completion_tokens',
    'max_tokens',
    'max_output_tokens',
    'maxOutputTokens',
    'maxTokens',
    'max_new_tokens',
    'max_gen_len',
    'maxTokenCount',
    'max_tokens_to_sample',
    'num_predict',
    // llama.cpp's server: https://github.com/ggml-org/llama.cpp/tree/master/tools/server
    'n_predict',
    'maxCompletionTokens',
    'maximumLength',
    'maximum_tokens',
    'tokens_to_generate',
  ],
  n: ['n', 'candidateCount', 'candidate_count', 'numResults', 'num_generations', 'num_return_sequences'],
  seed: ['seed'],
};

/** Where providers nest parameters: Gemini, Converse, Titan, Ollama, Vercel's call settings. */
const PARAM_HOLDERS = [
  'inferenceConfig',
  'generationConfig',
  'generation_config',
  'textGenerationConfig',
  'options',
  'parameters',
  'config',
  // Mistral's conversations, vLLM, Haystack, Bedrock's agents, LangChain and others
  ...['completionOptions', 'generation_args', 'settings'],
  ...['completion_args', 'sampling_params', 'samplingParams', 'generation_kwargs', 'inferenceConfiguration'],
  ...['kwargs', 'model_kwargs', 'modelKwargs', 'model_parameters', 'modelParameters', 'invocation_params'],
] as const;

/** Sampling parameters of a request's body in the names of an exchange. */
export function paramsOf(body: unknown): Record<string, unknown> {
  const holders = [body, ...PARAM_HOLDERS.map((name) => at(body, name))].filter(
    (held) => objectOf(held) !== undefined,
  );
  const params: Record<string, unknown> = {};
  for (const [name, places] of Object.entries(PARAM_PLACES))
    params[name] = holders
      .flatMap((held) => places.map((place) => numberIn(at(held, place))))
      .find((value) => value !== undefined);
  params.logprobs = holders.map(logprobsOf).find((value) => value !== undefined);
  params.responseFormat = holders.map(formatOf).find((value) => value !== undefined && value !== null);
  return params;
}

function logprobsOf(held: unknown): unknown {
  const value = at(held, 'logprobs') ?? at(held, 'responseLogprobs');
  return numberAt(held, 'top_logprobs') ?? (typeof value === 'boolean' ? value : numberIn(value));
}

function formatOf(held: unknown): unknown {
  const type = textAt(held, 'responseMimeType') ?? textAt(held, 'response_mime_type');
  return (
    at(held, 'response_format') ??
    at(held, 'text', 'format') ??
    at(held, 'format') ??
    (type !== undefined && type !== 'text/plain' ? type : undefined)
  );
}

function modelOf(body: Json): string | undefined {
  return (
    textAt(body, 'model') ??
    textAt(body, 'modelId') ??
    textAt(body, 'model_id') ??
    textAt(body, 'modelUri') ??
    modelByArn(body)
  );
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_RetrieveAndGenerate.html */
function modelByArn(body: Json): string | undefined {
  const told = objectOf(body.retrieveAndGenerateConfiguration);
  const arn = ['knowledgeBaseConfiguration', 'externalSourcesConfiguration']
    .map((name) => textAt(told, name, 'modelArn'))
    .find((held) => held !== undefined);
  return arn?.slice(arn.lastIndexOf('/') + 1);
}

import { kindOf, type Reason } from '../reason.ts';
import { isAsked } from '../turns.ts';
import { readByModel } from './asked-ways.ts';
import { joinedMessages } from './chat-templates.ts';
import { at, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { isCutJson, partsIn } from './json-texts.ts';
import type { Attributes, OtlpEntry } from './otlp.ts';
import type { ReadMessage } from './read-message.ts';
import { readMessages, readRequest, saidIn } from './request.ts';
import { writtenMessages } from './written-messages.ts';

/**
 * Where instrumentations put the messages of a call. Each reader takes what it knows and leaves the rest; the first one that
 * finds something counts.
 */
const READERS: readonly ((entry: OtlpEntry) => readonly ReadMessage[])[] = [
  conventionMessages,
  eventMessages,
  indexedMessages,
  openInferenceMessages,
  bodyMessages,
];

/** The messages of a span or of a details event; empty where none were captured. */
export function otelMessages(entry: OtlpEntry): readonly ReadMessage[] {
  for (const reader of READERS) {
    const messages = reader(entry);
    if (messages.length > 0) return messages;
  }
  return [];
}

/** The log event, or span event, that carries a whole call (semantic conventions 1.37 and later). */
export const DETAILS = 'gen_ai.client.inference.operation.details';

/** https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ : input.messages and system_instructions, here or in a details event */
function conventionMessages({ attributes, events }: OtlpEntry): readonly ReadMessage[] {
  const holders = [
    attributes,
    ...events.filter(({ name }) => name === DETAILS).map((event) => event.attributes),
  ];
  const first = (name: string) =>
    holders.map((held) => whole(held[name])).find((held) => held !== undefined && held !== null);
  const input = first('gen_ai.input.messages');
  if (input === undefined) return [];
  const instructions = first('gen_ai.system_instructions');
  const system = instructions === undefined ? [] : [{ role: 'system', content: partsIn(instructions) }];
  const asked = typeof input === 'string' ? saidIn(input) : listOf(input);
  const messages = askedIn((parts) => readMessages(asked.map((held) => message(held, parts))));
  // some tell the instructions twice: as a message, and by themselves
  const instructed = readMessages(system).filter(
    ({ content }) => !messages.some((held) => held.role === 'system' && held.content === content),
  );
  return [...instructed, ...messages];
}

/** How a text is read that may be the JSON of parts. */
type ReadParts = (value: unknown) => unknown;

export const quoted: ReadParts = (value) => value;

/**
 * Messages whose texts may be the JSON of parts. Where nobody asks in what is read so, the texts are quoted: a customer may write his question
 * as the JSON of a tool's result.
 */
function askedIn<Message>(read: (parts: ReadParts) => readonly Message[]): readonly Message[] {
  const messages = read(partsIn);
  return isAsked(messages) ? messages : read(quoted);
}

/** The value of an attribute; undefined where it is JSON that was cut off. */
function whole(value: unknown): unknown {
  const held = jsonIn(value);
  if (typeof held !== 'string') return held;
  // some set an attribute to what their language prints of the list
  return writtenMessages(held) ?? (isCutJson(held) ? undefined : held);
}

/** Why nothing is known of what a call asked: its messages were not captured, or an exporter cut them. */
export function whyNoMessages({ attributes, events }: OtlpEntry): Reason {
  for (const held of [attributes, ...events.map((event) => event.attributes)])
    for (const name of ['gen_ai.input.messages', ...BODIES, 'gen_ai.event.content']) {
      const value = held[name];
      if (typeof value === 'string' && isCutJson(value))
        return { field: name, value: kindOf(value), message: CUT };
    }
  return { field: 'gen_ai.input.messages', value: 'nothing', message: NO_MESSAGES };
}

const NO_MESSAGES = 'no messages: switch on message capture in the instrumentation';
const CUT =
  'JSON that was cut off before its end: raise OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, and what the exporter or the store limits';

/** A message whose content or parts may be the JSON text of parts (CrewAI, OpenLLMetry, Strands). */
function message(held: unknown, read: ReadParts): unknown {
  if (typeof held === 'string') return { role: 'user', content: held };
  const parts = at(held, 'parts');
  if (Array.isArray(parts))
    return { role: textAt(held, 'role') ?? 'user', content: parts.flatMap((one) => part(one, read)) };
  const content = read(at(held, 'content') ?? at(held, 'text') ?? null);
  return { role: textAt(held, 'role') ?? textAt(held, 'type') ?? 'user', content };
}

function part(held: unknown, read: ReadParts): unknown {
  const content = read(at(held, 'content'));
  return Array.isArray(content) && at(held, 'type') === 'text' ? content : held;
}

const MESSAGE_FIELDS = ['content', 'parts', 'role', 'tool_calls', 'id'];
const MESSAGE_EVENT = /^gen_ai\.(system|user|assistant|tool)\.message$/;

/** Span events of the conventions before 1.37, and of those that write the whole prompt into one event. */
function eventMessages({ events }: OtlpEntry): readonly ReadMessage[] {
  return askedIn((parts) =>
    readMessages(events.flatMap(({ name, attributes }) => messageOfEvent(name, attributes, parts))),
  );
}

/** The message of an event, as span event or as log: its role in its name, its content in its attributes or body. */
export function messageOfEvent(name: string, facts: unknown, parts: ReadParts = partsIn): unknown[] {
  const role = MESSAGE_EVENT.exec(name)?.[1];
  if (role !== undefined) {
    const written = at(facts, 'gen_ai.event.content');
    const body = whole(written);
    const held = objectOf(body) ?? objectOf(facts) ?? {};
    // JSON of none of a message's fields is what somebody said
    const text = MESSAGE_FIELDS.some((field) => field in held) ? body : (written ?? facts);
    const said = held.content ?? (typeof text === 'string' && !isCutJson(text) ? text : null);
    // Google's SDK writes a content object: {parts, role}
    const content = parts(at(said, 'parts') ?? said);
    return [{ role: typeof held.role === 'string' && held.role !== '' ? held.role : role, content }];
  }
  if (name !== 'gen_ai.content.prompt') return [];
  const prompt = whole(at(facts, 'gen_ai.prompt') ?? at(facts, 'gen_ai.event.content'));
  if (typeof prompt === 'string') return joinedMessages(prompt);
  return listOf(at(prompt, 'messages') ?? prompt).map((held) => message(held, parts));
}

/**
 * What Spring AI logs of a prompt, within the span of its call: the texts of all messages in quotation marks, which are not escaped, so that
 * nobody can tell where one ends. They are one text, in which nothing is hidden
 * (https://docs.spring.io/spring-ai/reference/observability/index.html, spring.ai.chat.observations.log-prompt).
 */
const SPRING = 'Chat Model Prompt Content:\n';

/**
 * Of a log record's body: what Spring AI logs, and what the distribution of AWS writes into one record: `{input: {messages}, output: {messages}}`, each content an object
 * (https://github.com/aws-observability/aws-otel-python-instrumentation). Undefined for any other body.
 */
export function bodyTold(body: unknown): { messages: readonly unknown[]; word: string } | undefined {
  if (typeof body === 'string' && body.startsWith(SPRING)) {
    const content = body.slice(SPRING.length).replace(/^\["|"\]\s*$/g, '');
    return { messages: content === '[]' ? [] : [{ role: 'user', content }], word: '' };
  }
  const input = at(body, 'input', 'messages');
  if (!Array.isArray(input)) return undefined;
  const messages = askedIn((parts) =>
    input.map((held) => {
      const content = at(held, 'content', 'content') ?? at(held, 'content', 'message') ?? at(held, 'content');
      return message({ role: at(held, 'role'), content }, parts);
    }),
  );
  const answer = listOf(at(body, 'output', 'messages'))[0];
  return { messages, word: textAt(answer, 'content', 'finish_reason') ?? '' };
}

/** OpenLLMetry: https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions, gen_ai.prompt.N.role|content */
function indexedMessages(entry: OtlpEntry): readonly ReadMessage[] {
  return askedIn((parts) => indexedBy(entry, parts));
}

function indexedBy({ attributes }: OtlpEntry, parts: ReadParts): readonly ReadMessage[] {
  const messages: unknown[] = [];
  for (let i = 0; ; i++) {
    const held = at({ attributes }, 'attributes');
    // llm.prompts before 0.10
    const role = at(held, `gen_ai.prompt.${i}.role`) ?? at(held, `llm.prompts.${i}.role`);
    const content = at(held, `gen_ai.prompt.${i}.content`) ?? at(held, `llm.prompts.${i}.content`);
    if (role === undefined && content === undefined) break;
    messages.push({
      role: namedRole(role, at(held, `gen_ai.prompt.${i}.tool_call_id`)),
      content: parts(content),
    });
  }
  return readMessages(messages);
}

/** A message that answers a call of a tool is the tool's, whatever role it has (Anthropic's and Bedrock's is the user's). */
function namedRole(role: unknown, toolCall: unknown): string {
  if (typeof toolCall === 'string' && toolCall !== '') return 'tool';
  return typeof role === 'string' && role !== '' ? role : 'user';
}

/** OpenInference: https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md */
function openInferenceMessages({ attributes }: OtlpEntry): readonly ReadMessage[] {
  const messages: unknown[] = [];
  for (let i = 0; ; i++) {
    const prefix = `llm.input_messages.${i}.message.`;
    const role = attributes[`${prefix}role`];
    const parts: unknown[] = [];
    for (let p = 0; ; p++) {
      const type = attributes[`${prefix}contents.${p}.message_content.type`];
      const text = attributes[`${prefix}contents.${p}.message_content.text`];
      if (type === undefined && text === undefined) break;
      if (typeof text === 'string') parts.push({ type: 'text', text });
    }
    const content = attributes[`${prefix}content`];
    if (role === undefined && content === undefined && parts.length === 0) break;
    messages.push({
      role: namedRole(role, attributes[`${prefix}tool_call_id`]),
      content: parts.length > 0 ? parts : (partsIn(content) ?? ''),
    });
  }
  const numbered = readMessages(messages);
  // the body says more where a provider keeps its system prompt and results of tools apart (Anthropic, Bedrock)
  const body = objectOf(jsonIn(attributes['input.value'])) ?? {};
  const whole = readRequest(readByModel(body, jsonIn(attributes['output.value'])))?.messages ?? [];
  if (whole.length > 0 && whole.length >= numbered.length && whole.some(({ content }) => content !== ''))
    return whole;
  if (numbered.length > 0) return numbered;
  const prompts = attributes['llm.prompts.0.prompt.text'] ?? jsonIn(attributes['llm.prompts']);
  const last = Array.isArray(prompts) ? prompts.at(-1) : prompts;
  return typeof last === 'string' ? [{ role: 'user', content: last }] : [];
}

/**
 * Attributes that hold a request's body or its messages as JSON: Vercel AI SDK (https://ai-sdk.dev/docs/ai-sdk-core/telemetry),
 * Google ADK, Logfire (https://logfire.pydantic.dev/docs/integrations/llms/), pydantic-ai, Langfuse
 * (https://langfuse.com/integrations/native/opentelemetry), MLflow, LangSmith, OpenInference's input.value.
 */
const BODIES = [
  'ai.prompt.messages',
  'ai.prompt',
  'gcp.vertex.agent.llm_request',
  'request_data',
  'genkit:input',
  'all_messages_events',
  'pydantic_ai.all_messages',
  'events',
  'langfuse.observation.input',
  'gen_ai.prompt',
  'gen_ai.prompt_json',
  'mlflow.spanInputs',
  'braintrust.input_json',
  'llm.request.messages',
  'gen_ai.request.messages',
  // https://agentgateway.dev/docs/standalone/latest/reference/cel/ (llm.prompt)
  'llm.prompt',
  'input.value',
] as const;

/** Of these the ones that hold what somebody said, where they hold no body. */
const PLAIN: ReadonlySet<string> = new Set(['gen_ai.prompt', 'langfuse.observation.input', 'input.value']);

function bodyMessages({ attributes }: OtlpEntry): readonly ReadMessage[] {
  const readable = bodyOf(attributes);
  if (readable.length > 0) return readable;
  const said = BODIES.filter((name) => PLAIN.has(name))
    .map((name) => attributes[name])
    .find((held) => typeof held === 'string' && held !== '' && held !== 'null' && !isCutJson(held));
  return typeof said === 'string' ? saidIn(said) : [];
}

function bodyOf(attributes: Attributes): readonly ReadMessage[] {
  for (const name of BODIES) {
    const held = bodyIn(attributes, name);
    if (held === undefined) continue;
    if (typeof held === 'string') return [{ role: 'user', content: held }];
    if (Array.isArray(held)) {
      const messages = askedIn((parts) => {
        const events = held.flatMap((event) =>
          messageOfEvent(textAt(event, 'event.name') ?? '', event, parts),
        );
        return readMessages(events.length > 0 ? events : held.map((one) => message(one, parts)));
      });
      if (messages.length > 0) return messages;
      continue;
    }
    const body = objectOf(held) ?? {};
    const asked = readRequest(body);
    if (asked !== undefined && asked.messages.length > 0) return asked.messages;
  }
  return [];
}

function bodyIn(attributes: Attributes, name: string): unknown {
  const held = whole(attributes[name]);
  return held === null || held === '' ? undefined : held;
}

/** The request's body that a span holds, for its parameters. */
export function otelBody(attributes: Attributes): unknown {
  return [
    jsonIn(attributes['llm.invocation_parameters']),
    jsonIn(attributes['gcp.vertex.agent.llm_request']),
    jsonIn(attributes.request_data),
    jsonIn(attributes['genkit:input']),
    jsonIn(attributes['langfuse.observation.model.parameters']),
    jsonIn(attributes['mlflow.spanInputs']),
    jsonIn(attributes['braintrust.metadata']),
    jsonIn(attributes['gen_ai.prompt_json']),
    jsonIn(attributes['gen_ai.prompt']),
  ].find((held) => objectOf(held) !== undefined);
}

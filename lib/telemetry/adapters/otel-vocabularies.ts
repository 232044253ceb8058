import { at, type Json, jsonIn, objectOf } from './fields.ts';
import { haystackSpelt } from './otel-haystack.ts';
import type { Attributes } from './otlp.ts';
import { readRequest } from './request.ts';

/** Attributes of vocabularies that nobody reads, which hold the whole body of a call: `tfy.input`, `acme.llm.request_body`. */
const REQUESTS = /[._](?:input|request|prompt|messages|request_?body|input_?messages|req|payload)$/i;
const ANSWERS = /[._](?:output|response|completion|response_?body|output_?messages|resp?|result)$/i;
const MODELS = /[._]model(?:[._]?(?:name|id))?$/i;
/** What instrumentations that are read write of agents, chains and tools: these hold conversations and are no calls. */
const KNOWN =
  /^(?:gen_ai\.(?:operation|prompt|input|agent|tool)|llm\.|openinference|ai\.|traceloop|langfuse|langsmith|mlflow|braintrust|lmnr|gcp\.|genkit|haystack|input\.|output\.|events$|request_data|fi\.|dd\.|honeyhive)/;

/** A span's attributes in the words of the conventions, where it is of a vocabulary of its own; others as they are. */
export function spelt(attributes: Attributes): Attributes {
  const known = haystackSpelt(attributes);
  if (known !== attributes) return known;
  const names = Object.keys(attributes);
  if (names.some((name) => KNOWN.test(name))) return attributes;
  const body = names.filter((name) => REQUESTS.test(name)).map((name) => bodyIn(attributes[name]));
  const request = body.find((held) => held !== undefined);
  if (request === undefined) return attributes;
  const named = names.find((name) => MODELS.test(name));
  const model = at(request, 'model') ?? (named === undefined ? undefined : attributes[named]);
  if (typeof model !== 'string') return attributes;
  const answer = names.find((name) => ANSWERS.test(name) && objectOf(jsonIn(attributes[name])) !== undefined);
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': model,
    'input.value': JSON.stringify(request),
    'llm.invocation_parameters': JSON.stringify({ ...request, messages: undefined }),
    ...(answer === undefined ? {} : { 'output.value': attributes[answer] }),
    ...attributes,
  };
}

/** A body with messages; a list of messages as the body that holds them. */
function bodyIn(held: unknown): Json | undefined {
  const value = typeof held === 'string' && /^\s{0,64}[[{]/.test(held) ? jsonIn(held) : held;
  const body = Array.isArray(value) ? { messages: value } : objectOf(value);
  const asked = body === undefined ? undefined : readRequest(body);
  return asked?.messages.some(({ role, content }) => role === 'user' && content !== '') === true
    ? body
    : undefined;
}

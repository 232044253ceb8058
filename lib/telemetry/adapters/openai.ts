import type { Exchange } from '../exchange.ts';
import { printable } from '../reason.ts';
import { ADAPTER_DEFAULTS, type Adapted, type Adapter, type Found, refused, single } from './adapter.ts';
import { at, headersOf, isoFrom, jsonIn, listOf, numberAt, objectOf, textAt } from './fields.ts';

/**
 * OpenAI-compatible pairs as proxies log them: `{request, response}` with the bodies themselves or
 * `{headers, body}`, of Chat Completions or of Responses. Who asked stands beside the bodies:
 * `account`, `time`, `ip` (or `client_ip`), `asn`, `tls`, `customer`; else `request.user` and the headers are taken.
 */
export const fromOpenAi: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const request =
    objectOf(at(json, 'request', 'body')) ??
    objectOf(jsonIn(at(json, 'request', 'body'))) ??
    objectOf(at(json, 'request'));
  if (request === undefined) return refused('request', printable(at(json, 'request')), 'no request body');
  const response =
    objectOf(at(json, 'response', 'body')) ??
    objectOf(jsonIn(at(json, 'response', 'body'))) ??
    objectOf(at(json, 'response')) ??
    {};
  const headers = headersOf(at(json, 'request', 'headers') ?? at(json, 'headers'));
  const messages = messagesOf(request);
  if (messages.length === 0 && 'input' in request === false && 'messages' in request === false)
    return { exchanges: [], reasons: [], skipped: 1 };
  const status = numberAt(json, 'response', 'status') ?? numberAt(json, 'status');
  const found: Found = {
    id: textAt(json, 'id') ?? textAt(response, 'id') ?? headers['x-request-id'],
    time:
      textAt(json, 'time') ??
      isoFrom(at(json, 'timestamp')) ??
      isoFrom(at(response, 'created')) ??
      isoFrom(at(response, 'created_at')),
    account:
      textAt(json, 'account') ??
      textAt(json, 'customer', 'id') ??
      headers['openai-organization'] ??
      textAt(request, 'user') ??
      textAt(request, 'safety_identifier'),
    model: textAt(request, 'model') ?? textAt(response, 'model'),
    messages,
    completion: completionOf(response),
    inputTokens: numberAt(response, 'usage', 'prompt_tokens') ?? numberAt(response, 'usage', 'input_tokens'),
    outputTokens:
      numberAt(response, 'usage', 'completion_tokens') ?? numberAt(response, 'usage', 'output_tokens'),
    params: paramsOf(request),
    outcome: outcomeOf(response, status),
    ip: textAt(json, 'ip') ?? textAt(json, 'client_ip') ?? headers['x-forwarded-for'],
    asn: numberAt(json, 'asn'),
    tls: textAt(json, 'tls') ?? headers['x-ja4'],
    userAgent: textAt(json, 'user_agent') ?? headers['user-agent'],
    credential: textAt(json, 'credential') ?? headers.authorization,
    plan: textAt(json, 'customer', 'plan'),
    product: textAt(json, 'customer', 'product'),
    createdAt: textAt(json, 'customer', 'createdAt') ?? isoFrom(at(json, 'customer', 'created_at')),
    payment: textAt(json, 'customer', 'payment'),
  };
  return single(found, defaults);
};

/** Sampling parameters of an OpenAI-compatible request in the names of an exchange. */
export function paramsOf(request: unknown): Record<string, unknown> {
  return {
    temperature: numberAt(request, 'temperature'),
    topP: numberAt(request, 'top_p'),
    maxTokens:
      numberAt(request, 'max_completion_tokens') ??
      numberAt(request, 'max_tokens') ??
      numberAt(request, 'max_output_tokens'),
    n: numberAt(request, 'n'),
    logprobs:
      numberAt(request, 'top_logprobs') ??
      (typeof at(request, 'logprobs') === 'boolean'
        ? at(request, 'logprobs')
        : numberAt(request, 'logprobs')),
    seed: numberAt(request, 'seed'),
    responseFormat: at(request, 'response_format') ?? at(request, 'text', 'format'),
  };
}

/** Messages of Chat Completions, or of a Responses request: `instructions` and `input` as text or items. */
export function messagesOf(request: unknown): Found['messages'] {
  const messages: Found['messages'] = [];
  const instructions = textAt(request, 'instructions');
  if (instructions !== undefined) messages.push({ role: 'system', content: instructions });
  const input = at(request, 'messages') ?? at(request, 'input') ?? at(request, 'prompt');
  if (typeof input === 'string') messages.push({ role: 'user', content: input });
  for (const item of listOf(input)) {
    if (typeof item === 'string') messages.push({ role: 'user', content: item });
    const role = textAt(item, 'role');
    if (role !== undefined) messages.push({ role, content: at(item, 'content') ?? null });
  }
  return messages;
}

/** The answer's text from Chat Completions choices or Responses output. */
export function completionOf(response: unknown): string | undefined {
  const chat = listOf(at(response, 'choices'))[0];
  const content = textAt(chat, 'message', 'content') ?? textAt(chat, 'text');
  if (content !== undefined) return content;
  const texts = listOf(at(response, 'output')).flatMap((item) =>
    listOf(at(item, 'content')).map((part) => textAt(part, 'text')),
  );
  const joined = texts.filter((text) => text !== undefined).join('\n');
  return joined === '' ? undefined : joined;
}

/** How a response ended, in the words of an exchange. */
export function outcomeOf(response: unknown, status?: number): Exchange['outcome'] {
  const choice = listOf(at(response, 'choices'))[0];
  const reason = textAt(choice, 'finish_reason') ?? textAt(response, 'incomplete_details', 'reason');
  if (reason === 'content_filter' || textAt(choice, 'message', 'refusal') !== undefined) return 'refused';
  if (objectOf(at(response, 'error')) !== undefined || (status !== undefined && status >= 400))
    return 'error';
  if (reason === 'length' || reason === 'max_output_tokens') return 'truncated';
  return 'ok';
}

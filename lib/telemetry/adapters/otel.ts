import type { Exchange } from '../exchange.ts';
import { printable, type Reason } from '../reason.ts';
import {
  ADAPTER_DEFAULTS,
  type Adapted,
  type Adapter,
  type AdapterDefaults,
  type Found,
  finish,
  refused,
} from './adapter.ts';
import { at, isoFromMilliseconds, jsonIn, listOf, numberAt, objectOf, textAt } from './fields.ts';

/**
 * OpenTelemetry GenAI in OTLP/JSON, as the collector's file exporter writes it: one export request a line.
 * Messages are read from the attributes `gen_ai.input.messages` and `gen_ai.system_instructions` (conventions since
 * 1.37), from span events `gen_ai.{system,user,assistant,tool}.message` and `gen_ai.content.prompt` (before), from
 * indexed attributes `gen_ai.prompt.N.role|content` (OpenLLMetry), and from the log event
 * `gen_ai.client.inference.operation.details`. Message capture has to be switched on in the instrumentation.
 *
 * The account is the attribute `siphonwatch.account`, `enduser.id`, `user.id` or `enduser.pseudo.id`, of the span or
 * its resource; `siphonwatch.plan|product|created_at|payment|credential|asn|tls` fill in the rest.
 */
export const fromOtel: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const spans = listOf(at(json, 'resourceSpans'));
  const logs = listOf(at(json, 'resourceLogs'));
  if (spans.length === 0 && logs.length === 0)
    return refused(
      'resourceSpans',
      printable(at(json, 'resourceSpans')),
      'not an OTLP/JSON export of spans or logs',
    );
  const exchanges: Exchange[] = [];
  const reasons: Reason[] = [];
  let skipped = 0;
  for (const [resource, entry] of [
    ...entriesOf(spans, 'scopeSpans', 'spans'),
    ...entriesOf(logs, 'scopeLogs', 'logRecords'),
  ]) {
    const done = exchangeOf(entry, resource, defaults);
    if (done === undefined) skipped++;
    else if ('exchange' in done) exchanges.push(done.exchange);
    else reasons.push(done.reason);
  }
  return { exchanges, reasons, skipped };
};

type Attributes = Readonly<Record<string, unknown>>;

function* entriesOf(
  groups: readonly unknown[],
  scopes: string,
  entries: string,
): Generator<[Attributes, unknown]> {
  for (const group of groups) {
    const resource = attributesOf(at(group, 'resource', 'attributes'));
    for (const scope of listOf(at(group, scopes)))
      for (const entry of listOf(at(scope, entries))) yield [resource, entry];
  }
}

const MODEL_CALLS = new Set(['chat', 'text_completion', 'generate_content', 'completion', 'responses']);
const DETAILS = 'gen_ai.client.inference.operation.details';

function exchangeOf(
  entry: unknown,
  resource: Attributes,
  defaults: AdapterDefaults,
): { exchange: Exchange } | { reason: Reason } | undefined {
  const attributes = attributesOf(at(entry, 'attributes'));
  const isLog = at(entry, 'spanId') !== undefined && at(entry, 'startTimeUnixNano') === undefined;
  if (isLog && textAt(entry, 'eventName') !== DETAILS && attributes['event.name'] !== DETAILS)
    return undefined;
  const operation = textOf(attributes['gen_ai.operation.name']);
  const model = textOf(attributes['gen_ai.request.model']) ?? textOf(attributes['gen_ai.response.model']);
  if (model === undefined || (operation !== undefined && !MODEL_CALLS.has(operation))) return undefined;
  const fact = (...names: string[]) => {
    for (const name of names) {
      const text = textOf(attributes[name]) ?? textOf(resource[name]);
      if (text !== undefined) return text;
    }
    return undefined;
  };
  const messages = messagesOf(attributes, entry);
  if (messages.length === 0)
    return {
      reason: {
        field: 'gen_ai.input.messages',
        value: 'nothing',
        message: 'no messages: switch on message capture in the instrumentation',
      },
    };
  const time = nanoTime(at(entry, 'startTimeUnixNano') ?? at(entry, 'timeUnixNano'));
  const asn = fact('siphonwatch.asn');
  const found: Found = {
    id: fact('gen_ai.response.id') ?? `${textAt(entry, 'traceId') ?? ''}-${textAt(entry, 'spanId') ?? ''}`,
    time,
    account: fact('siphonwatch.account', 'enduser.id', 'user.id', 'enduser.pseudo.id'),
    model,
    messages,
    completion: completionOf(attributes),
    inputTokens: count(attributes['gen_ai.usage.input_tokens'] ?? attributes['gen_ai.usage.prompt_tokens']),
    outputTokens: count(
      attributes['gen_ai.usage.output_tokens'] ?? attributes['gen_ai.usage.completion_tokens'],
    ),
    params: {
      temperature: count(attributes['gen_ai.request.temperature']),
      topP: count(attributes['gen_ai.request.top_p']),
      maxTokens: count(attributes['gen_ai.request.max_tokens']),
      n: count(attributes['gen_ai.request.choice.count']),
      seed: count(attributes['gen_ai.request.seed'] ?? attributes['gen_ai.openai.request.seed']),
      responseFormat:
        textOf(attributes['gen_ai.output.type']) ??
        textOf(attributes['gen_ai.openai.request.response_format']),
    },
    outcome: outcomeOf(attributes, entry),
    ip: fact('client.address', 'network.peer.address', 'http.client_ip'),
    asn: asn === undefined ? undefined : Number(asn),
    tls: fact('siphonwatch.tls', 'tls.client.ja4', 'tls.client.ja3'),
    userAgent: fact('user_agent.original', 'http.user_agent'),
    credential: fact('siphonwatch.credential'),
    plan: fact('siphonwatch.plan'),
    product: fact('siphonwatch.product'),
    createdAt: fact('siphonwatch.created_at'),
    payment: fact('siphonwatch.payment'),
  };
  return finish(found, defaults);
}

function messagesOf(attributes: Attributes, entry: unknown): Found['messages'] {
  const messages: Found['messages'] = [];
  const instructions = partsText(jsonIn(attributes['gen_ai.system_instructions']));
  if (instructions !== undefined) messages.push({ role: 'system', content: instructions });
  const input = jsonIn(attributes['gen_ai.input.messages']);
  for (const message of listOf(input)) push(messages, message, 'user');
  if (messages.length > 0 && listOf(input).length > 0) return messages;
  for (const event of listOf(at(entry, 'events'))) {
    const name = textAt(event, 'name') ?? '';
    const facts = attributesOf(at(event, 'attributes'));
    const role = /^gen_ai\.(system|user|assistant|tool)\.message$/.exec(name)?.[1];
    if (role !== undefined) {
      const body = jsonIn(facts['gen_ai.event.content']);
      push(
        messages,
        objectOf(body) ?? { role: textOf(facts.role) ?? role, content: facts.content ?? body },
        role,
      );
    } else if (name === 'gen_ai.content.prompt') {
      const prompt = jsonIn(facts['gen_ai.prompt']);
      if (typeof prompt === 'string') messages.push({ role: 'user', content: prompt });
      for (const message of listOf(prompt)) push(messages, message, 'user');
    }
  }
  for (let i = 0; messages.length <= i && textOf(attributes[`gen_ai.prompt.${i}.role`]) !== undefined; i++)
    messages.push({
      role: textOf(attributes[`gen_ai.prompt.${i}.role`]) ?? 'user',
      content: textOf(attributes[`gen_ai.prompt.${i}.content`]) ?? '',
    });
  return messages;
}

/** A message with `parts` (type text, content), or with `content` as text or list. */
function push(messages: Found['messages'], message: unknown, fallback: string): void {
  const role = textAt(message, 'role') ?? fallback;
  const parts = partsText(at(message, 'parts'));
  messages.push({ role, content: parts ?? at(message, 'content') ?? '' });
}

function partsText(parts: unknown): string | undefined {
  if (typeof parts === 'string') return parts;
  if (!Array.isArray(parts)) return undefined;
  return parts
    .map((part) => (typeof part === 'string' ? part : (textAt(part, 'content') ?? textAt(part, 'text'))))
    .filter((text) => text !== undefined)
    .join('\n');
}

function completionOf(attributes: Attributes): string | undefined {
  const output = listOf(jsonIn(attributes['gen_ai.output.messages']))[0];
  return partsText(at(output, 'parts')) ?? textOf(attributes['gen_ai.completion.0.content']);
}

function outcomeOf(attributes: Attributes, entry: unknown): Exchange['outcome'] {
  const reasons = attributes['gen_ai.response.finish_reasons'];
  const reason =
    textOf(Array.isArray(reasons) ? reasons[0] : reasons) ??
    textAt(listOf(jsonIn(attributes['gen_ai.output.messages']))[0], 'finish_reason');
  if (reason === 'content_filter' || reason === 'refusal') return 'refused';
  const status = at(entry, 'status', 'code');
  if (textOf(attributes['error.type']) !== undefined || status === 2 || status === 'STATUS_CODE_ERROR')
    return 'error';
  return reason === 'length' || reason === 'max_tokens' ? 'truncated' : 'ok';
}

/** OTLP attributes, a list of keys and typed values, as an object. */
function attributesOf(list: unknown): Attributes {
  const attributes: Record<string, unknown> = Object.create(null);
  for (const entry of listOf(list)) {
    const key = textAt(entry, 'key');
    if (key !== undefined) attributes[key] = anyValue(at(entry, 'value'));
  }
  return attributes;
}

function anyValue(value: unknown): unknown {
  const typed = objectOf(value);
  if (typed === undefined) return value;
  if ('stringValue' in typed) return typed.stringValue;
  if ('intValue' in typed) return Number(typed.intValue);
  if ('doubleValue' in typed) return typed.doubleValue;
  if ('boolValue' in typed) return typed.boolValue;
  if ('arrayValue' in typed) return listOf(at(typed, 'arrayValue', 'values')).map(anyValue);
  if ('kvlistValue' in typed) return attributesOf(at(typed, 'kvlistValue', 'values'));
  return undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function count(value: unknown): number | undefined {
  return (
    numberAt({ value }, 'value') ??
    (typeof value === 'string' && value !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined)
  );
}

function nanoTime(value: unknown): string | undefined {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value))
    return isoFromMilliseconds(Number(BigInt(value) / 1_000_000n));
  return typeof value === 'number' ? isoFromMilliseconds(value / 1e6) : undefined;
}

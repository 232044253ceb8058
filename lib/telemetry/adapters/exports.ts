import { ADAPTER_DEFAULTS, type Adapted, NO_CALL } from './adapter.ts';
import { apimBodies, correlationOf, namedIn } from './apim-parts.ts';
import type { ExportShape } from './export-shape.ts';
import { APPLICATIONS } from './exports-applications.ts';
import { ECS } from './exports-ecs.ts';
import { FLOWS } from './exports-flows.ts';
import { GATEWAYS } from './exports-gateways.ts';
import { INFERENCE } from './exports-inference.ts';
import { OBSERVABILITY } from './exports-observability.ts';
import { OWN } from './exports-own.ts';
import { STORED } from './exports-stored.ts';
import { at, type Json, jsonIn, objectOf, textAt } from './fields.ts';
import { langfuseTokens } from './langfuse-usage.ts';
import { isModelCall } from './model-calls.ts';
import { fromPair } from './openai.ts';
import { readRequest } from './request.ts';
import { isWholePair, SCATTERED } from './scattered.ts';
import { writtenMessages } from './written-messages.ts';

/** A body, the messages of one, or a text; JSON of neither is what somebody said. */
const body = (value: unknown, key: string): unknown => {
  const held = jsonIn(value);
  const whole = objectOf(held);
  if (whole !== undefined && (typeof value !== 'string' || readRequest(whole) !== undefined)) return whole;
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(held) && held.some((one) => objectOf(one) !== undefined)) return { [key]: held };
  return typeof value === 'string' ? { prompt: value } : { [key]: held };
};

/** Sums of the usage details, or what was counted before there were any. */
function langfuseCount(entry: Json, word: 'input' | 'output'): unknown {
  const details = jsonIn(entry.usageDetails ?? entry.usage_details);
  return langfuseTokens(details, word) ?? at(entry, 'usage', word);
}

/**
 * Exports of observability products and gateways that keep request and answer under names of their own: each is a row that
 * says how it is recognised and where the pair lies; what is left is read as any pair.
 */
export const SHAPES: readonly ExportShape[] = [
  ...STORED,
  ...FLOWS,
  ...OBSERVABILITY,
  ...INFERENCE,
  ...ECS,
  {
    name: 'kong',
    source: 'https://developer.konghq.com/ai-gateway/ai-audit-log-reference/',
    matches: (entry) => objectOf(entry.ai) !== undefined && 'started_at' in entry,
    pair: (entry) => {
      const plugin = Object.values(objectOf(entry.ai) ?? {}).find(
        (held) => at(held, 'payload') !== undefined,
      );
      return {
        id: at(entry, 'request', 'id'),
        time: entry.started_at,
        client_ip: entry.client_ip,
        headers: at(entry, 'request', 'headers'),
        account:
          at(entry, 'consumer', 'custom_id') ??
          at(entry, 'consumer', 'username') ??
          at(entry, 'consumer', 'id'),
        credential: at(entry, 'authenticated_entity', 'id'),
        status: at(entry, 'response', 'status'),
        usage: at(plugin, 'usage'),
        model: at(plugin, 'meta', 'request_model') ?? at(plugin, 'meta', 'response_model'),
        request: jsonIn(at(plugin, 'payload', 'request')),
        response: jsonIn(at(plugin, 'payload', 'response')),
      };
    },
  },
  {
    name: 'apisix',
    source: 'https://apisix.apache.org/docs/apisix/plugins/ai-proxy/ (logging.summaries, logging.payloads)',
    matches: (entry) => 'llm_request' in entry && !('llm_response' in entry),
    pair: (entry) => ({
      id: at(entry, 'request', 'headers', 'x-request-id') ?? entry.request_id,
      time: entry.start_time,
      client_ip: entry.client_ip,
      headers: at(entry, 'request', 'headers'),
      url: at(entry, 'request', 'uri'),
      consumer: entry.consumer,
      status: at(entry, 'response', 'status'),
      usage: entry.llm_summary,
      request: { model: at(entry, 'llm_summary', 'model'), ...objectOf(jsonIn(entry.llm_request)) },
      response: objectOf(entry.llm_response) ?? {
        text: at(entry, 'llm_response_text', 'content') ?? entry.llm_response_text,
      },
    }),
  },
  {
    name: 'higress',
    source: 'https://higress.cn/en/docs/latest/plugins/ai/api-o11y/ai-statistics/',
    matches: (entry) => at(jsonIn(entry.ai_log), 'model') !== undefined,
    pair: (entry) => {
      const told = objectOf(jsonIn(entry.ai_log)) ?? {};
      const messages = jsonIn(told.messages);
      return {
        id: told.chat_id ?? entry.request_id ?? entry['x-request-id'],
        time: entry.start_time,
        client_ip: entry.x_forwarded_for ?? entry.downstream_remote_address,
        url: entry.path,
        account: told.consumer ?? entry.consumer,
        status: entry.response_code,
        usage: { prompt_tokens: told.input_token, completion_tokens: told.output_token },
        request: {
          model: told.model,
          system: told.system,
          ...(Array.isArray(messages) ? { messages } : { prompt: told.question }),
        },
        response: { text: told.answer },
      };
    },
  },
  ...APPLICATIONS,
  ...GATEWAYS,
  {
    name: 'helicone',
    source: 'https://docs.helicone.ai/rest/request/post-v1requestquery',
    matches: (entry) =>
      'request_body' in entry &&
      ('response_body' in entry || ('request_id' in entry && !('resp_body' in entry))),
    pair: (entry) => ({
      ...entry,
      id: entry.request_id,
      time: entry.request_created_at ?? entry.created_at ?? entry.time ?? entry.timestamp,
      account: entry.request_user_id ?? entry.user_id ?? entry.account,
      status: entry.response_status,
      url: entry.request_path,
      request: jsonIn(entry.request_body),
      response: jsonIn(entry.response_body),
    }),
  },
  {
    name: 'openpipe',
    source: 'https://docs.openpipe.ai/features/request-logs/exporting-logs',
    matches: (entry) =>
      'reqPayload' in entry || ('request_payload' in entry && !Array.isArray(entry.request_payload)),
    pair: (entry) => ({
      ...entry,
      time: entry.requestedAt ?? entry.receivedAt,
      account: at(entry, 'tags', 'user_id') ?? at(entry, 'metadata', 'user_id'),
      status: entry.statusCode,
      request: jsonIn(entry.reqPayload ?? entry.request_payload),
      response: jsonIn(entry.respPayload ?? entry.response_payload),
    }),
  },
  {
    name: 'langsmith',
    source: 'https://docs.smith.langchain.com/reference/data_formats/run_data_format',
    matches: (entry) => 'run_type' in entry && 'inputs' in entry,
    isOther: (entry) => entry.run_type !== 'llm',
    pair: (entry) => ({
      id: entry.id,
      time: entry.start_time,
      account:
        at(jsonIn(entry.extra), 'metadata', 'user_id') ?? at(jsonIn(entry.extra), 'metadata', 'account'),
      request: {
        ...objectOf(at(jsonIn(entry.extra), 'invocation_params')),
        model:
          at(jsonIn(entry.extra), 'invocation_params', 'model') ??
          at(jsonIn(entry.extra), 'metadata', 'ls_model_name'),
        // columns of a table hold JSON as text
        ...objectOf(jsonIn(entry.inputs)),
      },
      usage: { prompt_tokens: entry.prompt_tokens, completion_tokens: entry.completion_tokens },
      response: {
        ...objectOf(jsonIn(entry.outputs)),
        ...(entry.error === null || entry.error === undefined || entry.error === ''
          ? {}
          : { error: entry.error }),
      },
    }),
  },
  {
    name: 'langfuse',
    source: 'https://langfuse.com/docs/api (observations of type GENERATION)',
    matches: (entry) =>
      typeof entry.type === 'string' &&
      /^(?:GENERATION|SPAN|EVENT|EMBEDDING|TOOL|AGENT|CHAIN|RETRIEVER)$/.test(entry.type) &&
      'input' in entry,
    isOther: (entry) => entry.type !== 'GENERATION',
    pair: (entry) => ({
      id: entry.id,
      time: entry.startTime ?? entry.start_time,
      account:
        entry.userId ?? entry.user_id ?? at(entry, 'metadata', 'account') ?? at(entry, 'trace', 'userId'),
      request: {
        ...objectOf(jsonIn(entry.modelParameters ?? entry.model_parameters)),
        model: entry.model ?? entry.providedModelName ?? entry.provided_model_name,
        ...objectOf(body(entry.input, 'messages')),
      },
      response: {
        ...objectOf(jsonIn(entry.output)),
        usage: {
          prompt_tokens: langfuseCount(entry, 'input') ?? entry.promptTokens,
          completion_tokens: langfuseCount(entry, 'output') ?? entry.completionTokens,
        },
        ...(entry.level === 'ERROR' ? { error: { message: entry.statusMessage } } : {}),
      },
    }),
  },
  {
    name: 'cloudflare',
    source: 'https://developers.cloudflare.com/ai-gateway/observability/logging/logpush/',
    // so does a table of API Management's gateway log name its bodies
    matches: (entry) => 'RequestBody' in entry && 'ResponseBody' in entry && !('ApimSubscriptionId' in entry),
    pair: (entry) => ({
      ...entry,
      id: entry.EventID ?? entry.id,
      time: entry.EventTimestampMs ?? entry.Timestamp ?? entry.created_at,
      url: entry.Endpoint,
      account:
        at(jsonIn(entry.Metadata), 'account') ??
        at(jsonIn(entry.Metadata), 'user_id') ??
        at(jsonIn(entry.Metadata), 'user') ??
        entry.account,
      status: entry.StatusCode,
      request: { model: entry.Model, ...objectOf(jsonIn(entry.RequestBody)) },
      response: jsonIn(entry.ResponseBody),
    }),
  },
  {
    name: 'cloudflare-api',
    source: 'https://developers.cloudflare.com/api/resources/ai_gateway/subresources/logs/',
    matches: (entry) => 'request_head' in entry && 'response_head' in entry,
    pair: (entry) => {
      const metadata = jsonIn(entry.metadata);
      return {
        ...entry,
        account: at(metadata, 'account') ?? at(metadata, 'user_id') ?? at(metadata, 'user'),
        url: entry.path,
        usage: { prompt_tokens: entry.tokens_in, completion_tokens: entry.tokens_out },
        request: { model: entry.model, ...objectOf(jsonIn(entry.request_head)) },
        response: jsonIn(entry.response_head),
      };
    },
  },
  {
    name: 'azure-apim-llm',
    source: 'https://learn.microsoft.com/azure/azure-monitor/reference/tables/apimanagementgatewayllmlog',
    matches: (entry) => {
      const held = objectOf(entry.properties) ?? entry;
      return 'requestMessages' in held || 'RequestMessages' in held;
    },
    pair: (entry) => {
      const held = objectOf(entry.properties) ?? entry;
      const named = (name: string) => held[name] ?? held[`${name[0]?.toUpperCase()}${name.slice(1)}`];
      return {
        id: entry.correlationId ?? named('correlationId'),
        time: entry.time ?? entry.TimeGenerated,
        account: named('apimSubscriptionId') ?? named('productId'),
        client_ip: entry.callerIpAddress ?? named('callerIpAddress'),
        status: named('responseCode'),
        usage: { prompt_tokens: named('promptTokens'), completion_tokens: named('completionTokens') },
        request: {
          model: named('modelName') ?? named('deploymentName'),
          messages: jsonIn(named('requestMessages')),
        },
        response: { content: jsonIn(named('responseMessages')) },
      };
    },
  },
  {
    name: 'azure-apim',
    source: 'https://learn.microsoft.com/azure/api-management/gateway-log-schema-reference',
    matches: (entry) => apimBodies(entry) !== undefined,
    pair: (entry) => {
      const held = objectOf(entry.properties) ?? entry;
      return {
        id: correlationOf(entry),
        time: entry.time ?? entry.TimeGenerated,
        client_ip: entry.callerIpAddress ?? namedIn(held, 'callerIpAddress'),
        account: namedIn(held, 'apimSubscriptionId') ?? namedIn(held, 'productId'),
        status: namedIn(held, 'responseCode'),
        url: namedIn(held, 'url'),
        ...apimBodies(entry),
      };
    },
  },
];

/** Fields of exports that are objects or lists; in a table (CSV) they are the text of JSON. */
const STRUCTURED = [
  ...['attributes', 'span_attributes', 'metadata', 'properties', 'inputs', 'outputs', 'output', 'config'],
  ...['tokens', 'usage', 'metrics', 'meta', 'tags', 'timestamps', 'span_data', 'error_info'],
];

/** An entry with its columns read; `input` only where it is messages, as a text in it may be what somebody said. */
function ofTable(entry: Json): Json {
  const read: Record<string, unknown> = {};
  for (const name of [...STRUCTURED, 'input']) {
    const text = entry[name];
    if (typeof text !== 'string' || !/^\s{0,64}[[{]/.test(text)) continue;
    const held = jsonIn(text);
    if (name !== 'input') read[name] = held;
    else {
      const messages = writtenMessages(text);
      if (messages !== undefined) read[name] = Array.isArray(held) ? messages : held;
    }
  }
  return Object.keys(read).length === 0 ? entry : { ...entry, ...read };
}

/** The export that an entry is of; undefined where it is none that is known. */
export function exportShape(written: Json): ExportShape | undefined {
  const entry = ofTable(written);
  return SHAPES.find((shape) => shape.matches(entry));
}

/** What somebody's own gateway writes, where nothing else knows the entry. */
export function ownShape(entry: Json): ExportShape | undefined {
  return OWN.find((shape) => shape.matches(entry));
}

/** An entry and the format that it is of. */
export interface Told {
  readonly entry: unknown;
  readonly format: string;
}

/** The name of the last reader, where the parts of a call lie scattered over an entry. */
export const SCATTERED_NAME = SCATTERED.name;

/** Whether the parts of a call lie in an entry. */
export function isCall({ entry }: Told): boolean {
  const object = objectOf(entry);
  return object !== undefined && SCATTERED.matches(object);
}

/** Whether an entry says all of a call: one of a product does, one of somebody's own where it names who, when and which model. */
export function isWhole({ entry, format }: Told): boolean {
  const object = objectOf(entry) ?? {};
  const shape = [...OWN, SCATTERED].find(({ name }) => name === format);
  if (shape !== undefined) return isWholePair(shape.pair(object));
  return !/^(?:openai|gemini)$/.test(format) || isWholePair(object);
}

export const EXPORT_NAMES: readonly string[] = SHAPES.map(({ name }) => name);

const BY_NAME: ReadonlyMap<string, ExportShape> = new Map(
  [...SHAPES, ...OWN, SCATTERED].map((shape) => [shape.name, shape]),
);

/** An entry of the export of that name; undefined where there is none of that name. */
export const fromExport = (name: string, json: unknown, defaults = ADAPTER_DEFAULTS): Adapted | undefined => {
  const written = objectOf(json);
  const shape = BY_NAME.get(name);
  if (written === undefined || shape === undefined) return undefined;
  const entry = OWN.includes(shape) || shape === SCATTERED ? written : ofTable(written);
  if (shape.isOther?.(entry) === true || isModelCall(textAt(entry, 'operation') ?? 'chat') === false)
    return NO_CALL;
  const pair = shape.pair(entry);
  const request = objectOf(pair.request);
  return request === undefined
    ? {
        exchanges: [],
        reasons: [
          { field: 'request', value: 'nothing', message: `no request body in this entry of ${shape.name}` },
        ],
        skipped: 0,
      }
    : fromPair(pair, request, defaults, false);
};

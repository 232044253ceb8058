import { asksItself } from './asked-ways.ts';
import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, objectOf, textAt } from './fields.ts';
import { timeIn } from './times-beside.ts';

/** Calls that a provider stores, as a script fetches them: the answer, and what was asked as a list beside it. */
const ITEM_LISTS = ['input_items', 'inputItems', 'input', 'items', 'input_messages'];
const BODIES = ['response', 'completion', 'chat_completion', 'object', 'data'];

function storedIn(entry: Json, kind: string): Json | undefined {
  return [entry, ...BODIES.map((name) => objectOf(jsonIn(entry[name])))].find(
    (held) => held?.object === kind,
  );
}

/** What a script wrote beside the stored call; where it wrote into the call itself, `user` and `metadata` are the request's. */
function besideStored(entry: Json, kind: string): Json {
  if (entry.object !== kind) return entry;
  const { user: _, metadata: __, ...beside } = entry;
  return beside;
}

function itemsIn(entry: Json, names: readonly string[]): readonly unknown[] | undefined {
  const held = names.map((name) => jsonIn(entry[name])).find((one) => one !== undefined && one !== null);
  const list = Array.isArray(held) ? held : at(held, 'data');
  return Array.isArray(list) ? list : undefined;
}

/** The API gives the newest first unless it is asked otherwise: a result before its call, else as the default of `order` says. */
function oldestFirst(items: readonly unknown[], isPage: boolean): readonly unknown[] {
  const calls = items.findIndex((item) => /_call$/.test(textAt(item, 'type') ?? ''));
  const results = items.findIndex((item) => /_call_output$/.test(textAt(item, 'type') ?? ''));
  const isNewestFirst = calls >= 0 && results >= 0 ? results < calls : isPage;
  return isNewestFirst ? items.toReversed() : items;
}

export const STORED: readonly ExportShape[] = [
  {
    name: 'openai-stored-response',
    source: 'https://platform.openai.com/docs/api-reference/responses/input-items (order: desc by default)',
    matches: (entry) =>
      storedIn(entry, 'response') !== undefined &&
      itemsIn(entry, ITEM_LISTS) !== undefined &&
      !('request' in entry),
    pair: (entry) => {
      const {
        output,
        usage,
        status,
        error,
        incomplete_details,
        input: _,
        ...asked
      } = storedIn(entry, 'response') ?? {};
      const isPage = ITEM_LISTS.some((name) => at(jsonIn(entry[name]), 'object') === 'list');
      const answer = { output, usage, status, error, incomplete_details };
      return {
        ...besideStored(entry, 'response'),
        id: asked.id,
        time: timeIn(entry) ?? asked.created_at,
        request: { ...asked, input: oldestFirst(itemsIn(entry, ITEM_LISTS) ?? [], isPage) },
        response: answer,
        status: undefined,
      };
    },
  },
  {
    name: 'openai-stored-completion',
    source: 'https://platform.openai.com/docs/api-reference/chat/getMessages',
    matches: (entry) =>
      storedIn(entry, 'chat.completion') !== undefined &&
      !('request' in entry) &&
      itemsIn(entry, ['messages'])?.some((held) => at(held, 'role') === 'user') === true,
    pair: (entry) => {
      const stored = storedIn(entry, 'chat.completion') ?? {};
      const { choices: _, usage, ...asked } = stored;
      return {
        ...besideStored(entry, 'chat.completion'),
        ...{ id: stored.id, time: timeIn(entry) ?? stored.created, usage },
        request: { ...asked, messages: itemsIn(entry, ['messages']) },
        response: stored,
      };
    },
  },
  {
    name: 'anthropic-batch-joined',
    source:
      'https://docs.anthropic.com/en/api/retrieving-message-batch-results: request and result in one line',
    matches: (entry) =>
      'custom_id' in entry &&
      objectOf(entry.params ?? entry.body ?? entry.request) !== undefined &&
      objectOf(entry.result ?? entry.response) !== undefined,
    pair: (entry) => {
      const answer = entry.result ?? entry.response;
      const failed = at(answer, 'error') ?? entry.error;
      return {
        ...entry,
        id: entry.custom_id,
        status: at(answer, 'status_code'),
        request:
          entry.params ??
          entry.body ??
          (asksItself(objectOf(entry.request) ?? {}) ? entry.request : undefined) ??
          at(entry.request, 'params') ??
          at(entry.request, 'body') ??
          entry.request,
        response: {
          ...objectOf(at(answer, 'message') ?? at(answer, 'body') ?? answer),
          ...(failed === undefined || failed === null ? {} : { error: failed }),
        },
      };
    },
  },
  {
    name: 'apigee',
    source: 'https://cloud.google.com/apigee/docs/api-platform/reference/variables-reference',
    matches: (entry) =>
      typeof entry['request.content'] === 'string' &&
      Object.keys(entry).some((name) =>
        /^(?:apiproxy|proxy|client|target|developer|system|message)\./.test(name),
      ),
    pair: (entry) => ({
      id: entry.messageid ?? entry['request.header.x-request-id'],
      time:
        entry['client.received.start.timestamp'] ??
        entry['client.received.end.timestamp'] ??
        entry['system.timestamp'] ??
        entry.timestamp,
      // `organization` and `environment` are the gateway's own
      account:
        entry['developer.id'] ??
        entry['developer.email'] ??
        entry.client_id ??
        entry['developer.app.id'] ??
        entry['developer.app.name'],
      client_ip: entry['client.ip'] ?? entry['proxy.client.ip'],
      user_agent: entry['request.header.user-agent'],
      url: entry['proxy.pathsuffix'] ?? entry['request.uri'],
      status: Number(entry['response.status.code'] ?? 0) || undefined,
      request: jsonIn(entry['request.content']),
      response: jsonIn(entry['response.content']),
    }),
  },
  {
    name: 'helicone-async',
    source:
      'https://docs.helicone.ai/getting-started/integration-method/custom (providerRequest, providerResponse)',
    matches: (entry) => 'providerRequest' in entry && 'providerResponse' in entry,
    pair: (entry) => {
      const meta = at(entry, 'providerRequest', 'meta');
      const start = at(entry, 'timing', 'startTime');
      return {
        ...entry,
        time: Number(at(start, 'seconds')) * 1000 + Number(at(start, 'milliseconds') ?? 0),
        account: at(meta, 'Helicone-User-Id') ?? at(meta, 'helicone-user-id'),
        url: at(entry, 'providerRequest', 'url'),
        status: at(entry, 'providerResponse', 'status'),
        request: jsonIn(at(entry, 'providerRequest', 'json') ?? at(entry, 'providerRequest', 'body')),
        response: jsonIn(at(entry, 'providerResponse', 'json') ?? at(entry, 'providerResponse', 'body')),
      };
    },
  },
];

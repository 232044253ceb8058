import type { Envelope } from './envelope.ts';
import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';

/** What builders of flows and chat front ends keep of the calls of their models. */
export const FLOWS: readonly ExportShape[] = [
  {
    name: 'dify-node',
    source: 'https://github.com/langgenius/dify/blob/main/api/models/workflow.py (workflow_node_executions)',
    matches: (entry) => entry.node_type === 'llm' && objectOf(jsonIn(entry.process_data)) !== undefined,
    pair: (entry) => {
      const told = jsonIn(entry.process_data);
      const prompts = listOf(at(told, 'prompts'));
      return {
        id: entry.id,
        time: entry.created_at,
        account:
          at(entry, 'created_by_end_user', 'session_id') ??
          at(entry, 'created_by_end_user', 'id') ??
          at(entry, 'created_by_account', 'id') ??
          entry.created_by,
        usage: at(told, 'usage') ?? at(jsonIn(entry.outputs), 'usage'),
        request: {
          model: at(told, 'model_name') ?? at(told, 'model_provider'),
          messages: prompts.map((held) => ({ role: at(held, 'role'), content: at(held, 'text') })),
        },
        response: {
          finish_reason: at(told, 'finish_reason'),
          text: at(jsonIn(entry.outputs), 'text'),
          ...(entry.status === 'failed' ? { error: entry.error ?? true } : {}),
        },
      };
    },
  },
  {
    name: 'n8n',
    source:
      'https://docs.n8n.io/integrations/builtin/cluster-nodes/sub-nodes/n8n-nodes-langchain.lmchatopenai/ (ITaskData of ai_languageModel)',
    matches: (entry) => at(entry, 'inputOverride', 'ai_languageModel') !== undefined,
    pair: (entry) => {
      const given = at(listOf(listOf(at(entry, 'inputOverride', 'ai_languageModel'))[0])[0], 'json');
      const made = at(listOf(listOf(at(entry, 'data', 'ai_languageModel'))[0])[0], 'json');
      const written = listOf(at(given, 'messages'));
      return {
        ...entry,
        usage: at(made, 'tokenUsage') ?? at(made, 'tokenUsageEstimate'),
        request: {
          ...objectOf(at(given, 'options')),
          model: at(given, 'options', 'model') ?? at(given, 'options', 'model_name'),
          messages: written.every((held) => typeof held === 'string')
            ? transcript(written.join('\n'))
            : written,
        },
        response: {
          ...objectOf(at(made, 'response')),
          ...(entry.error == null ? {} : { error: entry.error }),
        },
      };
    },
  },
];

const SPEAKER = /^(System|Human|AI|Tool|Function): /gm;
const ROLES: Readonly<Record<string, string>> = {
  System: 'system',
  Human: 'user',
  AI: 'assistant',
  Tool: 'tool',
  Function: 'tool',
};

/** A conversation as LangChain's `getBufferString` writes it: https://v03.api.js.langchain.com/functions/_langchain_core.messages.getBufferString.html */
function transcript(text: string): readonly Json[] {
  const begins = [...text.matchAll(SPEAKER)];
  if (begins.length === 0 || begins[0]?.index !== 0) return [{ role: 'user', content: text }];
  return begins.map((begin, i) => ({
    role: ROLES[begin[1] ?? ''],
    content: text.slice(begin.index + begin[0].length, begins[i + 1]?.index).trimEnd(),
  }));
}

/** Conversations that a front end keeps as a tree: every answer in it is a call. */
export const OF_FLOWS: readonly Envelope[] = [
  {
    name: 'chats of Open WebUI',
    source: 'https://github.com/open-webui/open-webui/blob/main/backend/open_webui/models/chats.py',
    matches: ({ chat }) => objectOf(at(chat, 'history', 'messages')) !== undefined,
    inside: ({ chat, user_id }) => {
      const messages = objectOf(at(chat, 'history', 'messages')) ?? {};
      const system = at(chat, 'params', 'system');
      return Object.values(messages).flatMap((held) => {
        const asked = textAt(held, 'parentId');
        if (at(held, 'role') !== 'assistant' || asked === undefined) return [];
        return [
          {
            user_id,
            id: at(held, 'id'),
            time: at(messages, asked, 'timestamp') ?? at(held, 'timestamp'),
            request: {
              ...objectOf(at(chat, 'params')),
              ...{ model: at(held, 'model') ?? listOf(at(chat, 'models'))[0], system },
              messages: before(messages, asked),
            },
            response: {
              ...{ role: 'assistant', content: at(held, 'content') },
              ...{ usage: at(held, 'usage') ?? at(held, 'info'), error: at(held, 'error') },
            },
          },
        ];
      });
    },
  },
  {
    name: 'traces of Genkit: spans by their id',
    source: 'https://genkit.dev/docs/local-observability/ (trace store)',
    matches: ({ traceId, spans }) => traceId !== undefined && objectOf(spans) !== undefined,
    inside: ({ spans }) => Object.values(objectOf(spans) ?? {}),
  },
  {
    name: 'fields of a call that begin alike: llm_model, llm_prompt',
    source:
      'fields that an application gives to its logger (https://docs.python.org/3/library/logging.html, extra)',
    matches: (entry) => prefixIn(entry) !== undefined,
    inside: (entry) => {
      const prefix = prefixIn(entry) ?? '';
      const bare = (name: string) => (name.startsWith(prefix) ? name.slice(prefix.length) : name);
      return [Object.fromEntries(Object.entries(entry).map(([name, held]) => [bare(name), held]))];
    },
  },
  {
    name: 'rows of Salesforce: names of custom fields end in __c',
    source: 'https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/custom_fields.htm',
    matches: (entry) => Object.keys(entry).filter((name) => name.endsWith('__c')).length > 2,
    inside: (entry) => [
      Object.fromEntries(
        Object.entries(entry).map(([name, held]) => [
          name.replace(/__c$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
          held,
        ]),
      ),
    ],
  },
  {
    name: 'a trace of Opik with its spans',
    source: 'https://www.comet.com/docs/opik/tracing/export_data',
    matches: ({ spans, input, start_time: start }) =>
      start !== undefined && input !== undefined && listOf(spans).some((held) => at(held, 'type') === 'llm'),
    inside: ({ spans, metadata }) =>
      listOf(spans).map((held) => ({
        user_id: at(metadata, 'user_id') ?? at(metadata, 'user'),
        ...objectOf(held),
      })),
  },
  {
    name: 'rows of traces of MLflow',
    source: 'https://mlflow.org/docs/latest/genai/tracing/search-traces/ (return_type="pandas")',
    matches: (entry) =>
      objectOf(jsonIn(entry.trace_metadata ?? entry.request_metadata)) !== undefined &&
      'request' in entry &&
      ('trace_id' in entry || 'request_id' in entry),
    inside: ({ trace_metadata, request_metadata, ...entry }) => {
      const told = jsonIn(trace_metadata ?? request_metadata);
      const account = at(told, 'mlflow.trace.user');
      const spans = listOf(jsonIn(entry.spans)).filter((held) => at(held, 'attributes') !== undefined);
      if (spans.length > 0) return spans.map((held) => ({ account, ...objectOf(held) }));
      return [
        {
          id: entry.trace_id ?? entry.request_id,
          time: entry.request_time ?? entry.timestamp_ms,
          account,
          usage: jsonIn(at(told, 'mlflow.trace.tokenUsage')),
          ...{ request: jsonIn(entry.request), response: jsonIn(entry.response) },
        },
      ];
    },
  },
];

/** The word that stands before the model and before what was asked. */
function prefixIn(entry: Json): string | undefined {
  return ['llm_', 'ai_', 'genai_', 'gpt_', 'openai_'].find(
    (prefix) =>
      typeof (entry[`${prefix}model`] ?? entry[`${prefix}model_name`]) === 'string' &&
      ['prompt', 'messages', 'input', 'question'].some((name) => {
        const held = entry[prefix + name];
        return typeof held === 'string' || Array.isArray(held);
      }),
  );
}

/** The messages up to one of a tree, the first one first. */
function before(messages: Json, last: string): readonly unknown[] {
  const chain: unknown[] = [];
  for (
    let id: string | undefined = last;
    id !== undefined && chain.length < 2048;
    id = textAt(messages, id, 'parentId')
  ) {
    const held = messages[id];
    if (held === undefined || chain.includes(held)) break;
    chain.unshift(held);
  }
  return chain;
}

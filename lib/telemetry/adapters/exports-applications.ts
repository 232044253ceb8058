import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';

/** Tables of platforms on which applications are built: a row is a question and what the platform made of it. */
export const APPLICATIONS: readonly ExportShape[] = [
  {
    name: 'dify',
    source: 'https://github.com/langgenius/dify/blob/main/api/models/model.py (messages)',
    matches: (entry) => 'query' in entry && 'answer' in entry && 'message_tokens' in entry,
    pair: (entry) => {
      // roles and texts; of a workflow nothing, and then the question is what was asked
      const messages = listOf(jsonIn(entry.message)).map((held) => ({
        role: at(held, 'role'),
        content: at(held, 'text') ?? at(held, 'content'),
      }));
      return {
        id: entry.id,
        time: entry.created_at,
        account: entry.from_end_user_id || entry.from_account_id,
        usage: { prompt_tokens: entry.message_tokens, completion_tokens: entry.answer_tokens },
        request: {
          model: entry.model_id,
          messages: messages.length > 0 ? messages : [{ role: 'user', content: entry.query }],
        },
        response: {
          text: entry.answer,
          ...(entry.status === 'error' || entry.error ? { error: { message: entry.error } } : {}),
        },
      };
    },
  },
  {
    name: 'salesforce',
    source:
      'https://developer.salesforce.com/docs/data/data-cloud-dmo-mapping/guide/c360dm-genai-gateway-request-dmo.html (joined with GenAIGeneration)',
    // its names as an envelope of Salesforce's rows leaves them (exports-flows.ts)
    matches: (entry) => 'gateway_request_id' in entry && 'prompt' in entry,
    pair: (entry) => ({
      id: entry.gateway_request_id,
      time: entry.timestamp,
      // org_id is the owner's of all; calls of the system have no user
      account: entry.user_id === 'NOT_SET' ? undefined : entry.user_id,
      usage: { prompt_tokens: entry.prompt_tokens, completion_tokens: entry.completion_tokens },
      request: {
        ...{ model: entry.model, temperature: entry.temperature, max_tokens: entry.max_tokens },
        prompt: entry.prompt ?? entry.masked_prompt,
      },
      response: { text: entry.response_text },
    }),
  },
  {
    name: 'snowflake-cortex-analyst',
    source: 'https://docs.snowflake.com/en/user-guide/snowflake-cortex/cortex-analyst/admin-observability',
    matches: (entry) => 'semantic_model_name' in entry && 'request_body' in entry,
    pair: (entry) => ({
      id: entry.request_id,
      time: entry.timestamp,
      account: entry.user_name,
      status: entry.response_status_code,
      request: {
        model:
          listOf(at(jsonIn(entry.response_metadata), 'model_names'))[0] ??
          at(jsonIn(entry.response_body), 'response_metadata', 'model_names', '0') ??
          'cortex-analyst',
        ...objectOf(jsonIn(entry.request_body)),
      },
      response: {},
    }),
  },
  {
    name: 'open-webui-audit',
    source:
      'https://github.com/open-webui/open-webui/blob/main/backend/open_webui/utils/audit.py (AuditLogEntry)',
    matches: (entry) => 'audit_level' in entry && 'request_uri' in entry && 'verb' in entry,
    isOther: (entry) =>
      !/\/(?:completions|responses|messages|api\/(?:chat|generate))(?:$|[/?])/.test(`${entry.request_uri}`),
    pair: (entry) => ({
      ...{ id: entry.id, time: entry.timestamp, account: at(entry, 'user', 'id') },
      ...{ status: entry.response_status_code, client_ip: entry.source_ip, user_agent: entry.user_agent },
      request: jsonIn(entry.request_object) ?? {},
      response: jsonIn(entry.response_object),
    }),
  },
  {
    name: 'mastra',
    source: 'https://mastra.ai/docs/observability/tracing/overview (exported spans: SpanType)',
    matches: (entry) =>
      'isRootSpan' in entry && 'isEvent' in entry && objectOf(entry.attributes) !== undefined,
    isOther: (entry) => !/^(?:model|llm)_generation$/.test(textAt(entry, 'type') ?? ''),
    pair: (entry) => {
      const told = objectOf(entry.attributes) ?? {};
      const error = entry.errorInfo ?? undefined;
      return {
        ...{ id: entry.id, time: entry.startTime, usage: told.usage },
        account: at(entry, 'metadata', 'userId') ?? at(entry, 'metadata', 'user_id'),
        request: { ...objectOf(told.parameters), model: told.model, ...askedOfMastra(entry.input) },
        response: {
          ...{ text: at(entry, 'output', 'text'), finish_reason: told.finishReason },
          ...(error === undefined ? {} : { error }),
        },
      };
    },
  },
  {
    name: 'adk-agent-events',
    source: 'https://adk.dev/integrations/bigquery-agent-analytics/ (events that are no call of a model)',
    matches: (entry) =>
      'invocation_id' in entry &&
      'agent' in entry &&
      /^(?!LLM_)[A-Z2_]+$/.test(textAt(entry, 'event_type') ?? ''),
    isOther: () => true,
    pair: () => ({}),
  },
  {
    name: 'snowflake-agents',
    source: 'https://docs.snowflake.com/en/user-guide/cortex-code/cortex-code-snowsight/observability',
    matches: (entry) => Object.keys(agentFacts(entry) ?? {}).some((name) => name.startsWith(SNOWFLAKE)),
    // a step in which the agent plans is a call of a model; tools, charts and whole runs are none
    isOther: (entry) => {
      const facts = agentFacts(entry) ?? {};
      return !PLANNED.some((name) => facts[`${PLANNING}${name}`] !== undefined);
    },
    pair: (entry) => {
      const facts = agentFacts(entry) ?? {};
      const told = (name: string): unknown => facts[`${PLANNING}${name}`];
      const failed = /error|fail/i.test(textAt(facts, `${PLANNING}status`) ?? '');
      const who = objectOf(jsonIn(entry.resource_attributes)) ?? {};
      const trace = objectOf(jsonIn(entry.trace)) ?? {};
      return {
        id: [trace.trace_id, trace.span_id].filter((part) => part !== undefined).join('-') || undefined,
        // without a zone, and in UTC: the columns of an event table are TIMESTAMP_NTZ
        time: utcIn(entry.start_timestamp ?? entry.timestamp),
        account: who['snow.user.name'],
        usage: {
          prompt_tokens: told('token_count.input'),
          completion_tokens: told('token_count.output'),
        },
        request: { model: told('model'), ...askedOf(told) },
        response: failed ? { error: told('status') } : {},
      };
    },
  },
];

function askedOfMastra(input: unknown): Json {
  if (typeof input === 'string') return { prompt: input };
  return Array.isArray(input) ? { messages: input } : (objectOf(input) ?? {});
}

const SNOWFLAKE = 'snow.ai.observability.';
const PLANNING = `${SNOWFLAKE}agent.planning.`;
const PLANNED = ['query', 'messages', 'model'];

/** Attributes of a row of an event table, whose names an envelope has made small (https://docs.snowflake.com/en/developer-guide/logging-tracing/event-table-columns). */
function agentFacts(entry: Json): Json | undefined {
  return 'record_type' in entry ? objectOf(jsonIn(entry.record_attributes)) : undefined;
}

function askedOf(told: (name: string) => unknown): Json {
  const messages = jsonIn(told('messages'));
  return Array.isArray(messages) && messages.length > 0 ? { messages } : { prompt: told('query') };
}

function utcIn(time: unknown): unknown {
  return typeof time === 'string' && /^\d{4}-\d\d-\d\d[ T][\d:.]+$/.test(time)
    ? `${time.replace(' ', 'T')}Z`
    : time;
}

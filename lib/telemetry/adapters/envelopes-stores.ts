import { type Envelope, timed } from './envelope.ts';
import { at, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { isTypedDocument, untypedDocument } from './typed-values.ts';

/** What searches answer under a name that bodies of calls have too: nothing else stands in such an answer. */
export const OF_SEARCHES: readonly Envelope[] = [
  {
    name: 'messages of a search in Sumo Logic',
    source: 'https://www.sumologic.com/help/docs/api/search-job/ (messages: map with _raw)',
    matches: ({ fields, messages, ...rest }) =>
      Array.isArray(fields) &&
      Object.keys(rest).length === 0 &&
      listOf(messages).some((held) => textAt(held, 'map', '_raw') !== undefined),
    inside: ({ messages }) =>
      listOf(messages).map((held) =>
        timed(jsonIn(at(held, 'map', '_raw')), { time: at(held, 'map', '_messagetime') }),
      ),
  },
];

/** Records of stores and products of analysis, which keep what a gateway wrote among fields of their own. */
export const OF_STORES: readonly Envelope[] = [
  {
    name: 'trace events of Cloudflare Workers: what the worker logged',
    source:
      'https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/account/workers_trace_events/',
    matches: ({ ScriptName, Logs }) =>
      ScriptName !== undefined && listOf(Logs).some((held) => Array.isArray(at(held, 'Message'))),
    inside: ({ Logs }) =>
      listOf(Logs).flatMap((held) =>
        listOf(at(held, 'Message')).flatMap((line) => {
          const logged = objectOf(jsonIn(line));
          return logged === undefined ? [] : [timed(logged, { time: at(held, 'TimestampMs') })];
        }),
      ),
  },
  {
    name: 'pages of spans of agents in Weave',
    source:
      'https://docs.wandb.ai/weave/guides/tracking/trace-agents (wandb/weave trace_server: agent spans)',
    matches: ({ spans }) => listOf(spans).some((held) => at(held, 'wb_user_id') !== undefined),
    inside: ({ spans }) => listOf(spans),
  },
  {
    name: 'answers of Salesforce’s query interfaces',
    source:
      'https://developer.salesforce.com/docs/data/data-cloud-query-guide/guide/dc-sql-query-apis.html, SOQL’s records',
    matches: ({ data, records }) => isGatewayRequest(listOf(data)[0]) || isGatewayRequest(listOf(records)[0]),
    inside: ({ data, records }) => [...listOf(data), ...listOf(records)],
  },
  {
    name: 'the log archive of Datadog',
    source: 'https://docs.datadoghq.com/logs/log_configuration/archives/ (format of the archives)',
    matches: ({ _id, date, attributes, service, source }) =>
      typeof _id === 'string' &&
      date !== undefined &&
      objectOf(attributes) !== undefined &&
      (service ?? source) !== undefined,
    inside: ({ date, attributes, message }) =>
      isJsonObject(message)
        ? [message]
        : [{ received_at: date, account: usrOf(attributes), ...objectOf(attributes) }],
  },
  {
    name: 'events of Mixpanel',
    source: 'https://docs.mixpanel.com/docs/data-structure/events-and-properties',
    matches: ({ event, properties }) =>
      typeof event === 'string' &&
      !event.startsWith('$') &&
      textAt(properties, 'distinct_id') !== undefined &&
      ['$insert_id', 'mp_lib', 'token'].some((name) => at(properties, name) !== undefined) &&
      at(properties, '$lib') === undefined,
    inside: ({ properties }) => [{ account: at(properties, 'distinct_id'), ...objectOf(properties) }],
  },
  {
    name: 'a page of traces of MLflow',
    source: 'https://mlflow.org/docs/latest/api_reference/rest-api.html (traces/search)',
    matches: ({ traces }) => listOf(traces).some((held) => Array.isArray(at(held, 'data', 'spans'))),
    inside: ({ traces }) => listOf(traces),
  },
  {
    name: 'a trace of MLflow',
    source: 'https://mlflow.org/docs/latest/genai/tracing/search-traces/',
    matches: ({ info, data }) => objectOf(info) !== undefined && Array.isArray(at(data, 'spans')),
    inside: ({ info, data }) =>
      listOf(at(data, 'spans')).map((span) => ({
        account:
          at(info, 'trace_metadata', 'mlflow.trace.user') ??
          at(info, 'request_metadata', 'mlflow.trace.user'),
        ...objectOf(span),
      })),
  },
  {
    name: 'documents of Firestore, Structs of protobuf',
    source:
      'https://firebase.google.com/docs/firestore/reference/rest/v1/Value, https://protobuf.dev/reference/protobuf/google.protobuf/#struct',
    matches: isTypedDocument,
    inside: (entry) => [untypedDocument(entry)],
  },
  {
    name: 'spans of Elastic APM: attributes are labels, their dots underscores',
    source: 'https://www.elastic.co/docs/solutions/observability/apm/opentelemetry/attributes',
    matches: ({ labels }) => Object.keys(objectOf(labels) ?? {}).some((name) => name.startsWith('gen_ai_')),
    inside: ({ labels, numeric_labels, ...rest }) => [
      {
        ...{ '@timestamp': rest['@timestamp'], trace_id: at(rest.trace, 'id') },
        ...{ span_id: at(rest.span, 'id'), name: at(rest.span, 'name') },
        ...(at(rest.event, 'outcome') === 'failure' ? { status: { code: 'ERROR' } } : {}),
        attributes: Object.fromEntries(
          Object.entries({ ...objectOf(labels), ...objectOf(numeric_labels) }).map(([name, held]) => [
            withDots(name),
            held,
          ]),
        ),
      },
    ],
  },
];

/** https://docs.datadoghq.com/standard-attributes/ (usr.id): whom the application logged in */
function usrOf(attributes: unknown): unknown {
  return at(attributes, 'usr', 'id') ?? at(attributes, 'usr.id');
}

function isGatewayRequest(row: unknown): boolean {
  return at(row, 'gatewayRequestId__c') !== undefined;
}

function isJsonObject(text: unknown): boolean {
  return typeof text === 'string' && objectOf(jsonIn(text)) !== undefined;
}

/** How names of the conventions begin; behind that an underscore is one, but in lists that are numbered. */
const STEMS = [
  ...['gen_ai.provider', 'gen_ai.operation', 'gen_ai.request', 'gen_ai.response', 'gen_ai.usage'],
  ...['gen_ai.input', 'gen_ai.output', 'gen_ai.conversation', 'gen_ai.agent', 'gen_ai.tool'],
  ...['gen_ai.openai.request', 'gen_ai.openai.response', 'gen_ai', 'error', 'enduser', 'user', 'siphonwatch'],
].map((stem) => [`${stem.replaceAll('.', '_')}_`, `${stem}.`] as const);

/** A name of OpenTelemetry whose dots were made underscores, as the conventions write it. */
function withDots(name: string): string {
  const numbered = /^gen_ai_(prompt|completion)_(\d{1,4})_(\w{1,40})$/.exec(name);
  if (numbered !== null) return `gen_ai.${listOf(numbered).slice(1).join('.')}`;
  const stem = STEMS.find(([written]) => name.startsWith(written));
  return stem === undefined ? name : `${stem[1]}${name.slice(stem[0].length)}`;
}

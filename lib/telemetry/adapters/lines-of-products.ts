import { at, type Json, jsonIn, objectOf, textAt } from './fields.ts';

/** One half of a call that a product tells in two entries: what was asked when it began, what was answered when it ended. */
export interface ToldHalf {
  readonly kind: 'request' | 'response';
  readonly id: string;
  readonly entry: Json;
  readonly body: Json;
}

interface HalvesOf {
  readonly name: string;
  /** the page that documents the two */
  readonly source: string;
  readonly half: (entry: Json) => ToldHalf | undefined;
}

/** Members of a trace in which a Bedrock agent calls a model. */
const AGENT_STEPS = [
  'orchestrationTrace',
  'preProcessingTrace',
  'postProcessingTrace',
  'routingClassifierTrace',
];

/** Products that tell a call in two entries with one id. */
export const HALVES: readonly HalvesOf[] = [
  {
    name: 'Bedrock agents',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/trace-events.html (modelInvocationInput and -Output)',
    half: (entry) => {
      const trace = at(entry, 'trace', 'trace') ?? entry.trace ?? entry;
      const step = AGENT_STEPS.map((name) => objectOf(at(trace, name))).find((held) => held !== undefined);
      const input = objectOf(step?.modelInvocationInput);
      const output = objectOf(step?.modelInvocationOutput);
      const id = textAt(input ?? output, 'traceId');
      if (id === undefined) return undefined;
      if (input === undefined) {
        const usage = at(output, 'metadata', 'usage');
        const raw = jsonIn(at(output, 'rawResponse', 'content'));
        return {
          kind: 'response',
          id,
          entry,
          body: { text: raw, ...objectOf(raw), ...(usage === undefined ? {} : { usage }) },
        };
      }
      const asked = jsonIn(input.text);
      const body = objectOf(asked) ?? { prompt: asked };
      return {
        ...{ kind: 'request', id, entry },
        body: { model: input.foundationModel, inferenceConfiguration: input.inferenceConfiguration, ...body },
      };
    },
  },
  {
    name: 'ADK, events of agents in BigQuery',
    source:
      'https://adk.dev/integrations/bigquery-agent-analytics/ (LLM_REQUEST, LLM_RESPONSE and LLM_ERROR of one span)',
    half: (entry) => {
      const [, what] = /^LLM_(REQUEST|RESPONSE|ERROR)$/.exec(textAt(entry, 'event_type') ?? '') ?? [];
      const span = textAt(entry, 'span_id');
      if (what === undefined || span === undefined || !('invocation_id' in entry)) return undefined;
      const { content: _, attributes: __, event_type: ___, ...told } = entry;
      const id = `${textAt(entry, 'trace_id') ?? ''}-${span}`;
      const content = objectOf(jsonIn(entry.content)) ?? {};
      const facts = jsonIn(entry.attributes);
      if (what === 'REQUEST') {
        const asked = { system: content.system_prompt, messages: content.prompt };
        const body = { ...objectOf(at(facts, 'llm_config')), model: at(facts, 'model'), ...asked };
        return { kind: 'request', id, entry: told, body };
      }
      const usage = {
        prompt_tokens: at(content, 'usage', 'prompt'),
        completion_tokens: at(content, 'usage', 'completion'),
      };
      const failed = what === 'ERROR' ? { error: told.error_message ?? true } : {};
      const body = { text: content.response, finish_reason: at(facts, 'finish_reason'), usage, ...failed };
      // `status` is of the event: OK or ERROR
      return { kind: 'response', id, entry: { ...told, status: undefined, usage }, body };
    },
  },
  {
    name: 'Lunary',
    source: 'https://docs.lunary.ai/docs/api/runs (ingest: events start, end, error of a run)',
    half: (entry) => {
      const id = textAt(entry, 'runId');
      if (id === undefined || !/^(?:llm|chat)$/.test(textAt(entry, 'type') ?? '')) return undefined;
      if (entry.event === 'start') {
        const body = {
          ...objectOf(entry.extra),
          ...objectOf(entry.params),
          model: entry.name,
          input: entry.input,
        };
        return { kind: 'request', id, entry: { ...entry, event: undefined }, body };
      }
      if (entry.event !== 'end' && entry.event !== 'error') return undefined;
      const usage = {
        prompt_tokens: at(entry, 'tokensUsage', 'prompt'),
        completion_tokens: at(entry, 'tokensUsage', 'completion'),
      };
      const failed = entry.event === 'error' ? { error: entry.error ?? true } : {};
      return { kind: 'response', id, entry, body: { ...objectOf(entry.output), usage, ...failed } };
    },
  },
  {
    name: 'events of LangChain',
    source:
      'https://python.langchain.com/docs/concepts/streaming/ (astream_events: on_chat_model_start, on_chat_model_end)',
    half: (entry) => {
      const [, when] = /^on_(?:chat_model|llm)_(start|end)$/.exec(textAt(entry, 'event') ?? '') ?? [];
      const id = textAt(entry, 'run_id');
      if (when === undefined || id === undefined) return undefined;
      const named = { ...entry, event: undefined };
      if (when === 'end') {
        const message = at(entry, 'data', 'output');
        const body = { generations: [{ message: at(message, 'kwargs') ?? message }] };
        return { kind: 'response', id, entry: named, body };
      }
      const input = objectOf(at(entry, 'data', 'input')) ?? {};
      const body = { ...input, model: at(entry, 'metadata', 'ls_model_name') ?? entry.name };
      return { kind: 'request', id, entry: named, body };
    },
  },
  {
    name: 'LibreChat',
    source: 'https://github.com/danny-avila/LibreChat/blob/main/packages/data-schemas/src/schema/message.ts',
    half: (entry) => {
      const { isCreatedByUser, messageId, parentMessageId, text, tokenCount, ...told } = entry;
      if (typeof isCreatedByUser !== 'boolean' || typeof text !== 'string') return undefined;
      const id = isCreatedByUser ? messageId : parentMessageId;
      if (typeof id !== 'string') return undefined;
      if (isCreatedByUser)
        return { kind: 'request', id, entry: told, body: { messages: [{ role: 'user', content: text }] } };
      const { model, finish_reason, error } = told;
      const body = { text, model, finish_reason, usage: { completion_tokens: tokenCount } };
      return { kind: 'response', id, entry: told, body: error === true ? { ...body, error } : body };
    },
  },
  {
    name: 'LangSmith',
    source:
      'https://docs.langchain.com/langsmith/trace-with-api (post a run when it begins, patch it when it ends)',
    half: (entry) => {
      const id = textAt(entry, 'id');
      if (id === undefined) return undefined;
      if (
        entry.run_type === 'llm' &&
        objectOf(entry.inputs) !== undefined &&
        !('outputs' in entry) &&
        !('end_time' in entry)
      ) {
        const settings = at(entry, 'extra', 'invocation_params');
        const model = at(settings, 'model') ?? at(entry, 'extra', 'metadata', 'ls_model_name');
        const account = at(entry, 'extra', 'metadata', 'user_id');
        return {
          ...{ kind: 'request', id, entry: account === undefined ? entry : { ...entry, account } },
          body: { ...objectOf(settings), model, ...objectOf(entry.inputs) },
        };
      }
      if ('run_type' in entry || !('end_time' in entry) || objectOf(entry.outputs) === undefined)
        return undefined;
      const failed = entry.error === undefined || entry.error === null ? {} : { error: entry.error };
      return { kind: 'response', id, entry, body: { ...objectOf(entry.outputs), ...failed } };
    },
  },
];

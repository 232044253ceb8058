import type { ExportShape } from './export-shape.ts';
import { at, type Json, jsonIn, listOf, objectOf, textAt } from './fields.ts';

/** A tag `name:value` of a list of tags. */
function tagged(tags: unknown, names: RegExp): string | undefined {
  for (const tag of listOf(tags)) {
    const [, name = '', value] = typeof tag === 'string' ? (/^([^:]+):(.+)$/.exec(tag) ?? []) : [];
    if (names.test(name)) return value;
  }
  return undefined;
}

const USER = /^(?:user[._]?id|account|customer[._]?id|usr\.id)$/i;

/** Attributes with dots in their names, from an object of objects (Phoenix writes both). */
function dotted(value: unknown, prefix = '', depth = 0): Json {
  const flat: Record<string, unknown> = {};
  if (depth > 8) return flat;
  for (const [name, held] of Object.entries(objectOf(value) ?? {})) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (Array.isArray(held) && held.some((one) => objectOf(one) !== undefined))
      for (const [i, one] of held.entries()) Object.assign(flat, dotted(one, `${path}.${i}`, depth + 1));
    else if (objectOf(held) !== undefined) Object.assign(flat, dotted(held, path, depth + 1));
    else flat[path] = held;
  }
  return flat;
}

/** Messages that OpenInference numbers in the names of attributes. */
function numbered(attributes: Json): unknown[] {
  const messages: unknown[] = [];
  for (let i = 0; ; i++) {
    const message = `llm.input_messages.${i}.message`;
    const role = attributes[`${message}.role`];
    if (role === undefined) return messages;
    messages.push({ role, content: attributes[`${message}.content`] ?? parts(attributes, message) });
  }
}

/** An answer's body; of an application that returns a text or a list, what it said. */
function body(value: unknown): Json {
  return objectOf(value) ?? (value === undefined || value === null ? {} : { content: value });
}

/** `STATUS_CODE_ERROR`, `ERROR`: of version 3, as OpenTelemetry's status, or alone before. */
function mlflowStatus(status: unknown): string {
  return typeof status === 'string'
    ? status
    : (textAt(status, 'code') ?? textAt(status, 'status_code') ?? '');
}

/** Texts of the parts of a message, numbered in the same way. */
function parts(attributes: Json, message: string): string {
  const texts: string[] = [];
  for (let i = 0; ; i++) {
    const part = `${message}.contents.${i}.message_content`;
    const text = textAt(attributes, `${part}.text`);
    if (text === undefined && attributes[`${part}.type`] === undefined) return texts.join('\n');
    if (text !== undefined) texts.push(text);
  }
}

/** PostHog keeps the counts of the provider: of Anthropic, cached tokens are apart (https://posthog.com/docs/llm-analytics/calculating-costs). */
function posthogTokens(told: Json): Json {
  const cached = {
    cache_read_input_tokens: told.$ai_cache_read_input_tokens,
    cache_creation_input_tokens: told.$ai_cache_creation_input_tokens,
  };
  return {
    input_tokens: told.$ai_input_tokens,
    output_tokens: told.$ai_output_tokens,
    ...(told.$ai_provider === 'anthropic' ? cached : {}),
  };
}

/** Messages that dd-trace numbers in the names of tags. */
function taggedMessages(named: (name: string) => unknown): unknown[] {
  const messages: unknown[] = [];
  for (let i = 0; named(`request.messages.${i}.role`) !== undefined; i++)
    messages.push({
      role: named(`request.messages.${i}.role`),
      content: named(`request.messages.${i}.content`),
    });
  const prompt = named('request.prompt.0');
  return messages.length > 0 || prompt === undefined ? messages : [{ role: 'user', content: prompt }];
}

/** Exports of products that observe applications; each row is one call. */
/**
 * Metadata in which a product's wrapper of OpenAI's client keeps the parameters of the request, `user` among them
 * (https://github.com/braintrustdata/braintrust-sdk py/src/braintrust/oai.py,
 * https://github.com/comet-ml/opik sdks/python/src/opik/integrations/openai/openai_chat_completions_decorator.py).
 */
function withoutUser(metadata: unknown): Json {
  const { user: _, ...said } = objectOf(metadata) ?? {};
  return said;
}

export const OBSERVABILITY: readonly ExportShape[] = [
  {
    name: 'datadog-llm-obs',
    source: 'https://docs.datadoghq.com/llm_observability/instrumentation/api/',
    matches: (entry) =>
      at(entry, 'meta', 'kind') !== undefined || at(entry, 'attributes', 'span_kind') !== undefined,
    isOther: (entry) => (at(entry, 'meta', 'kind') ?? at(entry, 'attributes', 'span_kind')) !== 'llm',
    pair: (entry) => {
      const span = objectOf(entry.attributes) ?? { ...entry, ...objectOf(entry.meta) };
      return {
        id: span.span_id,
        time: span.start_ns ?? span.start_ms,
        account: tagged(span.tags, USER) ?? tagged(entry.tags, USER),
        metrics: span.metrics,
        request: {
          ...objectOf(span.metadata),
          ...{ model: span.model_name, prompt: at(span.input, 'value') },
          ...objectOf(span.input),
        },
        response: {
          ...objectOf(span.output),
          ...(span.status === 'error' || span.error === 1 ? { error: at(span, 'error') ?? true } : {}),
        },
      };
    },
  },
  {
    name: 'datadog-apm',
    source: 'https://github.com/DataDog/dd-trace-py (integration of openai, anthropic: tags of the span)',
    matches: (entry) =>
      Object.keys(objectOf(entry.meta) ?? {}).some((name) =>
        /^\w+\.request\.(?:messages|prompt)\./.test(name),
      ),
    pair: (entry) => {
      const told = { ...objectOf(entry.meta), ...objectOf(entry.metrics) };
      const named = (name: string) =>
        told[Object.keys(told).find((held) => held.slice(held.indexOf('.') + 1) === name) ?? ''];
      return {
        id: entry.span_id,
        time: entry.start,
        account: told['usr.id'] ?? told['user.id'] ?? told.account,
        usage: {
          prompt_tokens: named('response.usage.prompt_tokens'),
          completion_tokens: named('response.usage.completion_tokens'),
        },
        request: {
          ...{ model: named('request.model'), temperature: named('request.temperature') },
          ...{ max_tokens: named('request.max_tokens'), messages: taggedMessages(named) },
        },
        response: {
          finish_reason: named('response.choices.0.finish_reason'),
          ...(entry.error === 1 ? { error: told['error.type'] ?? true } : {}),
        },
      };
    },
  },
  {
    name: 'phoenix',
    source: 'https://arize.com/docs/phoenix/sdk-api-reference (get_spans_dataframe), spans of OpenInference',
    matches: (entry) =>
      ('span_kind' in entry && ('attributes' in entry || 'attributes.llm.model_name' in entry)) ||
      'attributes.openinference.span.kind' in entry,
    isOther: (entry) =>
      String(entry.span_kind ?? entry['attributes.openinference.span.kind']).toUpperCase() !== 'LLM',
    pair: (entry) => {
      const attributes =
        objectOf(entry.attributes) === undefined
          ? dotted(
              Object.fromEntries(
                Object.entries(entry).map(([name, value]) => [name.replace(/^attributes\./, ''), value]),
              ),
            )
          : dotted(entry.attributes);
      const messages = entry['attributes.llm.input_messages'] ?? numbered(attributes);
      return {
        id: at(entry, 'context', 'span_id') ?? entry['context.span_id'],
        time: entry.start_time,
        account: attributes['user.id'],
        request: {
          ...objectOf(jsonIn(attributes['llm.invocation_parameters'])),
          model: attributes['llm.model_name'],
          messages: jsonIn(messages),
        },
        response: {
          ...objectOf(jsonIn(attributes['output.value'])),
          usage: {
            prompt_tokens: attributes['llm.token_count.prompt'],
            completion_tokens: attributes['llm.token_count.completion'],
          },
          ...(entry.status_code === 'ERROR' ? { error: { message: entry.status_message } } : {}),
        },
      };
    },
  },
  {
    name: 'mlflow',
    source: 'https://mlflow.org/docs/latest/genai/concepts/span/',
    matches: (entry) => at(entry, 'attributes', 'mlflow.spanType') !== undefined,
    isOther: (entry) => !/CHAT_MODEL|LLM/.test(textAt(entry, 'attributes', 'mlflow.spanType') ?? ''),
    pair: (entry) => ({
      id: entry.span_id,
      time: entry.start_time_unix_nano ?? entry.start_time_ns ?? entry.start_time,
      account: jsonIn(at(entry, 'attributes', 'user.id')) ?? entry.account,
      request: jsonIn(at(entry, 'attributes', 'mlflow.spanInputs')),
      response: {
        ...body(jsonIn(at(entry, 'attributes', 'mlflow.spanOutputs'))),
        ...(/ERROR/.test(mlflowStatus(entry.status ?? entry.status_code)) ? { error: true } : {}),
      },
    }),
  },
  {
    name: 'braintrust',
    source: 'https://www.braintrust.dev/docs/reference/api/Logs',
    matches: (entry) => at(entry, 'span_attributes', 'type') !== undefined,
    isOther: (entry) => at(entry, 'span_attributes', 'type') !== 'llm',
    pair: (entry) => ({
      id: entry.id,
      time: entry.created,
      metadata: withoutUser(entry.metadata),
      metrics: entry.metrics,
      request: { ...objectOf(entry.metadata), messages: entry.input },
      response: {
        ...(Array.isArray(entry.output) ? { choices: entry.output } : objectOf(entry.output)),
        ...(entry.error === null || entry.error === undefined ? {} : { error: entry.error }),
      },
    }),
  },
  {
    name: 'weave',
    source: 'https://weave-docs.wandb.ai/guides/tracking/tracing/ (calls)',
    matches: (entry) => 'op_name' in entry && 'inputs' in entry,
    isOther: (entry) =>
      !/completions?\.(?:create|parse)|messages\.(?:create|stream)|responses\.create|generate_content|chat/i.test(
        textAt(entry, 'op_name') ?? '',
      ),
    pair: (entry) => ({
      id: entry.id,
      time: entry.started_at,
      user_id: at(entry, 'attributes', 'user_id') ?? entry.wb_user_id,
      request: entry.inputs,
      response: {
        ...objectOf(entry.output),
        ...(entry.exception === null || entry.exception === undefined ? {} : { error: entry.exception }),
      },
    }),
  },
  {
    name: 'weave-agents',
    source:
      'https://docs.wandb.ai/weave/guides/tracking/trace-agents (spans of agents); wandb/weave trace_server, agent spans',
    matches: (entry) => 'wb_user_id' in entry && 'operation_name' in entry && 'input_messages' in entry,
    isOther: (entry) =>
      !/^(?:chat|text_completion|generate_content)$/.test(textAt(entry, 'operation_name') ?? ''),
    pair: (entry) => {
      const told = objectOf(jsonIn(entry.custom_attrs_string)) ?? {};
      const instructions = listOf(entry.system_instructions);
      return {
        id: entry.span_id,
        time: entry.started_at,
        // wb_user_id is who wrote the span, one for all
        account: told['siphonwatch.account'] ?? told['enduser.id'] ?? told['user.id'] ?? told.user_id,
        usage: { input_tokens: entry.input_tokens, output_tokens: entry.output_tokens },
        request: {
          model: entry.request_model,
          messages: [
            ...(instructions.length > 0 ? [{ role: 'system', parts: instructions }] : []),
            ...listOf(entry.input_messages),
          ],
        },
        response: {
          finish_reason: listOf(entry.finish_reasons)[0],
          ...(entry.status_code === 'ERROR' ? { error: entry.status_message } : {}),
        },
      };
    },
  },
  {
    name: 'opik',
    source: 'https://www.comet.com/docs/opik/reference/rest-api/spans',
    matches: (entry) => entry.type === 'llm' && 'start_time' in entry && 'input' in entry,
    pair: (entry) => ({
      ...entry,
      metadata: withoutUser(entry.metadata),
      time: entry.start_time,
      request: { model: entry.model, ...objectOf(entry.metadata), ...objectOf(entry.input) },
      response: {
        ...objectOf(entry.output),
        usage: entry.usage,
        ...(entry.error_info === null || entry.error_info === undefined ? {} : { error: entry.error_info }),
      },
    }),
  },
  {
    name: 'posthog',
    source: 'https://posthog.com/docs/llm-analytics/generations',
    matches: (entry) => typeof entry.event === 'string' && entry.event.startsWith('$ai_'),
    isOther: (entry) => entry.event !== '$ai_generation',
    pair: (entry) => {
      const told = objectOf(entry.properties) ?? {};
      return {
        id: told.$ai_span_id ?? told.$ai_generation_id ?? entry.uuid ?? entry.id,
        time: entry.timestamp,
        account: entry.distinct_id,
        status: told.$ai_http_status,
        request: {
          ...objectOf(told.$ai_model_parameters),
          model: told.$ai_model,
          ...(objectOf(jsonIn(told.$ai_input)) ?? { messages: jsonIn(told.$ai_input) }),
        },
        response: {
          ...(objectOf(told.$ai_output_choices) ?? { choices: told.$ai_output_choices }),
          usage: posthogTokens(told),
          ...(told.$ai_is_error === true ? { error: told.$ai_error ?? true } : {}),
        },
      };
    },
  },
  {
    name: 'lunary',
    source: 'https://docs.lunary.ai/docs/api/runs',
    matches: (entry) => 'type' in entry && 'tokens' in entry && 'input' in entry && 'name' in entry,
    isOther: (entry) => entry.type !== 'llm',
    pair: (entry) => ({
      ...entry,
      status: undefined,
      time: entry.createdAt ?? entry.startTime,
      account: at(entry, 'user', 'external_id') ?? at(entry, 'user', 'externalId') ?? at(entry, 'user', 'id'),
      usage: {
        prompt_tokens: at(entry, 'tokens', 'prompt'),
        completion_tokens: at(entry, 'tokens', 'completion'),
      },
      request: { ...objectOf(entry.params), model: entry.name, input: entry.input },
      response: { ...objectOf(entry.output), ...(entry.error == null ? {} : { error: entry.error }) },
    }),
  },
  {
    name: 'openai-agents',
    source: 'https://openai.github.io/openai-agents-python/ref/tracing/span_data/',
    matches: (entry) => entry.object === 'trace.span' || entry.object === 'trace',
    isOther: (entry) => !/^(?:generation|response)$/.test(textAt(entry, 'span_data', 'type') ?? ''),
    pair: (entry) => {
      const told = objectOf(entry.span_data) ?? {};
      const answer: unknown = listOf(told.output)[0];
      return {
        ...entry,
        time: entry.started_at,
        usage: told.usage,
        request: { ...objectOf(told.model_config), model: told.model, input: told.input },
        response: {
          ...(at(answer, 'choices') === undefined
            ? { role: 'assistant', content: at(answer, 'content') }
            : objectOf(answer)),
          ...(entry.error === null || entry.error === undefined ? {} : { error: entry.error }),
        },
      };
    },
  },
  {
    name: 'honeyhive',
    source: 'https://docs.honeyhive.ai/schema-overview',
    matches: (entry) => 'event_type' in entry && 'inputs' in entry,
    isOther: (entry) => entry.event_type !== 'model',
    pair: (entry) => ({
      ...entry,
      id: entry.event_id,
      time: entry.start_time,
      account: at(entry, 'user_properties', 'user_id') ?? at(entry, 'user_properties', 'id'),
      usage: entry.metadata,
      request: {
        ...objectOf(entry.config),
        messages: at(entry, 'inputs', 'chat_history') ?? at(entry, 'inputs', 'messages'),
      },
      response: { ...objectOf(entry.outputs), ...(entry.error == null ? {} : { error: entry.error }) },
    }),
  },
  {
    name: 'langwatch',
    source: 'https://docs.langwatch.ai/integration/rest-api',
    matches: (entry) => at(entry, 'timestamps', 'started_at') !== undefined && 'input' in entry,
    isOther: (entry) => entry.type !== 'llm',
    pair: (entry) => ({
      ...entry,
      id: entry.span_id,
      time: at(entry, 'timestamps', 'started_at'),
      request: {
        ...objectOf(entry.params),
        model: entry.model,
        input: at(entry, 'input', 'value') ?? entry.input,
      },
      response: { ...(entry.error == null ? {} : { error: entry.error }) },
    }),
  },
];

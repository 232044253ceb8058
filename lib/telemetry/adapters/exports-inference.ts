import type { ExportShape } from './export-shape.ts';
import { at, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { allAsked } from './request.ts';

/** What services that run models log or answer, in shapes of their own. */
export const INFERENCE: readonly ExportShape[] = [
  {
    name: 'sglang',
    source: 'https://docs.sglang.ai/advanced_features/observability.html (request dump: obj, out)',
    matches: (entry) => objectOf(entry.obj) !== undefined && at(entry, 'out', 'meta_info') !== undefined,
    pair: (entry) => {
      const told = at(entry, 'out', 'meta_info');
      // a server that reads texts leaves messages out
      const { text, messages, ...asked } = objectOf(entry.obj) ?? {};
      const isText = typeof text === 'string' && text !== '';
      return {
        ...entry,
        id: entry.rid,
        request: {
          ...{ model: entry.model, sampling_params: asked.sampling_params },
          ...(isText ? { prompt: text } : { ...asked, messages }),
        },
        response: {
          ...{ text: at(entry, 'out', 'text'), usage: told },
          finish_reason: at(told, 'finish_reason', 'type') ?? at(told, 'finish_reason'),
        },
      };
    },
  },
  {
    name: 'lm-studio',
    source: 'https://lmstudio.ai/docs/cli/log-stream (llm.prediction.input)',
    matches: (entry) => /^llm\.prediction\./.test(textAt(entry, 'data', 'type') ?? ''),
    isOther: (entry) => at(entry, 'data', 'type') !== 'llm.prediction.input',
    pair: (entry) => ({
      ...entry,
      request: { model: at(entry, 'data', 'modelIdentifier'), prompt: at(entry, 'data', 'input') },
      response: {},
    }),
  },
  {
    name: 'sagemaker',
    source: 'https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html',
    matches: (entry) => at(entry, 'captureData', 'endpointInput') !== undefined,
    pair: (entry) => {
      const data = (side: string) => {
        const held = objectOf(at(entry, 'captureData', side));
        const text = textAt(held, 'data') ?? '';
        return jsonIn(held?.encoding === 'BASE64' ? Buffer.from(text, 'base64').toString('utf8') : text);
      };
      const attributes = listOf(at(entry, 'eventMetadata', 'customAttributes')).map(String);
      return {
        ...entry,
        id: at(entry, 'eventMetadata', 'eventId'),
        time: at(entry, 'eventMetadata', 'inferenceTime'),
        account:
          entry.account ??
          attributes.map((text) => /(?:account|user)=([^,;]+)/.exec(text)?.[1]).find(Boolean),
        request: data('endpointInput'),
        response: data('endpointOutput'),
      };
    },
  },
  {
    name: 'replicate',
    source: 'https://replicate.com/docs/reference/http#predictions.get',
    matches: (entry) =>
      'input' in entry &&
      'output' in entry &&
      /^(?:succeeded|failed|canceled|processing|starting|aborted)$/.test(textAt(entry, 'status') ?? ''),
    pair: (entry) => ({
      ...entry,
      time: entry.created_at,
      status: undefined,
      request: { model: entry.model ?? entry.version, ...allAsked(objectOf(entry.input) ?? {}) },
      response: {
        text: listOf(entry.output).join(''),
        status: entry.status === 'succeeded' ? 'completed' : entry.status,
        ...(entry.error === null || entry.error === undefined ? {} : { error: entry.error }),
      },
    }),
  },
  {
    name: 'tensorzero',
    source: 'https://www.tensorzero.com/docs/gateway/data-model',
    matches: (entry) => 'function_name' in entry && 'variant_name' in entry && 'input' in entry,
    pair: (entry) => ({
      id: entry.inference_id ?? entry.id,
      time: entry.timestamp,
      account: at(entry, 'tags', 'user_id') ?? at(entry, 'tags', 'account'),
      usage: entry.usage,
      request: {
        ...objectOf(at(entry, 'inference_params', 'chat_completion')),
        model: entry.model ?? entry.model_name ?? entry.function_name,
        ...objectOf(jsonIn(entry.input)),
      },
      response: { role: 'assistant', content: jsonIn(entry.output), finish_reason: entry.finish_reason },
    }),
  },
  {
    name: 'databricks',
    source: 'https://docs.databricks.com/aws/en/ai-gateway/inference-tables',
    matches: (entry) => 'databricks_request_id' in entry,
    pair: (entry) => ({
      id: entry.databricks_request_id,
      time: entry.request_time ?? entry.timestamp_ms,
      // who calls names `client_request_id`, another for each request
      account: entry.requester,
      status: entry.status_code,
      request: jsonIn(entry.request),
      response: jsonIn(entry.response),
    }),
  },
];

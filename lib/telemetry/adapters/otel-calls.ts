import { at } from './fields.ts';
import { isModelCall, isOtherModel, isVectorModel } from './model-calls.ts';
import { textIn } from './otel-endings.ts';
import { otelBody } from './otel-messages.ts';
import type { Attributes, OtlpEntry } from './otlp.ts';

/** What a span is: a call of a language model or something else, and of which model. */
const OPERATIONS = [
  'gen_ai.operation.name',
  'llm.request.type',
  'ai.operationId',
  'operation.name',
  'langfuse.observation.type',
  'genkit:metadata:subtype',
] as const;
export const MODELS = [
  'gen_ai.request.model',
  'gen_ai.response.model',
  'llm.model_name',
  'llm.request.model',
  'ai.model.id',
  'langfuse.observation.model.name',
  'embedding.model_name',
  'genkit:name',
] as const;

/**
 * Attributes that say outright what a span is, and the word by which it is a call of a language model: OpenInference, MLflow,
 * LangSmith, Braintrust, Laminar, Alibaba's conventions, HoneyHive, Traceloop, Datadog.
 */
const KINDS: readonly (readonly [name: string, call: RegExp])[] = [
  ['openinference.span.kind', /^llm$/i],
  ['mlflow.spanType', /^"?(?:llm|chat_model)"?$/i],
  ['langsmith.span.kind', /^llm$/i],
  ['braintrust.span_attributes', /"type"\s*:\s*"llm"/],
  ['lmnr.span.type', /^llm$/i],
  ['gen_ai.span.kind', /^llm$/i],
  ['fi.span.kind', /^llm$/i],
  ['honeyhive_event_type', /^model$/i],
  ['dd.span.kind', /^llm$/i],
];

/** Whether a span or details event is a call of a language model. */
export function isCall({ attributes }: OtlpEntry): boolean {
  for (const [name, call] of KINDS) {
    const kind = textIn(attributes[name]);
    if (kind !== undefined) return call.test(kind) && modelIn(attributes) !== undefined;
  }
  const vercel = textIn(attributes['ai.operationId']);
  // The outer span tells the whole loop, its children the calls.
  if (vercel !== undefined && !/\.do(?:Generate|Stream)$/.test(vercel)) return false;
  const model = modelIn(attributes);
  if (model === undefined) return false;
  const operation = OPERATIONS.map((name) => textIn(attributes[name])).find((name) => name !== undefined);
  if (operation === undefined) return !isOtherModel(model);
  // Langfuse; Genkit's actions of a model
  if (/^(?:generation|model)$/i.test(operation)) return true;
  // Cloudflare's gateway calls every request a chat
  return isModelCall(operation) === true && !isVectorModel(model);
}

/** The model that an attribute names, or the body of the request in one. */
export function modelIn(attributes: Attributes): string | undefined {
  return (
    MODELS.map((name) => textIn(attributes[name])).find((name) => name !== undefined) ??
    textIn(at(otelBody(attributes), 'model'))
  );
}

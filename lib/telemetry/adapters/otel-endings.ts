import { errorEnding, readAnswer } from './answer.ts';
import { type Ending, endingOf } from './endings.ts';
import { at, jsonIn, listOf, objectOf, textAt } from './fields.ts';
import { langfuseTokens } from './langfuse-usage.ts';
import { DETAILS } from './otel-messages.ts';
import type { OtlpEntry } from './otlp.ts';
import { tokensOf } from './token-counts.ts';

/** Attributes that say how a call ended, by the conventions and by instrumentations. */
const FINISH_PLACES = [
  'gen_ai.response.finish_reasons',
  'gen_ai.response.finish_reason',
  'gen_ai.completion.0.finish_reason',
  'ai.response.finishReason',
  'llm.response.finish_reason',
  'llm.finish_reason',
  'llm.output_messages.0.message.finish_reason',
] as const;

/** Attributes that hold an answer's body: ADK, Logfire, OpenInference, Langfuse. */
const ANSWERS = [
  'gcp.vertex.agent.llm_response',
  'response_data',
  'output.value',
  'langfuse.observation.output',
  'genkit:output',
  'mlflow.spanOutputs',
  'braintrust.output_json',
  'gen_ai.completion_json',
];

/** Attributes that hold counts as JSON: Langfuse, MLflow, Braintrust. */
const COUNTS = ['langfuse.observation.usage_details', 'mlflow.chat.tokenUsage', 'braintrust.metrics'];

/** Token counts that a span holds as JSON: alone, or in an answer's body. */
export function answerTokens(attributes: OtlpEntry['attributes']): {
  input: number | undefined;
  output: number | undefined;
} {
  for (const name of COUNTS) {
    const counts = jsonIn(attributes[name]);
    if (at(counts, 'input') !== undefined || at(counts, 'output') !== undefined)
      return { input: langfuseTokens(counts, 'input'), output: langfuseTokens(counts, 'output') };
    const named = tokensOf(counts);
    if (named.input !== undefined || named.output !== undefined) return named;
  }
  const [told] = ANSWERS.map((name) => objectOf(jsonIn(attributes[name])))
    .filter((body) => body !== undefined)
    .map(readAnswer);
  return { input: told?.inputTokens, output: told?.outputTokens };
}

/** All that a span or details event says about how its call ended. @param words of the choices that log events told */
export function endingsIn({ attributes, events, entry }: OtlpEntry, words: readonly string[]): Ending[] {
  const said: unknown[] = [...words.slice(0, 1)];
  for (const name of FINISH_PLACES) {
    const held = jsonIn(attributes[name]);
    said.push(Array.isArray(held) ? held[0] : held);
  }
  for (const held of [
    attributes,
    ...events.filter(({ name }) => name === DETAILS).map((event) => event.attributes),
  ])
    said.push(at(listOf(jsonIn(held['gen_ai.output.messages']))[0], 'finish_reason'));
  const told = listOf(jsonIn(attributes.events)).find((event) => at(event, 'event.name') === 'gen_ai.choice');
  said.push(at(told, 'finish_reason'));
  // Semantic Kernel before it followed the convention's events
  const completion = events.find(({ name }) => name === 'gen_ai.content.completion');
  said.push(at(listOf(jsonIn(completion?.attributes['gen_ai.completion']))[0], 'finish_reason'));
  const choice = events.find(({ name }) => name === 'gen_ai.choice');
  said.push(
    choice?.attributes.finish_reason ??
      at(jsonIn(choice?.attributes['gen_ai.event.content']), 'finish_reason'),
  );
  const endings = said.flatMap((word) => (typeof word === 'string' ? (endingOf(word) ?? []) : []));
  for (const name of ANSWERS) endings.push(...readAnswer(answerIn(attributes[name])).endings);
  const exception = events.find(({ name }) => name === 'exception')?.attributes;
  const type = textIn(attributes['error.type']);
  const code = at(entry, 'status', 'code');
  // https://langfuse.com/integrations/native/opentelemetry#property-mapping
  const level = attributes['langfuse.observation.level'];
  const failed = code === 2 || [code, level].some((word) => word === 'STATUS_CODE_ERROR' || word === 'ERROR');
  if (type !== undefined || failed || exception !== undefined)
    endings.push(
      errorEnding({
        code: type,
        type: textIn(exception?.['exception.type']),
        message: `${textAt(entry, 'status', 'message') ?? ''} ${textIn(attributes['error.message']) ?? ''} ${textIn(exception?.['exception.message']) ?? ''}`,
      }),
    );
  return endings;
}

/** An answer's body; a list of choices as the body that they are of. */
function answerIn(held: unknown): object {
  const value = jsonIn(held);
  return Array.isArray(value) ? { choices: value } : (objectOf(value) ?? {});
}

/** A text, or a number as one; undefined for anything else. */
export function textIn(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

import { at, jsonIn, listOf, objectOf } from './fields.ts';
import type { Attributes } from './otlp.ts';

/**
 * Haystack's spans of components in the words of the conventions: what a generator was given and gave back stands in two
 * attributes, where content tracing is on (https://docs.haystack.deepset.ai/docs/tracing, HAYSTACK_CONTENT_TRACING_ENABLED).
 * Of other components and of other instrumentations the attributes as they are.
 */
export function haystackSpelt(attributes: Attributes): Attributes {
  if (typeof attributes['haystack.component.type'] !== 'string') return attributes;
  const given = jsonIn(attributes['haystack.component.input']);
  const made = jsonIn(attributes['haystack.component.output']);
  const reply = listOf(at(made, 'replies'))[0];
  // of a chat generator the reply's own, of a plain one beside the replies
  const meta =
    objectOf(at(reply, 'meta')) ?? objectOf(at(reply, '_meta')) ?? objectOf(listOf(at(made, 'meta'))[0]);
  const settings = at(given, 'generation_kwargs');
  const model = at(meta, 'model') ?? at(settings, 'model') ?? attributes['haystack.model'];
  if (!/Generator$/.test(attributes['haystack.component.type'])) return attributes;
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': model ?? attributes['haystack.component.type'],
    'input.value': JSON.stringify({ ...objectOf(given), messages: chatMessages(given) }),
    'llm.invocation_parameters': JSON.stringify(settings ?? {}),
    'output.value': JSON.stringify({
      choices: [{ ...meta, text: replyText(reply) }],
      usage: at(meta, 'usage'),
    }),
    ...attributes,
  };
}

/** `ChatMessage.to_dict()`, whose content was `_content` before version 2.9. */
function chatMessages(given: unknown): unknown[] | undefined {
  const messages = listOf(jsonIn(at(given, 'messages'))).map((held) => ({
    role: at(held, 'role') ?? at(held, '_role'),
    content: listOf(at(held, 'content') ?? at(held, '_content')).map((part) =>
      at(part, 'tool_call_result') === undefined ? part : { toolResult: at(part, 'tool_call_result') },
    ),
  }));
  return messages.length === 0 ? undefined : messages;
}

function replyText(reply: unknown): unknown {
  return typeof reply === 'string' ? reply : at(listOf(at(reply, 'content'))[0], 'text');
}

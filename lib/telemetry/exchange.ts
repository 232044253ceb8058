import * as z from 'zod';
import { turnsOf } from './turns.ts';

/**
 * One request to a model and its response as the provider's gateway sees it, text included
 * (the product's input contract; NDJSON, one a line). It never leaves the gateway.
 */

const isoTime = z.iso.datetime({ offset: true });

/** Parts are read by turns.ts, which takes any; what has no text of somebody's counts for nothing. */
const contentPart = z.union([
  z.string(),
  z.looseObject({ type: z.string().optional(), text: z.string().optional() }),
  z.looseObject({ type: z.unknown().optional(), text: z.unknown().optional() }),
]);

/** A message's content: plain text, or parts of which only the text parts count. */
export const messageContent = z.union([z.string(), z.array(contentPart), z.null()]);

export const message = z.looseObject({
  role: z.string().min(1).describe('system, developer, user, assistant, tool, or what the gateway calls it'),
  content: messageContent.describe('text, or a list of parts of which the text parts count'),
});

export const outcome = z.enum(['ok', 'refused', 'truncated', 'error']);

const tokens = z.number().int().min(0).max(1e9);

export const samplingParams = z.looseObject({
  temperature: z.number().min(0).max(10).optional(),
  topP: z.number().min(0).max(1).optional(),
  maxTokens: tokens.optional(),
  n: z.number().int().min(1).max(1e6).optional(),
  logprobs: z.union([z.boolean(), z.number()]).optional(),
  seed: z.number().optional(),
});

export const exchange = z.looseObject({
  v: z.literal(1).describe('version of this schema'),
  id: z.string().min(1).max(512).describe("the gateway's request id; repeats when a client retries"),
  reusedId: z
    .boolean()
    .optional()
    .describe(
      'the id is one that comes again for other requests: a keyed print of the prompt is added to it',
    ),
  time: isoTime.describe('event time: when the exchange happened'),
  account: z.string().min(1).max(512).describe("the provider's customer as it authenticates"),
  model: z.string().min(1).max(256),
  messages: z
    .array(message)
    .min(1)
    .describe('what was sent to the model; a last turn of the model that is not `completion` is asked too'),
  completion: z
    .string()
    .nullish()
    .describe('the answer: where it stands as the last message too, it is not what was asked'),
  beside: z
    .string()
    .optional()
    .describe(
      'what tells this call from others with the same words and stands in none of them, such as a digest of a file',
    ),
  usage: z.looseObject({ inputTokens: tokens, outputTokens: tokens }),
  params: samplingParams.optional(),
  outcome,
  origin: z
    .looseObject({
      ip: z.string().max(256).optional(),
      asn: z.number().int().min(0).max(4294967295).optional(),
      tls: z.string().max(512).optional().describe('TLS client fingerprint, for example JA4'),
      userAgent: z.string().max(8192).optional(),
      credential: z.string().max(8192).optional(),
    })
    .optional(),
  customer: z.looseObject({
    plan: z.string().min(1).max(64),
    product: z.string().min(1).max(64),
    createdAt: isoTime.describe('when the account was opened'),
    payment: z.string().max(512).optional(),
  }),
});

export type Exchange = z.infer<typeof exchange>;
export type Message = z.infer<typeof message>;

/** The text of a message's content; parts other than text count for nothing. */
export function textOf(content: z.infer<typeof messageContent>): string {
  return turnsOf([{ role: 'user', content }])
    .filter(({ kind }) => kind === 'user')
    .map(({ text }) => text)
    .join('\n');
}

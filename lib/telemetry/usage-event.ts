import * as z from 'zod';
import { LIMITS } from '../limits.ts';
import { outcome } from './exchange.ts';

/**
 * The telemetry of one exchange: who, when, how much, which behaviours, and keyed fingerprints.
 * No text, and nothing that a dictionary turns back into text without the keys.
 * Fields are frozen: from version 1 on only additions.
 */

/** Behaviours that the recorder can see in a request; each is explained in docs/telemetry.md. */
export const BEHAVIOURS = [
  'reasoning', // asks for the reasoning, step by step, chain of thought or hidden trace
  'grading', // asks the model to score, rank, compare or judge given answers
  'thinking-language', // fixes the language in which the model is to think
  'multi-sample', // asks for several answers to one prompt (n > 1, or in words)
  'logprobs', // asks for token probabilities
  'format', // demands a machine-readable answer format
  'persona', // gives the model a role to play
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** Coarse script class of the last user message. */
export const SCRIPTS = [
  'latin',
  'han',
  'kana',
  'hangul',
  'cyrillic',
  'arabic',
  'devanagari',
  'other',
  'none',
] as const;

const print = z.string().regex(/^[A-Za-z0-9_-]{8,22}$/);

/**
 * Keyed fingerprints under one key epoch. Equal inputs under one epoch give equal prints; nothing else
 * can be learnt without the key. Each is base64url of 64 bits (11 characters), `sketch` apart.
 */
export const prints = z.strictObject({
  epoch: z.string().min(1).max(32).describe('id of the key epoch, for example 2026-03'),
  prompt: print.describe('the whole last user message, case, punctuation and white space folded'),
  opening: print
    .optional()
    .describe(
      'its first five words, or fewer where a label ends there (a colon or a line break), digits folded; absent for an empty prompt',
    ),
  closing: print.optional().describe('its last five words, digits folded'),
  layout: print
    .optional()
    .describe('its skeleton: line structure, bullets, labels before colons, without the words'),
  system: print.optional().describe('the system prompt; absent where there is none'),
  sketch: z
    .string()
    .max(64)
    .optional()
    .describe(
      'MinHash of word 2-grams: 16 bins x 16 bits, base64url (43 characters); equal bins estimate Jaccard',
    ),
  address: print.optional().describe('the address the request came from'),
  network: print.optional().describe('its block: /24 for IPv4, /48 for IPv6'),
  asn: print.optional().describe('its autonomous system'),
  tls: print.optional(),
  agent: print.optional().describe('user agent'),
  credential: print.optional(),
  payment: print.optional(),
});

/** What the recorder makes of an account's name: keyed, and it does not rotate. */
export const PSEUDONYM = /^a_[a-z2-7]{26}$/;

export const usageEvent = z.strictObject({
  v: z.literal(1),
  id: z
    .string()
    .min(1)
    .max(LIMITS.eventId.most)
    .describe("the exchange's id, so that an analyst can open the gateway's own logs"),
  time: z.iso.datetime().describe('event time, UTC, ends in Z'),
  account: z.string().regex(PSEUDONYM).describe('pseudonym: keyed, does not rotate; `resolve` gives it back'),
  model: z.string().min(1).max(LIMITS.eventModel.most),
  outcome,
  usage: z.strictObject({
    inputTokens: z
      .number()
      .int()
      .min(0)
      .max(1e9)
      .describe(
        'tokens, rounded to one significant digit: the exact length of a prompt is a handle for a dictionary',
      ),
    outputTokens: z.number().int().min(0).max(1e9).describe('tokens, rounded to two significant digits'),
  }),
  params: z.strictObject({
    temperature: z.number().min(0).max(10).optional(),
    topP: z.number().min(0).max(1).optional(),
    maxTokens: z.number().int().min(0).max(1e9).optional(),
    n: z.number().int().min(1).max(1e6).optional(),
    seeded: z.boolean().optional(),
  }),
  customer: z.strictObject({
    plan: z.string().min(1).max(LIMITS.eventCustomer.most),
    product: z.string().min(1).max(LIMITS.eventCustomer.most),
    createdAt: z.iso
      .datetime()
      .describe(
        'when the account was opened: the day, later the Monday of the week, then the first of the month',
      ),
  }),
  shape: z.strictObject({
    turns: z
      .number()
      .int()
      .min(0)
      .max(1e6)
      .describe('user messages in the request; 1 is a self-contained question'),
    system: z.boolean().describe('carries a system prompt'),
    words: z
      .number()
      .int()
      .min(0)
      .max(40)
      .describe('length class of the last user message: round(2 * log2(1 + words))'),
    head: z
      .number()
      .int()
      .min(0)
      .max(40)
      .describe('length class of its first line, same scale: an instruction without its input'),
    instruction: z
      .boolean()
      .describe(
        'phrased as a task: begins with an instruction verb (Write, Generate, Describe, 写, Explique, ...), also after a short polite or role lead-in',
      ),
    lines: z.number().int().min(0).max(40).describe('round(2 * log2(lines))'),
    script: z.enum(SCRIPTS),
    question: z.boolean().describe('ends in a question mark'),
    code: z.boolean().describe('contains what looks like program code'),
    input: z.boolean().describe('an instruction followed by separate input: a blank line and then more text'),
    steps: z
      .number()
      .int()
      .min(0)
      .max(1e6)
      .optional()
      .describe('results of tools since the last user message; absent in conversations without tools'),
    fromTools: z
      .number()
      .int()
      .min(0)
      .max(10)
      .optional()
      .describe("tenths of the conversation's text (users' and tools') that came from tools"),
    askedByTool: z
      .boolean()
      .optional()
      .describe(
        "what is taken as the prompt is a tool's result: no user said anything, or the result asks for work",
      ),
  }),
  behaviours: z.array(z.enum(BEHAVIOURS)).max(BEHAVIOURS.length),
  prints: z.array(prints).min(1).max(2).describe('newest key epoch first; two during an overlap'),
});

export type UsageEvent = z.infer<typeof usageEvent>;
export type Prints = z.infer<typeof prints>;

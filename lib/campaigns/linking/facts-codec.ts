import * as z from 'zod';
import { type AccountFacts, VALUES_PER_KIND } from './link-facts.ts';

/** Stored facts that cannot be read: damaged, or of a newer version than this code knows. */
export class FactsError extends Error {
  override readonly name = 'FactsError';
}

/** Longest value that is kept: prints have at most 22 characters, a place is made of two or three of them. */
const seen = z.strictObject({ value: z.string().min(1).max(256), seen: z.number().int().min(0) });
const values = z.array(seen).max(VALUES_PER_KIND);

const schema = z.strictObject({
  v: z.literal(1),
  plan: z.string().max(64),
  product: z.string().max(64),
  createdAt: z.number(),
  firstSeen: z.number(),
  values: z.strictObject({
    payment: values,
    credential: values,
    network: values,
    client: values,
    setting: values,
  }),
});

/** Text of at most a few kilobytes, whatever the account shows. */
export function encodeFacts(facts: AccountFacts): string {
  return JSON.stringify(facts);
}

/** @throws FactsError naming the field */
export function decodeFacts(text: string): AccountFacts {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FactsError('link facts are not JSON', { cause: error });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FactsError(`link facts: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'unreadable'}`);
  }
  return parsed.data;
}

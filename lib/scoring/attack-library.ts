import * as z from 'zod';
import shipped from './attack-profiles.json' with { type: 'json' };
import { factScale } from './fact-scale.ts';

/**
 * What known attacks look like: facts of windows of accounts that extracted, and of ordinary accounts of the same make
 * beside them, so that a learner told to find the former cannot find the make instead. Numbers only; nothing in it
 * names or identifies anybody, and no text or print can be had from it.
 */
const rows = z
  .array(z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/))
  .min(1)
  .describe('windows of one account: base64 of a step (a byte) for each fact');

/** A window's steps as they are written, and as they are read. */
export function writeSteps(steps: readonly number[]): string {
  return Buffer.from(steps).toString('base64');
}
export function readSteps(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

export const attackLibrary = z.strictObject({
  v: z.literal(1),
  id: z.string().min(1).max(64).describe('version'),
  facts: z.array(factScale).describe('facts of the rows, in their order, each with the scale of its steps'),
  attacks: z.array(rows).describe('accounts that extracted'),
  ordinary: z.array(rows).describe('ordinary accounts of the same make'),
});
export type AttackLibrary = z.infer<typeof attackLibrary>;

/** Made by examples/make-attack-profiles.ts from labelled development traffic. */
export const shippedLibrary: AttackLibrary = attackLibrary.parse(shipped);

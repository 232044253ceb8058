import * as z from 'zod';
import { AUTHOR_MAX, silenced } from './finding.ts';

/** A quiet exception: a subject is judged and recorded, and nobody is told, until a date. None lasts for ever. */
export const exception = z.strictObject({
  v: z.literal(1),
  subject: z.string().min(1).describe('pseudonym of the account, or id of the campaign'),
  until: z.iso.datetime(),
  by: z.string().max(AUTHOR_MAX),
  at: z.iso.datetime(),
  finding: z.string().describe('finding whose verdict made it'),
  note: z.string().max(4000).optional(),
  silenced: silenced.optional(),
});
export type Exception = z.infer<typeof exception>;

/** Who can say whether a subject is excepted; the findings table in production. */
export interface ExceptionPort {
  /** The exception that is in force at `now` (ms since 1970), undefined where none is. */
  exceptionFor(subject: string, now: number): Promise<Exception | undefined>;
}

export function inForce(held: Exception, now: number): boolean {
  return Date.parse(held.until) > now;
}

/** When an exception says nothing any more, ms: neither silences, nor tells who silenced alone for how long. */
export function rememberedUntil({ until, silenced = [] }: Exception): number {
  return Math.max(...[until, ...silenced.map((one) => one.until)].map((end) => Date.parse(end)));
}

import * as z from 'zod';
import { LIMITS } from '../limits.ts';
import { DAY_MS } from '../time.ts';
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

/** After a silence by one person, that person alone cannot silence the subject again for so long, ms: what goes on is told. */
export const REST_MS = LIMITS.silenceDays.most * DAY_MS;

/** Who can say whether a subject is excepted; the findings table in production. */
export interface ExceptionPort {
  /** The exception that is in force at `now` (ms since 1970), undefined where none is. */
  exceptionFor(subject: string, now: number): Promise<Exception | undefined>;
}

export function inForce(held: Exception, now: number): boolean {
  return Date.parse(held.until) > now;
}

/** When an exception says nothing any more, ms: neither silences, nor tells who may not silence alone again yet. */
export function rememberedUntil({ until, silenced = [] }: Exception): number {
  return Math.max(Date.parse(until), ...silenced.map((one) => Date.parse(one.until) + REST_MS));
}

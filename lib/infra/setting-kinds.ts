/** Kinds of values that a setting may have: what is allowed, as a schema and in words. */
import * as z from 'zod';

export interface Setting<T> {
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  /** what is allowed, in words, for the error and for the table in docs/operations.md */
  readonly allowed: string;
  readonly what: string;
}

/** Context from the command line is text, from cdk.json it may be a number: both are read. */
export function wholeNumber(min: number, max: number, fallback: number, what: string): Setting<number> {
  const text = z
    .string()
    .trim()
    .regex(/^\d+$/)
    .transform((digits) => Number(digits));
  return {
    schema: z.union([z.number(), text]).pipe(z.number().int().min(min).max(max)),
    fallback,
    allowed: `a whole number from ${min} to ${max}`,
    what,
  };
}

export function choice<const T extends string>(
  values: readonly [T, ...T[]],
  fallback: T,
  what: string,
): Setting<T> {
  return { schema: z.enum(values), fallback, allowed: values.join(', '), what };
}

export function numberChoice(values: readonly number[], fallback: number, what: string): Setting<number> {
  const schema = z.union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)]);
  return {
    schema: schema.refine((value) => values.includes(value)),
    fallback,
    allowed: values.join(', '),
    what,
  };
}

export function onOff(fallback: boolean, what: string): Setting<boolean> {
  const text = z.enum(['true', 'false']).transform((word) => word === 'true');
  return { schema: z.union([z.boolean(), text]), fallback, allowed: 'true, false', what };
}

export function text(pattern: RegExp, fallback: string, allowed: string, what: string): Setting<string> {
  return { schema: z.string().regex(pattern), fallback, allowed, what };
}

/** One, several with commas between them, or a JSON list in cdk.json. */
export function several(
  one: z.ZodType<string, string>,
  allowed: string,
  what: string,
): Setting<readonly string[]> {
  const list = z.array(one);
  const commas = z
    .string()
    .transform((line) =>
      line
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .pipe(list);
  return { schema: z.union([list, commas]), fallback: [], allowed, what };
}

export function addresses(what: string): Setting<readonly string[]> {
  return several(z.email(), 'e-mail addresses, comma between', what);
}

/** ITU E.164, as SNS takes them. */
export function phones(what: string): Setting<readonly string[]> {
  const number = z.string().regex(/^\+[1-9]\d{6,14}$/);
  return several(number, 'phone numbers as +4930123456, comma between', what);
}

/** Retention periods that CloudWatch Logs accepts, in days. */
export const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

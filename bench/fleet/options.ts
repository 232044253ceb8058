import { parseArgs } from 'node:util';
import { type Bounds, inWords, isWithin, WORKLOAD_BOUNDS } from '../../lib/infra/cost/plan.ts';

export interface Size {
  readonly accounts: number;
  /** events a second */
  readonly rate: number;
}

export interface FleetOptions {
  readonly html: string | undefined;
  readonly json: string | undefined;
  /** undefined: those that are always simulated */
  readonly size: Size | undefined;
}

/** Without a rate, an account sends so many events a second. */
const EVENTS_OF_ONE = 0.01;

/** @throws Error naming the option, and what is allowed: also of a rate or a number that follows from the other */
export function fleetOptions(args: readonly string[]): FleetOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { html: text, json: text, accounts: text, rate: text },
  });
  const accounts = within('--accounts', values.accounts, WORKLOAD_BOUNDS.accounts);
  const rate = within('--rate', values.rate, WORKLOAD_BOUNDS.eventsPerSecond);
  const number = accounts ?? (rate === undefined ? undefined : Math.ceil(rate / EVENTS_OF_ONE));
  const size = number === undefined ? undefined : { accounts: number, rate: rate ?? number * EVENTS_OF_ONE };
  if (size !== undefined && !isWithin(WORKLOAD_BOUNDS.eventsPerSecond, size.rate))
    throw new RangeError(
      `--accounts ${values.accounts}: at ${EVENTS_OF_ONE} events a second each that is a rate of ${size.rate.toLocaleString('en-US')}, which must be ${inWords(WORKLOAD_BOUNDS.eventsPerSecond)}: give --rate as well`,
    );
  return { html: values.html, json: values.json, size };
}

function within(name: string, text: string | undefined, bounds: Bounds): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (!isWithin(bounds, value)) throw new RangeError(`${name} ${text}: must be ${inWords(bounds)}`);
  return value;
}

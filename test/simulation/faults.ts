import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { type Call, type Interference, World } from './world.ts';

export interface FaultRates {
  /** share of calls that are hit */
  readonly rate: number;
  /** share of invocations that time out while their calls go on */
  readonly zombie: number;
  /** share of those whose calls are under way for very long */
  readonly slow: number;
  /** share of batches that are delivered again later */
  readonly duplicate: number;
  /** share of invocations on a new environment */
  readonly cold: number;
  /** share of environments whose clock is wrong by up to a minute */
  readonly clock: number;
  /** share of runs in which a service is away or throttled for a while */
  readonly outage: number;
}

export const USUAL: FaultRates = {
  rate: 0.05,
  zombie: 0.15,
  slow: 0.7,
  duplicate: 0.08,
  cold: 0.12,
  clock: 0.3,
  outage: 0.4,
};

/** A stretch of operations in which calls of one kind are refused. */
interface Outage {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  hits(call: Call): boolean;
}

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

/** Faults of services as their pages describe them: refused, done but not answered, done twice, died. */
export function faults(rates: FaultRates, world: World): Interference {
  const outages = world.random() < rates.outage ? [outageOf(world)] : [];
  return (call) => {
    if (call.caller.dead || call.caller.sure) return false;
    const at = world.tally.operations;
    const outage = outages.find((held) => at >= held.from && at < held.to && held.hits(call));
    if (outage !== undefined) {
      world.tally.failures++;
      world.answer(call, () => {
        throw named(outage.name, 'throttled');
      });
      return true;
    }
    return hit(call, rates.rate, world);
  };
}

function hit(call: Call, rate: number, world: World): boolean {
  const dice = world.random() / rate;
  if (dice >= 1) return false;
  const writes = World.isWrite(call);
  world.tally.failures++;
  if (dice < 0.3) world.answer(call, refuse);
  else if (dice < 0.55 && writes) {
    attempt(call, world);
    world.answer(call, refuse);
  } else if (dice < 0.75 && writes) {
    // the answer was lost, and the SDK sent it again (sdkref/latest/guide/feature-retry-behavior.html)
    attempt(call, world);
    world.answer(call, () => world.perform(call));
  } else if (dice < 0.9) {
    if (world.random() < 0.5) attempt(call, world);
    world.kill(call.caller);
  } else world.answer(call, () => refuse('TimeoutError'));
  return true;
}

function refuse(name = 'InternalServerError'): never {
  throw named(name, 'a fault of the service');
}

function attempt(call: Call, world: World): void {
  try {
    world.perform(call);
  } catch {
    // the service refused it; nobody hears
  }
}

function outageOf(world: World): Outage {
  const from = Math.floor(world.random() * 400);
  const span = { from, to: from + 20 + Math.floor(world.random() * 150) };
  // longer than a function tries by itself, whatever else goes on beside it
  const long = { from, to: from + 80 + Math.floor(world.random() * 300) };
  const which = Math.floor(world.random() * 7);
  const digit = Math.floor(world.random() * 5);
  const inputOf = (call: Call): unknown => ('input' in call.command ? call.command.input : undefined);
  switch (which) {
    case 0:
      return {
        ...span,
        name: 'ProvisionedThroughputExceededException',
        hits: (call) => call.service === 'dynamodb' && JSON.stringify(inputOf(call)).includes('"profiles"'),
      };
    case 1:
      return { ...span, name: 'SlowDown', hits: ({ service }) => service === 's3' };
    case 2:
      return { ...span, name: 'InternalException', hits: ({ service }) => service === 'messages' };
    case 3:
      return {
        ...span,
        name: 'InternalException',
        hits: ({ command }) => command instanceof PutEventsCommand,
      };
    case 4:
      // writes of the accounts themselves: each of them waits, all else goes on
      return {
        ...long,
        name: 'ThrottlingException',
        hits: ({ command }) => command instanceof UpdateItemCommand && command.input.TableName === 'profiles',
      };
    case 5:
      // a hot partition: some accounts are throttled, their neighbours are not
      return {
        ...long,
        name: 'ProvisionedThroughputExceededException',
        hits: ({ command }) =>
          command instanceof UpdateItemCommand &&
          command.input.TableName === 'profiles' &&
          (command.input.Key?.account?.S ?? '').charCodeAt(2) % 5 === digit,
      };
    default:
      return { ...span, name: 'ThrottlingException', hits: ({ service }) => service === 'dynamodb' };
  }
}

import { RolloutBusy, RolloutError, RolloutRefused } from '../../aws/app-config-names.ts';
import { type Deployed, timeLeft } from '../../aws/policy-rollout.ts';
import { InputError, NotYetError } from '../../input/errors.ts';
import { typedHere } from '../shared/called-as.ts';
import { asInputError } from '../shared/deployment.ts';
import { type RolloutOptions, type RolloutTarget, rolloutTarget } from './rollout-target.ts';

/** What the rollout verbs have in common. */

export interface JsonOption {
  readonly json?: boolean;
}

export const out = (line = ''): void => {
  process.stdout.write(`${typedHere(line)}\n`);
};

/** Runs a rollout verb against its target, and turns what the service says into one sentence. */
export async function withTarget<T>(
  options: RolloutOptions,
  use: 'read' | 'change',
  run: (target: RolloutTarget) => Promise<T>,
): Promise<T> {
  const target = await rolloutTarget(options, use);
  try {
    return await run(target);
  } catch (error) {
    if (error instanceof RolloutBusy) throw new NotYetError(error.message, { cause: error });
    // no cause: the exit code is that of what was typed, not of a service
    if (error instanceof RolloutRefused) throw new InputError(error.message);
    if (error instanceof RolloutError) throw new InputError(error.message, { cause: error });
    throw asInputError(error, target.where);
  } finally {
    target.close();
  }
}

export function describeState({ state, overAt }: Deployed): string {
  return state === 'BAKING'
    ? `baking${overAt === undefined ? '' : ` for about ${timeLeft(overAt)} more`}: an alarm takes it back by itself`
    : state.toLowerCase().replaceAll('_', ' ');
}

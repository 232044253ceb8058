import type { StepName, Turn } from '../../lib/backtest/shards/turns.ts';
import { type Asked, type BacktestStepInput, MOST_TURNS } from '../../lib/contract/backtest-steps.ts';
import { divideTurn } from './divide.ts';
import { mergeTurn } from './merge.ts';
import type { TurnPorts } from './ports.ts';
import { replayTurn } from './replay.ts';

/**
 * The steps of a backtest in shards (lib/contract/backtest-steps.ts), a turn at a time. A turn that stands is not made again; one that did
 * not end begins again from the one before, and what it had put counts for nothing. What comes out is what one process
 * replays, bit for bit, as the states of all steps are plain data (lib/backtest/shards).
 */
export async function backtestStep(ports: TurnPorts, input: BacktestStepInput): Promise<Asked> {
  const { run, shards } = input;
  const items = Array.from({ length: shards }, (_, shard) => ({ shard }));
  if (input.step === 'plan') {
    const request = await ports.runs.needRequest(run);
    if (request.shards !== shards)
      throw new Error(`${run} was asked with ${request.shards} shards, the machine has ${shards}: ask again`);
    return { run, shards, items, turn: 0, done: false };
  }
  const { turn } = input;
  if (turn >= MOST_TURNS)
    throw new Error(
      `${run}: ${input.step} has not ended after ${MOST_TURNS} turns: more shards, or less traffic`,
    );
  const step: StepName = input.step === 'replay' ? `replay-${input.shard}` : input.step;
  const known = await ports.runs.turn(run, step, turn);
  const { done } = known ?? (await ports.runs.keepTurn(run, step, turn, await made(ports, input)));
  const next = { run, shards, turn: done ? 0 : turn + 1, done };
  return input.step === 'replay' ? { ...next, shard: input.shard } : { ...next, items };
}

function made(ports: TurnPorts, input: Exclude<BacktestStepInput, { step: 'plan' }>): Promise<Turn> {
  switch (input.step) {
    case 'divide':
      return divideTurn(ports, input);
    case 'replay':
      return replayTurn(ports, input);
    case 'merge':
      return mergeTurn(ports, input);
  }
}

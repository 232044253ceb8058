import { type Profiler, Session } from 'node:inspector/promises';
import { decodeBatch } from '../../lambdas/score/decode-batch.ts';
import { processHot } from '../../lib/detection/process-batch.ts';
import { ItemStore } from './item-store.ts';

/** Where the time of the score function goes. */
export const PHASES = ['decode', 'load', 'fold', 'judge', 'encode', 'facts', 'garbage', 'other'] as const;
export type Phase = (typeof PHASES)[number];

/** Functions that a phase begins with; what they call is of the phase, unless another begins there. */
const BEGINS: Readonly<Record<string, Phase>> = {
  [decodeBatch.name]: 'decode',
  [processHot.name]: 'fold',
  look: 'judge',
  '#newFacts': 'facts',
  '#keepFacts': 'facts',
  '#newPrompts': 'facts',
  '#keepPrompts': 'facts',
  '(garbage collector)': 'garbage',
  [ItemStore.prototype.loadItems.name]: 'load',
  [ItemStore.prototype.saveItem.name]: 'encode',
};
/** What the bench and its profiler do beside the function. */
const NOT_MEASURED = new Set(['recordsOf', 'bound', 'dispatch', '(idle)', '(program)', '(root)']);

/** Shares of the time that the function took while `run` ran, by a sampling profiler; they sum up to one. */
export async function phasesOf(run: () => Promise<void>): Promise<Record<Phase, number>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  return shares(profile);
}

function shares({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<Phase, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const phases = new Map<number, Phase | undefined>();
  const walk = (id: number, inherited: Phase | undefined): void => {
    const node = byId.get(id);
    if (node === undefined) return;
    const { functionName } = node.callFrame;
    const phase = NOT_MEASURED.has(functionName) ? undefined : (BEGINS[functionName] ?? inherited);
    phases.set(id, phase);
    for (const child of node.children ?? []) walk(child, phase);
  };
  for (const child of nodes[0]?.children ?? []) walk(child, beginsElsewhere(byId.get(child)));
  const micros = new Map<Phase, number>();
  let all = 0;
  samples.forEach((id, i) => {
    const phase = phases.get(id);
    if (phase === undefined) return;
    const took = timeDeltas[i] ?? 0;
    micros.set(phase, (micros.get(phase) ?? 0) + took);
    all += took;
  });
  return Object.fromEntries(PHASES.map((phase) => [phase, (micros.get(phase) ?? 0) / all])) as Record<
    Phase,
    number
  >;
}

/** What lies below the root is other work of the function, but for the bench's own. */
function beginsElsewhere(node: Profiler.ProfileNode | undefined): Phase | undefined {
  return node === undefined || NOT_MEASURED.has(node.callFrame.functionName) ? undefined : 'other';
}

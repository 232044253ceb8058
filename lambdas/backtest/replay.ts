import { TurnObjects } from '../../lib/aws/backtest-runs.ts';
import type { FlushPart } from '../../lib/backtest/shards/messages.ts';
import { ShardTracks } from '../../lib/backtest/shards/shard-tracks.ts';
import { objectNames, type StepName, type Turn } from '../../lib/backtest/shards/turns.ts';
import { stateOf, turnBefore } from './before.ts';
import type { TurnOf, TurnPorts } from './ports.ts';

/** One turn of replaying a shard's events: whole objects of them, as many as there is time for. */
export async function replayTurn(
  { runs, attempt, timeLeft, objectBytes }: TurnPorts,
  { run, shard, turn }: TurnOf & { readonly shard: number },
): Promise<Turn> {
  const step: StepName = `replay-${shard}`;
  const { tracks, campaignOf } = await runs.needRequest(run);
  const names = objectNames('divide', await runs.turns(run, 'divide'), `events-${shard}`);
  const objects = new TurnObjects(runs, { run, step, turn, attempt }, objectBytes);
  const replay = new ShardTracks(tracks, new Set(campaignOf.keys()));
  const before = await turnBefore(runs, run, step, turn);
  for await (const [part, value] of stateOf(runs, run, step, turn, before)) replay.restore(part, value);
  let [at = 0] = before?.at ?? [];
  let events = before?.count ?? 0;
  let hasTime = true;
  for (; hasTime && at < names.length; at++) {
    for (const [, text] of await runs.frames(run, names[at] ?? '')) {
      const part = JSON.parse(text as string) as FlushPart;
      events += part.arrivals.length;
      await objects.addAll('report', replay.take(part));
    }
    hasTime = timeLeft();
  }
  await objects.addAll(hasTime ? 'report' : 'state', hasTime ? replay.end() : replay.frames());
  await objects.flush(true);
  return {
    attempt,
    // without time left behind the last object, the end is for the next turn
    done: hasTime,
    objects: objects.objects,
    count: events,
    share: names.length === 0 ? 1 : at / names.length,
    at: [at],
  };
}

import { TurnObjects } from '../../lib/aws/backtest-runs.ts';
import { ReplayDivider } from '../../lib/backtest/shards/divider.ts';
import type { Turn } from '../../lib/backtest/shards/turns.ts';
import { InputError } from '../../lib/input/errors.ts';
import { readFacts } from '../../lib/input/recorded.ts';
import { type ReadPosition, readUsageEvents } from '../../lib/input/usage-events.ts';
import type { Frame } from '../../lib/profile/resumable.ts';
import { TelemetryHealth } from '../../lib/telemetry/health.ts';
import { stateOf, turnBefore } from './before.ts';
import type { TurnOf, TurnPorts } from './ports.ts';

/** Where reading stands; what is divided stands beside it. */
interface Reading {
  readonly next: ReadPosition | undefined;
  /** lines that were no events */
  readonly rejected: number;
}

/**
 * One turn of reading all events in order of arrival and dividing them among the shards: as far as there is time. Whether
 * telemetry can be judged is looked at in each turn by itself.
 * @throws InputError naming the object that cannot be read
 */
export async function divideTurn(ports: TurnPorts, { run, shards, turn }: TurnOf): Promise<Turn> {
  const { runs, attempt, objectBytes } = ports;
  const files = runs.files(run, await runs.needRequest(run));
  const objects = new TurnObjects(runs, { run, step: 'divide', turn, attempt }, objectBytes);
  const divider = new ReplayDivider(shards, (shard, part) =>
    objects.add(`events-${shard}`, ['part', JSON.stringify(part)]),
  );
  let reading: Reading = { next: undefined, rejected: 0 };
  const before = await turnBefore(runs, run, 'divide', turn);
  for await (const [part, value] of stateOf(runs, run, 'divide', turn, before))
    if (part === 'reading') reading = value as Reading;
    else divider.restore(part, value);
  const health = new TelemetryHealth(ports.now);
  let done = true;
  for await (const batch of readUsageEvents(files, {
    format: 'auto',
    recorder: refuseExchanges,
    from: reading.next,
  })) {
    for (const event of batch.events) {
      health.event(event, readFacts(event));
      divider.push(event);
    }
    health.unused(
      { rejected: batch.rejects.length, skipped: batch.skipped },
      batch.rejects.map(({ reason }) => reason),
    );
    reading = { next: batch.next, rejected: reading.rejected + batch.rejects.length };
    await objects.flush();
    done = ports.timeLeft();
    if (!done) break;
  }
  const division = done ? divider.finish() : divider.division;
  if (!done) await objects.addAll('state', [['reading', reading] satisfies Frame, ...divider.frames()]);
  await objects.flush(true);
  return {
    attempt,
    done,
    objects: objects.objects,
    count: division.read,
    share: done ? 1 : (reading.next?.file ?? 0) / files.length,
    at: [reading.next?.file ?? 0],
    ...(done ? { divided: { division, rejected: reading.rejected } } : {}),
    warnings: health.warnings().map(({ share, value, severe, text, slice }) => ({
      about: `${share} ${slice?.by ?? ''} ${slice?.name ?? ''}`,
      ...{ value, severe, text },
    })),
  };
}

/** No key leaves the machine of whoever has it. @throws InputError always */
function refuseExchanges(): never {
  throw new InputError(
    'the input holds exchanges, which need a key: --distributed replays usage events alone; record them first, or replay without it',
  );
}

import { inOrder } from '../../lib/aws/archived-events.ts';
import { type BacktestRuns, frameOf, TurnObjects } from '../../lib/aws/backtest-runs.ts';
import { MergedRun } from '../../lib/backtest/shards/merged-run.ts';
import { ReportMerger, type ReportSource } from '../../lib/backtest/shards/report-merger.ts';
import { objectName, objectNames, type Turn } from '../../lib/backtest/shards/turns.ts';
import type { Frame } from '../../lib/profile/resumable.ts';
import { stateOf, turnBefore } from './before.ts';
import type { TurnOf, TurnPorts } from './ports.ts';

/** A frame's place in a shard's report: number of the object, and of the frame in it. */
type Place = readonly [object: number, frame: number];

/** Frames of an outcome in an object, of which each is of a thousand accounts at most. */
const TOLD_FRAMES = 16;

/** What a shard's turns have put, a frame at a time; of what is read ahead only bytes are held. */
class ObjectReports implements ReportSource {
  head: Frame | undefined;
  readonly #names: readonly string[];
  readonly #read: (name: string) => Promise<readonly Uint8Array[]>;
  #object: number;
  #frame: number;
  #packed: readonly Uint8Array[] = [];

  constructor(
    names: readonly string[],
    [object, frame]: Place,
    read: (name: string) => Promise<readonly Uint8Array[]>,
  ) {
    this.#names = names;
    this.#object = object;
    this.#frame = frame;
    this.#read = read;
  }

  /** objects in all */
  get objects(): number {
    return this.#names.length;
  }

  get at(): Place {
    return [this.#object, this.#frame];
  }

  /** Reads the frame where it stands. */
  async open(): Promise<void> {
    await this.#load();
    this.#show();
  }

  async next(): Promise<void> {
    this.#frame++;
    if (this.#frame >= this.#packed.length) {
      this.#object++;
      this.#frame = 0;
      await this.#load();
    }
    this.#show();
  }

  async #load(): Promise<void> {
    const name = this.#names[this.#object];
    this.#packed = name === undefined ? [] : await this.#read(name);
  }

  #show(): void {
    const bytes = this.#packed[this.#frame];
    this.head = bytes === undefined ? undefined : frameOf(bytes);
  }
}

/**
 * One turn of putting together what all shards reported: whole flushes, as many as there is time for. Campaigns are looked for here,
 * once an hour of traffic; one such look is never cut, so it has to fit into one turn.
 */
export async function mergeTurn(
  { runs, attempt, timeLeft, objectBytes }: TurnPorts,
  { run, shards, turn }: TurnOf,
): Promise<Turn> {
  const { tracks, campaignOf } = await runs.needRequest(run);
  const objects = new TurnObjects(runs, { run, step: 'merge', turn, attempt }, objectBytes);
  const before = await turnBefore(runs, run, 'merge', turn);
  const reports = await reportsOf(runs, run, shards, before?.at ?? []);
  const merged = tracks.map((rules) => new MergedRun(rules, campaignOf));
  const merger = new ReportMerger(reports, merged);
  for await (const [part, value] of stateOf(runs, run, 'merge', turn, before)) merger.restore(part, value);
  await Promise.all(reports.map((report) => report.open()));
  let more = true;
  let flushes = before?.count ?? 0;
  do {
    more = await merger.step();
    flushes++;
  } while (more && timeLeft());
  if (more) await objects.addAll('state', merger.frames());
  await objects.flush(true);
  const told = more ? 0 : await tell(runs, run, { turn, attempt }, merged);
  const all = reports.reduce((sum, report) => sum + report.objects, 0);
  return {
    attempt,
    done: !more,
    objects: { ...objects.objects, outcome: told },
    count: flushes,
    share: more && all > 0 ? reports.reduce((sum, { at: [object] }) => sum + object, 0) / all : 1,
    at: reports.flatMap((report) => [...report.at]),
  };
}

async function reportsOf(
  runs: BacktestRuns,
  run: string,
  shards: number,
  at: readonly number[],
): Promise<ObjectReports[]> {
  const numbers = Array.from({ length: shards }, (_, shard) => shard);
  const reports: ObjectReports[] = [];
  for await (const { item, result } of inOrder(numbers, (shard) => runs.turns(run, `replay-${shard}`)))
    reports.push(
      new ObjectReports(
        objectNames(`replay-${item}`, result, 'report'),
        [at[2 * item] ?? 0, at[2 * item + 1] ?? 0],
        (name) => runs.packed(run, name),
      ),
    );
  return reports;
}

/** Puts what the outcome rests on, for whoever asked. @returns in how many objects */
async function tell(
  runs: BacktestRuns,
  run: string,
  { turn, attempt }: { readonly turn: number; readonly attempt: string },
  merged: readonly MergedRun[],
): Promise<number> {
  let count = 0;
  let gathered: Frame[] = [];
  const put = async (): Promise<void> => {
    if (gathered.length > 0)
      await runs.putTold(run, objectName('merge', turn, attempt, 'outcome', count++), gathered);
    gathered = [];
  };
  for (const [track, held] of merged.entries()) {
    held.finish();
    for (const [part, value] of held.frames(true)) {
      gathered.push([`${track}/${part}`, value]);
      if (gathered.length >= TOLD_FRAMES) await put();
    }
  }
  await put();
  return count;
}

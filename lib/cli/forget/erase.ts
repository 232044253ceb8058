import type { Place, Trace } from '../../aws/erasure/trace.ts';

/** What an erasure found and did in one place. */
export interface Erased {
  readonly place: string;
  readonly counts: string;
  found: number;
  removed: number;
  /** what still names the account, with the reason and until when it stays */
  readonly left: {
    readonly at: string;
    readonly count: number;
    readonly why: string;
    readonly until?: string;
  }[];
}

/** Passes over a place: what comes while it is cleared is found by the next one. */
const PASSES = 3;
/** Clocks of the services may be behind ours by so much, ms. */
const SKEW_MS = 300_000;

/**
 * Takes the account out of one place, and looks again until nothing is found: that is the proof.
 * @param dryRun only count
 * @param began ms; what was written before is looked through once
 */
export async function eraseFrom(
  place: Place,
  dryRun: boolean,
  began: number,
  progress: (so: Erased) => void = () => undefined,
): Promise<Erased> {
  const sum: Erased = { place: place.name, counts: place.counts, found: 0, removed: 0, left: [] };
  for (let pass = 0; pass < PASSES; pass++) {
    let work = 0;
    for await (const trace of place.traces(pass === 0 ? undefined : began - SKEW_MS)) {
      if (pass === 0 || trace.erase !== undefined) sum.found += trace.count;
      progress(sum);
      if (trace.erase === undefined) keep(sum.left, lasting(trace));
      else if (dryRun) continue;
      else {
        work++;
        await trace.erase();
        sum.removed += trace.count;
      }
    }
    if (work === 0) return sum;
  }
  sum.left.push({
    at: place.name,
    count: 1,
    why: 'still being written: stop its traffic and run this again',
  });
  return sum;
}

/** What a later pass finds again is the same; what it does not look at any more is left all the same. */
function keep(left: Erased['left'], found: Erased['left'][number]): void {
  const at = left.findIndex((held) => held.at === found.at);
  if (at < 0) left.push(found);
  else left[at] = found;
}

function lasting({ at, count, why = '', until }: Trace): Erased['left'][number] {
  return { at, count, why, ...(until === undefined ? {} : { until: new Date(until).toISOString() }) };
}

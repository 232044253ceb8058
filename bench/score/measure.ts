import { gunzipSync } from 'node:zlib';
import { applyBatch } from '../../lambdas/score/apply-batch.ts';
import { decodeBatch, type KinesisRecord } from '../../lambdas/score/decode-batch.ts';
import type { Rules } from '../../lib/detection/judge.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { FactStore, ItemStore } from './item-store.ts';
import { type Phase, phasesOf } from './phases.ts';
import { type EventLines, type Flush, recordsOf } from './traffic.ts';

export interface Measured {
  readonly flushes: number;
  readonly boundPerSecond: number;
  readonly scorePerSecond: number;
  readonly phases: Record<Phase, number>;
  readonly store: ItemStore;
  readonly digest: string;
}

const rules: Rules = {
  policy: defaultPolicy,
  calibration: defaultCalibration,
  code: CODE_VERSION,
  shadow: false,
};

const WARM_UP_EVENTS = 20_000;

/** Decompresses and parses: what no reader of such records can leave out. */
function bound(records: readonly KinesisRecord[]): number {
  let parsed = 0;
  for (const { kinesis } of records)
    for (const line of gunzipSync(Buffer.from(kinesis.data, 'base64')).toString('utf8').split('\n'))
      if (line !== '') parsed += JSON.parse(line) === null ? 0 : 1;
  return parsed;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

class Work {
  readonly store = new ItemStore();
  readonly #beside = { links: new FactStore() };

  async score(records: readonly KinesisRecord[]): Promise<number> {
    const { arrivals, setAside } = decodeBatch(records, {
      permittedSkew: 300_000,
      trustReplayClock: false,
      developmentKeys: true,
    });
    if (setAside.length > 0) throw new Error(`set aside: ${setAside[0]?.reason.message}`);
    const applied = await applyBatch(arrivals, this.store, rules, this.#beside);
    let used = 0;
    for (const { steps } of applied) for (const step of steps) used += step.used + step.late + step.repeated;
    return used;
  }
}

/** A flush as the function gets it. */
interface Batch {
  readonly records: readonly KinesisRecord[];
  readonly events: number;
}

/**
 * Rounds over the same flushes, of which the fastest of each flush counts, for the bound and for the work: what else runs on
 * the machine slows some of them down, and never makes one faster.
 */
export async function measure(
  lines: EventLines,
  flushes: Iterable<Flush>,
  rounds: number,
): Promise<Measured> {
  const batches: Batch[] = [];
  for (const flush of flushes)
    batches.push({ records: recordsOf(lines, flush), events: flush.to - flush.from });
  await warmUp(batches);
  const inBound = new Float64Array(batches.length).fill(Number.POSITIVE_INFINITY);
  const inWork = inBound.slice();
  let work = new Work();
  for (let round = 0; round < rounds; round++) {
    work = new Work();
    for (const [at, { records, events }] of batches.entries()) {
      let began = processorMs();
      bound(records);
      inBound[at] = Math.min(inBound[at] as number, processorMs() - began);
      began = processorMs();
      const scored = await work.score(records);
      inWork[at] = Math.min(inWork[at] as number, processorMs() - began);
      if (scored !== events) throw new Error(`${scored} of ${events} events were scored`);
    }
  }
  const again = new Work();
  const phases = await phasesOf(async () => {
    for (const { records } of batches) await again.score(records);
  });
  const perSecond = (times: Float64Array): number =>
    Math.round((1000 * lines.count) / times.reduce((sum, time) => sum + time, 0));
  return {
    flushes: batches.length,
    boundPerSecond: perSecond(inBound),
    scorePerSecond: perSecond(inWork),
    phases,
    store: work.store,
    digest: work.store.digest(),
  };
}

/** What compiles at first is not the machine's limit, nor the function's: both begin warm. */
async function warmUp(batches: readonly Batch[]): Promise<void> {
  const work = new Work();
  let warmed = 0;
  for (const { records, events } of batches) {
    bound(records);
    await work.score(records);
    warmed += events;
    if (warmed >= WARM_UP_EVENTS) break;
  }
}

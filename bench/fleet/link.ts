import { MOST_LINK_SHARDS } from '../../lib/contract/link-steps.ts';
import {
  type HeldByLink,
  heldAlone,
  heldInSteps,
  LINK_STEPS,
  type LinkStepName,
  postingBytes,
} from '../../lib/infra/cost/link-memory.ts';
import { PRICES } from '../../lib/infra/cost/prices.ts';

/**
 * One run of `link` over a fleet (lib/campaigns/stored-run.ts and divided-run.ts), by what an account was measured to take and to
 * hold. Every account asks enough to be compared, and contents are compared in the run: the dearest one of an hour.
 */

/** Measured of one account, or of one that a part is about. Times in ms of a processor, sizes in bytes. */
export interface LinkCosts extends HeldByLink {
  /** entries of the link table an account has, their size, and to decode and block one */
  readonly entries: number;
  readonly entryBytes: number;
  readonly entryMs: number;
  /** of one that is held for linking: to merge, and to link */
  readonly mergeMs: number;
  readonly linkMs: number;
  /** what an account asks: stored; to read, to keep or to take from a part */
  readonly promptBytes: number;
  readonly sampleMs: number;
  readonly askedMs: number;
  /** to be found by others, and to be compared with them */
  readonly indexMs: number;
  readonly nearMs: number;
  readonly likeMs: number;
  readonly groupMs: number;
  /** share of the accounts in groups that are judged, members of one, and to judge one */
  readonly members: number;
  readonly groupSize: number;
  readonly judgeMs: number;
}

/** Assumed of AWS: ms of a request; a page of a megabyte; bytes a second between a function and S3. */
export const LINK_WAITS = { request: 8, page: 60, s3BytesPerSecond: 75e6 } as const;
/** Segments of a scan, and queries, that an invocation waits for at a time (stored-run.ts, lib/aws/sampled-prompts.ts). */
const SEGMENTS = 8;
const QUERIES = 24;
/** Accounts are read so many at a time (lib/aws/account-items.ts), their sealed parts one by one. */
const LOADS = 24;
/** Writes of a campaign, one after the other: whom it names, its members, itself. */
const SAVES = 3;
const MEMORY_MOST = 10_240e6;
/** One invocation ends at 300 s, a step at 900 s (lib/infra/pipeline.ts); what is left is for its start and end. */
export const ALONE_SECONDS = 270;
const STEP_SECONDS = 780;
const ALONE_MEMORY = 2048e6;
/** Of a map's child: it starts, its task, its end. */
const TRANSITIONS = 4;
const MAPS = 5;

/** A step of a run, in each of its invocations. */
export interface LinkStep {
  readonly step: string;
  readonly invocations: number;
  readonly seconds: number;
  /** bytes that it holds */
  readonly memory: number;
}

export interface LinkPass {
  readonly accounts: number;
  readonly shards: number;
  readonly steps: readonly LinkStep[];
  /** of all steps one after the other, s */
  readonly seconds: number;
  /** memory that every invocation is given, bytes */
  readonly memory: number;
  readonly usd: number;
}

function sent(bytes: number): number {
  return bytes / LINK_WAITS.s3BytesPerSecond;
}

/** Seconds of the parts of reading, whoever does them. */
function reading(accounts: number, costs: LinkCosts): number {
  const scan = (accounts * costs.entries * costs.entryBytes * LINK_WAITS.page) / 1e6 / 1000 / SEGMENTS;
  const entries = Math.max(scan, (accounts * costs.entries * costs.entryMs) / 1000);
  const queries = (accounts * LINK_WAITS.request) / QUERIES / 1000;
  const samples = Math.max(queries, (accounts * costs.sampleMs) / 1000);
  return entries + samples;
}

/** Loads, judges and saves the groups of so many accounts of the fleet. */
function judging(accounts: number, costs: LinkCosts): number {
  const members = accounts * costs.members;
  const loads = (members * LINK_WAITS.request) / LOADS;
  const saves = (members / costs.groupSize) * SAVES * LINK_WAITS.request;
  return (Math.max(loads, members * costs.judgeMs) + saves) / 1000;
}

/** The run in one invocation: seconds and bytes. */
export function linkAlone(accounts: number, costs: LinkCosts): { seconds: number; memory: number } {
  const { mergeMs, linkMs, indexMs, nearMs, likeMs, groupMs } = costs;
  const computed = accounts * (costs.kept * (mergeMs + linkMs) + indexMs + nearMs + likeMs + groupMs);
  return {
    seconds: reading(accounts, costs) + computed / 1000 + judging(accounts, costs),
    memory: heldAlone(accounts, costs),
  };
}

/** Accounts at which one invocation ends, and by what. */
export function linkReach(costs: LinkCosts): { accounts: number; by: 'time' | 'memory' } {
  let low = 1000;
  let high = 1e9;
  const fits = (accounts: number): boolean => {
    const { seconds, memory } = linkAlone(accounts, costs);
    return seconds <= ALONE_SECONDS && memory <= ALONE_MEMORY;
  };
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return { accounts: low, by: linkAlone(high, costs).memory > ALONE_MEMORY ? 'memory' : 'time' };
}

/** The steps of a run in so many shards. */
export function linkSteps(accounts: number, shards: number, costs: LinkCosts): LinkStep[] {
  const own = accounts / shards;
  const { askedBytes, keptBytes, kept } = costs;
  const left = own * (askedBytes + kept * keptBytes);
  const block = (of: number) => sent(of * askedBytes) + (of * costs.askedMs) / 1000;
  const postings = sent(postingBytes(accounts));
  const group =
    sent(accounts * kept * keptBytes) +
    (accounts * (kept * (costs.mergeMs + costs.linkMs) + costs.groupMs)) / 1000;
  const seconds: Record<LinkStepName, number> = {
    read: reading(own, costs) + (own * costs.askedMs) / 1000 + sent(left),
    index: block(own) + (own * costs.indexMs) / 1000,
    compare: postings + 2 * block(own) + block(accounts) + (own * costs.nearMs) / 1000,
    like: postings + block(own) + block(accounts) + (own * costs.likeMs) / 1000,
    group,
    judge: judging(own, costs),
  };
  const held = heldInSteps(accounts, shards, costs);
  return LINK_STEPS.map((step) => ({
    step,
    invocations: step === 'group' ? 1 : shards,
    seconds: seconds[step],
    memory: held[step],
  }));
}

/** USD of one run, by the memory that its invocations are given. */
function usdOf(accounts: number, steps: readonly LinkStep[], memory: number, costs: LinkCosts): number {
  const { dynamodb, lambda, s3, states } = PRICES;
  const shards = steps[0]?.invocations ?? 1;
  const gbSeconds = steps.reduce(
    (sum, { invocations, seconds }) => sum + invocations * seconds * (memory / 1024 ** 3),
    0,
  );
  // eventually consistent: a unit reads 8 KB, and a query half a unit at least
  const scanned = (accounts * costs.entries * costs.entryBytes) / 8192;
  const queried = accounts * Math.max(0.5, costs.promptBytes / 8192);
  const members = accounts * costs.members;
  const reads = scanned + queried + members * Math.max(1, (2 * costs.promptBytes) / 8192);
  const writes = (members / costs.groupSize) * SAVES;
  const gets = shards * shards * 5;
  return (
    (reads / 1e6) * dynamodb.readMillion +
    (writes / 1e6) * dynamodb.writeMillion +
    gbSeconds * lambda.gbSecond +
    (gets / 1000) * s3.getThousand +
    ((MAPS * shards * TRANSITIONS) / 1000) * states.transitionThousand
  );
}

/** A run is wanted to end within so many seconds. */
const WANTED_SECONDS = 1800;

/**
 * A run with the fewest shards by which it ends within half an hour, or at all; every step has to end in time, and to have the
 * memory that Lambda gives. Undefined where no number of shards is enough.
 */
export function linkPass(accounts: number, costs: LinkCosts): LinkPass | undefined {
  const alone = linkAlone(accounts, costs);
  if (alone.seconds <= ALONE_SECONDS && alone.memory <= ALONE_MEMORY) {
    const steps = [{ step: 'all', invocations: 1, ...alone }];
    const usd = usdOf(accounts, steps, ALONE_MEMORY, costs);
    return { accounts, shards: 1, steps, seconds: alone.seconds, memory: ALONE_MEMORY, usd };
  }
  let found: LinkPass | undefined;
  for (let shards = 2; shards <= MOST_LINK_SHARDS; shards *= 2) {
    const steps = linkSteps(accounts, shards, costs);
    const memory = Math.max(ALONE_MEMORY, ...steps.map((step) => step.memory));
    if (memory > MEMORY_MOST || steps.some(({ seconds }) => seconds > STEP_SECONDS)) continue;
    const seconds = steps.reduce((sum, step) => sum + step.seconds, 0);
    found = { accounts, shards, steps, seconds, memory, usd: usdOf(accounts, steps, memory, costs) };
    if (seconds <= WANTED_SECONDS) return found;
  }
  return found;
}

/** The most accounts that some number of shards links. */
export function linkMost(costs: LinkCosts): number {
  let low = 1000;
  let high = 1e9;
  while (high - low > 10_000) {
    const middle = Math.floor((low + high) / 2);
    if (linkPass(middle, costs) === undefined) high = middle;
    else low = middle;
  }
  return low;
}

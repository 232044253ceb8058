import { RUN_PREFIX } from '../../lib/contract/calibrate-steps.ts';
import { CALIBRATION_PREFIX } from '../../lib/contract/object-prefixes.ts';
import { calibrateMachine } from '../../lib/infra/calibrate-machine.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { REVIEW_STATE } from '../../lib/stores/reviews.ts';
import { MINUTE } from '../events.ts';
import type { Json } from '../infra/synthesized.ts';
import { Execution } from '../lambdas/play-states.ts';
import { type FaultRates, faults, USUAL } from './faults.ts';
import { deployRules, type LinkedAccounts, linkedAccounts } from './linked-accounts.ts';
import { Pool } from './mappings.ts';
import type { Violation } from './properties.ts';
import { followToTheEnd } from './run.ts';
import type { SeedResult } from './simulate.ts';
import { inVirtualTime } from './virtual-time.ts';
import { type Tally, World } from './world.ts';

/** What is left of a calibration. */
interface CalibrationEnd {
  /** by name: the calibrations, as they are stored */
  readonly made: ReadonlyMap<string, string>;
  /** what the state machine, or the one invocation, answered */
  readonly answer: string;
  /** parts of the run that are there when it answers, but for the note of what was made; an attempt that ends later leaves its own, which expires */
  readonly parts: readonly string[];
  /** accounts with notices that wait, and their number: those that fell silent are looked at once */
  readonly waiting: readonly string[];
  /** whom it asks about, and what answers would bring */
  readonly review: string | undefined;
}

/** Attempts that were given up go on for long: beside the next steps. */
const RATES: FaultRates = { ...USUAL, rate: 0.004, zombie: 0.3, slow: 0.8 };
/** Attempts of a step by Step Functions after which the run is redriven by hand. */
const ATTEMPTS = 3;
/** Redrives after which no fault comes any more: outages end. */
const REDRIVES = 3;
const SHARDS = [1, 2, 3, 5] as const;

let accounts: Promise<LinkedAccounts> | undefined;
let must: Promise<CalibrationEnd> | undefined;

/**
 * One calibration in shards with faults beside one in a single invocation without: steps that die, are asked again, or end long after
 * they were given up, and whole runs that are redriven.
 */
export async function simulateCalibrating(seed: number): Promise<SeedResult> {
  const expected = await calibrationWithoutFaults();
  const { end, tally } = await live(seed);
  return { violations: broken(expected, end).map((found) => ({ seed, ...found })), tally };
}

/** What must be. */
export async function calibrationWithoutFaults(): Promise<CalibrationEnd> {
  must ??= worldOf(0).then((world) =>
    inVirtualTime(world, async () => {
      const outcome = await world.until(
        new Pool('calibrate', world, undefined).invoke({ source: 'aws.events' }),
      );
      return endOf(world, outcome.what === 'done' ? outcome.answer : outcome.what);
    }),
  );
  return must;
}

async function worldOf(seed: number): Promise<World> {
  accounts ??= linkedAccounts();
  const of = await accounts;
  // long after the campaigns fell silent
  const stage = of.stages.at(-1);
  if (stage === undefined) throw new Error('there are stages');
  const world = new World(stage.at, seeded(seed));
  // they are kept as long as they were written to be
  deployRules(world, { ...of, policy: { ...of.policy, retentionDays: 400 } });
  for (const table of ['profiles', 'links', 'campaigns']) world.tables.restore(stage.tables, table);
  return world;
}

async function live(seed: number): Promise<{ readonly end: CalibrationEnd; readonly tally: Tally }> {
  const world = await worldOf(seed);
  return inVirtualTime(world, async () => {
    world.interference = faults(RATES, world);
    const pool = new Pool('calibrate', world, RATES);
    const shards = SHARDS[Math.floor(world.random() * SHARDS.length)] ?? 1;
    const execution = new Execution(
      calibrateMachine('calibrate', shards) as unknown as Json,
      `run-${seed}`,
      (_, payload) => step(pool, world, payload as object, redrives >= REDRIVES),
    );
    let redrives = 0;
    const toTheEnd = async (): Promise<unknown> => {
      for (; ; redrives++)
        try {
          return await execution.run();
        } catch (error) {
          if (redrives > REDRIVES) throw error;
        }
    };
    const answer = await world.until(toTheEnd());
    const parts = partsIn(world);
    // what was given up ends too
    await followToTheEnd(world, []);
    world.interference = undefined;
    return { end: { ...endOf(world, answer), parts }, tally: world.tally };
  });
}

/** A task of the state machine with its retries (lib/infra/calibrate-machine.ts). */
async function step(pool: Pool, world: World, payload: object, sure: boolean): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await pool.invoke(payload, sure);
    if (outcome.what === 'done') return outcome.answer;
    if (attempt === ATTEMPTS) throw new Error(`States.TaskFailed: ${outcome.what}`);
    await new Promise<void>((resolve) => world.timer(resolve, MINUTE / 2));
  }
}

const partsIn = (world: World): string[] =>
  world.objects.names('state', RUN_PREFIX).filter((name) => !name.endsWith('/ended'));

function endOf(world: World, answer: unknown): CalibrationEnd {
  const text = (name: string): string => world.objects.text('state', name);
  const learnt = world.objects
    .names('state', `${CALIBRATION_PREFIX}cal-`)
    .map((name) => [name, text(name)] as const);
  return {
    made: new Map(learnt),
    answer: JSON.stringify(answer),
    parts: partsIn(world),
    waiting: world.tables
      .items('profiles')
      .flatMap(({ account, item, notices }) =>
        notices === undefined ? [] : [`${account?.S} ${item?.S}: ${notices.L?.length}`],
      )
      .sort(),
    review: world.tables.items('findings').find(({ item }) => item?.S === REVIEW_STATE)?.body?.S,
  };
}

function broken(expected: CalibrationEnd, is: CalibrationEnd): Violation[] {
  const found: Violation[] = [];
  if (expected.answer !== is.answer)
    found.push({ property: 'the same answer', detail: `${expected.answer} became ${is.answer}` });
  for (const [name, text] of expected.made)
    if (is.made.get(name) !== text)
      found.push({
        property: 'the same calibration, bit for bit',
        detail: `${name} became ${[...is.made.keys()].join(' and ') || 'none'}`,
      });
  for (const name of is.made.keys())
    if (!expected.made.has(name)) found.push({ property: 'one calibration of one run', detail: name });
  for (const name of is.parts) found.push({ property: 'no part of a run is left', detail: name });
  if (expected.waiting.join() !== is.waiting.join())
    found.push({
      property: 'who fell silent is told once',
      detail: `${expected.waiting.join()} became ${is.waiting.join()}`.slice(0, 600),
    });
  if (expected.review !== is.review)
    found.push({
      property: 'the same review',
      detail: `${expected.review} became ${is.review}`.slice(0, 600),
    });
  return found;
}

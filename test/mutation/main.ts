import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { binomialInterval } from '../../lib/statistics/binomial-interval.ts';
import { seeded } from '../../lib/statistics/random.ts';
import { runFastTests } from '../fast-tests.ts';
import { inSimulation } from '../simulation/plant.ts';
import { type Mutant, mutantsOf, mutated } from './mutants.ts';
import { TARGETS, type Target, testsThatImport } from './targets.ts';

/**
 * Mutation score: the share of small random changes of the source that a fast test or the simulation notices. To try all of them
 * takes days, so a sample is drawn by a seed, and the score has an interval.
 */
interface Options {
  readonly sample: string;
  readonly seed: string;
  readonly only?: string;
  readonly json?: boolean;
}

/** Of one room. */
interface Score {
  readonly target: string;
  readonly mutants: number;
  tried: number;
  noticed: number;
  readonly survivors: string[];
}

const TIMEOUT_MS = 180_000;
const SEEDS = 30;

const options = new Command('mutate')
  .description(
    'changes the source in small ways, one at a time, and sees whether a fast test or the simulation notices',
  )
  .option('--sample <number>', 'changes that are tried', '150')
  .option('--seed <seed>', 'which ones', '1')
  .option('--only <target>', `of one room: ${TARGETS.map(({ name }) => name).join(', ')}`)
  .option('--json', 'print one JSON document')
  .parse()
  .opts<Options>();

const say = (line: string): void => {
  if (options.json !== true) process.stdout.write(`${line}\n`);
};

const all = TARGETS.filter(({ name }) => options.only === undefined || name === options.only).map(
  (target) => ({
    target,
    mutants: target.files.flatMap((file) => mutantsOf(file, readFileSync(file, 'utf8'))),
  }),
);
const scores = new Map<Target, Score>(
  all.map(({ target, mutants }) => [
    target,
    { target: target.name, mutants: mutants.length, tried: 0, noticed: 0, survivors: [] },
  ]),
);

for (const { target, mutant } of drawn(Number(options.sample), Number(options.seed))) {
  const score = scores.get(target);
  if (score === undefined) continue;
  const by = await noticed(target, mutant);
  const place = `${mutant.file}:${mutant.line}: ${mutant.change}`;
  score.tried++;
  if (by === undefined) score.survivors.push(place);
  else score.noticed++;
  say(`${by === undefined ? 'SURVIVES' : 'noticed '} ${place}${by === undefined ? '' : ` (${by})`}`);
}
told([...scores.values()]);

/** A sample without replacement, each mutant as likely as any other. */
function drawn(count: number, seed: number): { readonly target: Target; readonly mutant: Mutant }[] {
  const random = seeded(seed);
  const pool = all.flatMap(({ target, mutants }) => mutants.map((mutant) => ({ target, mutant })));
  const sample: typeof pool = [];
  while (sample.length < count && pool.length > 0)
    sample.push(...pool.splice(Math.floor(random() * pool.length), 1));
  return sample;
}

/** Who notices: the tests that import the file, else those of its room, else the simulation; whatever hangs is noticed. */
async function noticed(target: Target, mutant: Mutant): Promise<string | undefined> {
  const { file, start, end, text } = mutant;
  const env = { SIPHONWATCH_MUTANT: JSON.stringify({ file, start, end, text }) };
  for (const tests of [testsThatImport(file), target.tests]) {
    const ended = tests.length === 0 ? 'passed' : await runFastTests(tests, env, TIMEOUT_MS);
    if (ended !== 'passed') return ended === 'failed' ? 'tests' : ended;
  }
  const broken = await inSimulation('mutant', file, mutated(mutant, readFileSync(file, 'utf8')), SEEDS);
  return broken === undefined ? undefined : 'simulation';
}

function told(rooms: readonly Score[]): void {
  const tried = rooms.reduce((sum, room) => sum + room.tried, 0);
  const found = rooms.reduce((sum, room) => sum + room.noticed, 0);
  const interval = binomialInterval(found, tried);
  if (options.json === true)
    process.stdout.write(`${JSON.stringify({ tried, noticed: found, interval, rooms })}\n`);
  for (const { target, mutants, tried: of, noticed: by } of rooms)
    say(`${target}: ${by} of ${of} noticed (${mutants} mutants)`);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  say(
    `${found} of ${tried} noticed: ${percent(found / Math.max(1, tried))} (95 % ${interval.map(percent).join(' to ')})`,
  );
}

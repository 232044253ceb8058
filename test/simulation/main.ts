import { Command } from 'commander';
import { simulateCalibrating } from './calibrating.ts';
import { simulateDeploying } from './deploying.ts';
import { simulateDivided } from './divided.ts';
import { simulateLinking } from './linking.ts';
import { type SeedResult, simulate } from './simulate.ts';

interface Options {
  readonly seeds: string;
  readonly from: string;
  readonly seed?: string;
  readonly planted?: boolean | string;
  readonly untilFirst?: boolean;
  readonly divided?: boolean;
  readonly json?: boolean;
}

const options = new Command('simulate')
  .description('random histories of faults over the real functions, each compared with one without faults')
  .option('--seeds <number>', 'how many histories', '300')
  .option('--from <seed>', 'the first seed', '1')
  .option('--seed <seed>', 'only this one')
  .option('--until-first', 'stop at the first seed that breaks a property')
  .option('--divided', 'only accounts in lanes, over shards that are split and merged')
  .option('--planted [bug]', 'plant known bugs one by one, and see whether each is noticed')
  .option('--json', 'print one JSON document')
  .parse()
  .opts<Options>();

const say = (line: string): void => {
  if (options.json !== true) process.stdout.write(`${line}\n`);
};

if (options.planted === undefined) await histories(options);
else await planted(options.planted === true ? undefined : String(options.planted));

/** Every seed plays accounts, of ten one also campaigns, one two versions of the code and one an account in lanes, of a hundred one a calibration in shards. */
async function historiesOf(seed: number): Promise<readonly SeedResult[]> {
  const accounts = await simulate(seed);
  if (seed % 10 === 5) return [accounts, await simulateDeploying(seed)];
  if (seed % 10 === 7) return [accounts, await simulateDivided(seed)];
  if (seed % 10 !== 0) return [accounts];
  const campaigns = await simulateLinking(seed);
  return seed % 100 === 0 ? [accounts, campaigns, await simulateCalibrating(seed)] : [accounts, campaigns];
}

async function histories({ seeds, from, seed, untilFirst, divided }: Options): Promise<void> {
  const first = Number(seed ?? from);
  const count = seed === undefined ? Number(seeds) : 1;
  const sum = { seeds: 0, operations: 0, deaths: 0, zombies: 0, violations: [] as object[] };
  for (let at = first; at < first + count; at++) {
    sum.seeds++;
    for (const { violations, tally } of divided === true
      ? [await simulateDivided(at)]
      : await historiesOf(at)) {
      sum.operations += tally.operations;
      sum.deaths += tally.deaths;
      sum.zombies += tally.zombies;
      sum.violations.push(...violations);
      for (const { property, detail } of violations.slice(0, 3)) say(`seed ${at}: ${property}: ${detail}`);
    }
    if (untilFirst === true && sum.violations.length > 0) break;
  }
  const { operations, deaths, zombies, violations } = sum;
  if (options.json === true) process.stdout.write(`${JSON.stringify(sum)}\n`);
  say(
    `${sum.seeds} seeds, ${operations} operations, ${deaths} deaths, ${zombies} zombies, ${violations.length} violations`,
  );
  process.exitCode = violations.length === 0 ? 0 : 1;
}

async function planted(only: string | undefined): Promise<void> {
  const { plant } = await import('./plant.ts');
  const result = await plant(only, say);
  if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
  say(`${result.caught} of ${result.planted} planted bugs caught`);
  process.exitCode = result.survivors.length === 0 ? 0 : 1;
}

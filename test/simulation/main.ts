import { Command } from 'commander';
import { simulate } from './simulate.ts';

interface Options {
  readonly seeds: string;
  readonly from: string;
  readonly seed?: string;
  readonly json?: boolean;
}

const { seeds, from, seed, json } = new Command('simulate')
  .description('random histories of faults over the real functions, each compared with one without faults')
  .option('--seeds <number>', 'how many histories', '300')
  .option('--from <seed>', 'the first seed', '1')
  .option('--seed <seed>', 'only this one')
  .option('--json', 'print one JSON document')
  .parse()
  .opts<Options>();

const first = Number(seed ?? from);
const count = seed === undefined ? Number(seeds) : 1;
const sum = { seeds: 0, operations: 0, deaths: 0, zombies: 0, violations: [] as object[] };
for (let at = first; at < first + count; at++) {
  const { violations, tally } = await simulate(at);
  sum.seeds++;
  sum.operations += tally.operations;
  sum.deaths += tally.deaths;
  sum.zombies += tally.zombies;
  sum.violations.push(...violations);
  if (json !== true)
    for (const { property, detail } of violations.slice(0, 3))
      process.stdout.write(`seed ${at}: ${property}: ${detail}\n`);
}
if (json === true) process.stdout.write(`${JSON.stringify(sum)}\n`);
else
  process.stdout.write(
    `${sum.seeds} seeds, ${sum.operations} operations, ${sum.deaths} deaths, ${sum.zombies} zombies, ${sum.violations.length} violations\n`,
  );
process.exitCode = sum.violations.length === 0 ? 0 : 1;

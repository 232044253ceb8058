import { Command } from 'commander';
import { fuzz } from './run.ts';

const { inputs, seed, json } = new Command('fuzz')
  .description('random inputs by shape, size and depth for everything that reads what others wrote')
  .option('--inputs <number>', 'how many', '100000')
  .option('--seed <number>', 'the same seed gives the same inputs', '1')
  .option('--json', 'print one JSON document')
  .parse()
  .opts<{ readonly inputs: string; readonly seed: string; readonly json?: boolean }>();

const done = await fuzz(Number(inputs), Number(seed));
if (json === true) process.stdout.write(`${JSON.stringify(done)}\n`);
else
  process.stdout.write(
    `${done.failures.map((line) => `${line}\n`).join('')}${done.inputs} inputs, ${done.failures.length} failures, slowest ${done.slowestMs.toFixed(0)} ms (${done.slowest}), live heap grown by ${done.grownMb.toFixed(0)} MB\n`,
  );
process.exitCode = done.failures.length === 0 && done.grownMb < 64 ? 0 : 1;

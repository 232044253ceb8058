import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Every benchmark, one after the other, with the same arguments: `npm run bench -- --data DIR`. */
const BENCHMARKS = [
  'recorder',
  'backtest',
  'strangers',
  'detect',
  'campaigns',
  'documents',
  'forensics',
] as const;

const at = process.argv.indexOf('--data');
const data = at >= 0 ? process.argv[at + 1] : undefined;
let failed = 0;
for (const name of BENCHMARKS) {
  process.stdout.write(`\n== ${name}\n`);
  // the folder holds traffic/, strangers/ and answers/
  const folder =
    data === undefined
      ? []
      : ['--data', name === 'strangers' ? data : `${data}/${name === 'forensics' ? 'answers' : 'traffic'}`];
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const run = spawnSync(process.execPath, ['--import', 'tsx', file, ...folder], { stdio: 'inherit' });
  if (run.status !== 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;

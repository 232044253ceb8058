import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CaseFile, checkCase } from '../test/telemetry/check-case.ts';

/**
 * `npm run bench:inputs -- --data DIR`: cases of what gateways write (DIR/NAME/input.* with expected.json beside it), how many
 * come out right, and what is wrong with the others. Without --data, the cases that the repository ships.
 */
const { values } = parseArgs({ options: { data: { type: 'string' }, quiet: { type: 'boolean' } } });
const root = values.data ?? new URL('../test/telemetry/cases', import.meta.url).pathname;
const names = readdirSync(root).filter(
  (name) => statSync(join(root, name)).isDirectory() && existsSync(join(root, name, 'expected.json')),
);
if (names.length === 0) {
  process.stderr.write(`${root}: no folder in it holds a case (input.* with expected.json beside it)\n`);
  process.exit(2);
}
let right = 0;
const kinds = new Map<string, { right: number; all: number }>();
for (const name of names.sort()) {
  const file = readdirSync(join(root, name)).find((held) => held.startsWith('input'));
  if (file === undefined) continue;
  const expected = JSON.parse(readFileSync(join(root, name, 'expected.json'), 'utf8')) as CaseFile;
  const wrong = await checkCase(join(root, name, file), expected);
  const kind = kinds.get(expected.kind ?? '') ?? { right: 0, all: 0 };
  kinds.set(expected.kind ?? '', kind);
  kind.all++;
  if (wrong.length === 0) {
    right++;
    kind.right++;
  } else if (values.quiet !== true) process.stdout.write(`${name}: ${wrong.join('; ')}\n`);
}
for (const [kind, held] of [...kinds].sort())
  process.stdout.write(`${kind.padEnd(32)} ${held.right} of ${held.all}\n`);
process.stdout.write(
  `\n${right} of ${names.length} cases right (${Math.round((100 * right) / names.length)} %)\n`,
);

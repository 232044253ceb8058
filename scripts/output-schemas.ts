import { readFile, writeFile } from 'node:fs/promises';
import { outputJsonSchema } from '../lib/cli/shared/output-schemas.ts';

/** Writes the JSON Schema of what `--json` prints; `--check` fails where the file is not current. */
const FILE = new URL('../lib/cli/shared/output.schema.json', import.meta.url);

const current = await readFile(FILE, 'utf8').catch(() => '{}');
// the formatter has its own idea of white space
if (JSON.stringify(JSON.parse(current)) !== JSON.stringify(JSON.parse(outputJsonSchema()))) {
  if (process.argv.includes('--check')) {
    process.stderr.write(`${FILE.pathname} is not current: npm run schema\n`);
    process.exitCode = 1;
  } else await writeFile(FILE, outputJsonSchema());
}

import { readFile, writeFile } from 'node:fs/promises';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { policyDocument } from '../lib/policy/policy-document.ts';
import { policyJsonSchema } from '../lib/policy/schema/json-schema.ts';

/**
 * What is made from the policy's schema: the JSON Schema for editors and the example file.
 * `tsx scripts/policy-schema.ts` writes them; `--check` fails where a file is not current.
 */

export const MADE_FILES = {
  schema: new URL('../lib/policy/schema/policy.schema.json', import.meta.url),
  example: new URL('../examples/policy.yaml', import.meta.url),
} as const;

export function madeText(name: keyof typeof MADE_FILES): string {
  return name === 'schema'
    ? policyJsonSchema('draft-7')
    : policyDocument(defaultPolicy, {
        schema: '../lib/policy/schema/policy.schema.json',
        title: [
          'The policy that ships, with all that it can say. Copy it, give it an id of its own, change what you must:',
          'what is left out has the value that stands here. Check with `siphonwatch policy validate FILE`, see what it',
          'would change with `siphonwatch policy diff`, try it with `siphonwatch policy shadow`.',
        ],
      });
}

if (process.argv[1] !== undefined && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  for (const name of ['schema', 'example'] as const) {
    const current = await readFile(MADE_FILES[name], 'utf8').catch(() => '');
    if (current === madeText(name)) continue;
    if (process.argv.includes('--check')) {
      process.stderr.write(`${MADE_FILES[name].pathname} is not current: run the generator\n`);
      process.exitCode = 1;
    } else {
      await writeFile(MADE_FILES[name], madeText(name));
      process.stderr.write(`wrote ${MADE_FILES[name].pathname}\n`);
    }
  }
}

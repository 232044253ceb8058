import { expect } from 'vitest';
import { OUTPUTS, type OutputName } from '../../lib/cli/shared/output-schemas.ts';

/** Holds what a verb printed with `--json` to its schema; other runs pass. @param words the verb and its arguments */
export function holdToSchema(words: readonly string[], out: string): void {
  if (!words.includes('--json') || out.trim() === '') return;
  const two = words.slice(0, 2).join(' ');
  const name = ([two, words[0]] as const).find((held) => held !== undefined && Object.hasOwn(OUTPUTS, held));
  if (name === undefined) return;
  const parsed = OUTPUTS[name as OutputName].safeParse(JSON.parse(out));
  expect(parsed.success ? '' : `${name}: ${parsed.error.message}`).toBe('');
}

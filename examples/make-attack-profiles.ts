import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPolicy } from '../lib/policy/policy.ts';
import type { Calibration } from '../lib/scoring/calibration.ts';
import { CalibrationLearner } from '../lib/scoring/learn-calibration.ts';
import { makeLibrary } from '../lib/scoring/make-library.ts';
import { labelledPast } from './labelled-past.ts';

/**
 * Makes what ships of what was learnt, from labelled traffic: the library of attack profiles
 * (lib/scoring/attack-profiles.json), numbers of windows without texts, prints, pseudonyms, names or times; and the foreign
 * calibration that the demo judges with (lib/scoring/default-calibration.json). Usage: tsx examples/make-attack-profiles.ts --data DIR
 * [--out FILE]; DIR holds exchanges-*.ndjson.gz and labels.csv.
 */
function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

const folder = option('--data');
if (folder === undefined) {
  process.stderr.write('usage: tsx examples/make-attack-profiles.ts --data DIR [--out FILE]\n');
  process.exit(2);
}
const accounts = await labelledPast(folder);
const library = makeLibrary('attacks-2026-11', accounts, defaultPolicy.windows);
const out = option('--out') ?? join(import.meta.dirname, '../lib/scoring/attack-profiles.json');
await writeFile(out, `${JSON.stringify(library)}\n`);
if (option('--out') === undefined) {
  const file = join(import.meta.dirname, '../lib/scoring/default-calibration.json');
  await writeFile(file, `${JSON.stringify(foreignCalibration())}\n`);
}
process.stdout.write(
  `${out}: ${library.attacks.length} attacks, ${library.ordinary.length} ordinary accounts\n`,
);

/** What a demo judges with: learnt from the ordinary accounts of the same traffic, and marked as foreign. */
function foreignCalibration(): Calibration {
  const ordinary = accounts.filter(({ label }) => label === 'benign');
  const { windows } = defaultPolicy;
  const learner = new CalibrationLearner({ windows, library });
  for (const held of ordinary) learner.see(held);
  learner.fit();
  for (const held of ordinary) learner.measure(held);
  return learner.finish({ id: 'default', foreign: true });
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { shippedLibrary } from '../lib/scoring/attack-library.ts';
import type { Calibration } from '../lib/scoring/calibration.ts';
import { CalibrationLearner } from '../lib/scoring/learn-calibration.ts';
import { makeLibrary } from '../lib/scoring/make-library.ts';
import { labelledPast } from './labelled-past.ts';

/**
 * Makes what ships of what was learnt, from labelled traffic: the library of attack profiles
 * (lib/scoring/attack-profiles.json), numbers of windows without texts, prints, pseudonyms, names or times; and the foreign
 * calibration that the demo judges with (lib/scoring/default-calibration.json). Usage: tsx examples/make-attack-profiles.ts --data DIR
 * [--out FILE | --keep-library]; DIR holds exchanges-*.ndjson.gz and labels.csv. With --keep-library the
 * shipped library stays, and the calibration alone is learnt anew.
 */
function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

const folder = option('--data');
if (folder === undefined) {
  process.stderr.write(
    'usage: tsx examples/make-attack-profiles.ts --data DIR [--out FILE | --keep-library]\n',
  );
  process.exit(2);
}
const accounts = await labelledPast(folder);
const kept = process.argv.includes('--keep-library');
const library = kept ? shippedLibrary : makeLibrary('attacks-2026-11', accounts, defaultPolicy.windows);
const out = option('--out') ?? join(import.meta.dirname, '../lib/scoring/attack-profiles.json');
if (!kept) await writeFile(out, `${JSON.stringify(library)}\n`);
if (option('--out') === undefined) {
  const file = join(import.meta.dirname, '../lib/scoring/default-calibration.json');
  await writeFile(file, `${JSON.stringify(foreignCalibration())}\n`);
}
process.stdout.write(
  `${out}: ${library.attacks.length} attacks, ${library.ordinary.length} ordinary accounts\n`,
);

/**
 * What a demo judges with: learnt from the ordinary accounts of the same traffic, and marked as foreign. It knows no groups: with them two to
 * four of the demo's 229 honest accounts were named for the company they keep.
 */
function foreignCalibration(): Calibration {
  const ordinary = accounts.filter(({ label }) => label === 'benign');
  const { windows } = defaultPolicy;
  const learner = new CalibrationLearner({ windows, library });
  for (const held of ordinary) learner.see(held);
  learner.fit();
  for (const held of ordinary) learner.measure(held);
  return learner.finish({ id: 'default', foreign: true });
}

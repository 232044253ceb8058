import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { profilesOf } from '../lib/cli/replay/learning-replay.ts';
import { Traffic } from '../lib/input/traffic.ts';
import { defaultPolicy } from '../lib/policy/policy.ts';
import { joinSlices } from '../lib/profile/window.ts';
import type { LabelledPast } from '../lib/scoring/make-library.ts';

/**
 * Accounts of labelled traffic with their slices; grey ones left out. `folder` holds labels.csv and files of exchanges.
 * @param begin what the names of the files to read begin with
 */
export async function labelledPast(
  folder: string,
  begin = 'exchanges-',
): Promise<(LabelledPast & { readonly kind: string })[]> {
  const names = await readdir(folder);
  const files = names.filter((name) => name.startsWith(begin) && name.endsWith('.ndjson.gz')).sort();
  const traffic = await Traffic.of(
    files.map((name) => join(folder, name)),
    {},
  );
  const labels = await traffic.labels(join(folder, 'labels.csv'));
  const states = await profilesOf(traffic, { label: 'profiles', policy: defaultPolicy, accept: () => true });
  return [...states()].flatMap(({ profile, sealed }) => {
    const held = labels.byPseudonym.get(profile.account);
    if (held === undefined || held.label === 'grey') return [];
    const { account, customer } = profile;
    return [
      { account, customer, slices: joinSlices([sealed, profile.slices]), label: held.label, kind: held.kind },
    ];
  });
}

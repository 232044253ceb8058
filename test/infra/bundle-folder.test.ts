import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundle } from '../../lib/infra/bundles.ts';

it('a bundle leaves nothing of an earlier synthesis in its folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-'));
  writeFileSync(join(folder, 'later-OLDHASH.mjs'), '// of the synthesis before an upgrade');
  bundle('lib/time.ts', folder);
  expect(readdirSync(folder).sort()).toEqual(['index.mjs', 'index.mjs.map']);
});

import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { deployedSources, digestOf } from '../../lib/infra/source-digest.ts';

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url));

describe('the digest of what is deployed', () => {
  it('takes in every file that the functions and the stack are made of', async () => {
    const handlers = readdirSync(join(CHECKOUT, 'lambdas'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('handler.ts'),
    );
    const { metafile } = await build({
      ...{ absWorkingDir: CHECKOUT, outdir: 'out', platform: 'node', format: 'esm', logLevel: 'error' },
      entryPoints: [...handlers.map((name) => `lambdas/${name}`), 'lib/infra/app.ts'],
      ...{ bundle: true, packages: 'external', write: false, metafile: true },
    });
    const taken = new Set(deployedSources(CHECKOUT));
    const made = Object.keys(metafile.inputs);
    expect(made.length).toBeGreaterThan(100);
    // its version is compared by itself
    expect(made.filter((file) => !taken.has(file))).toEqual(['package.json']);
  });

  it('changes with a file of a function, its name or its content, and not with one of a command', () => {
    const folder = mkdtempSync(join(tmpdir(), 'digest-'));
    try {
      const put = (file: string, text: string): string => {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
        return digestOf(folder);
      };
      for (const file of ['package-lock.json', 'cdk.json', 'lib/time.ts'])
        cpSync(join(CHECKOUT, file), join(folder, file));
      const first = put('lambdas/score/score.ts', 'one');
      expect(put('lib/cli/doctor/doctor.ts', 'one')).toBe(first);
      expect(put('lambdas/score/score.ts', 'two')).not.toBe(first);
      expect(put('lambdas/score/score.ts', 'one')).toBe(first);
      rmSync(join(folder, 'lambdas/score/score.ts'));
      expect(put('lambdas/score/renamed.ts', 'one')).not.toBe(first);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

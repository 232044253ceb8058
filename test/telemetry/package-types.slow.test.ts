import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { installTarball, packRecorder } from '../../packages/recorder/tarball.ts';
import { RESOLUTIONS, typeCheck } from '../../packages/recorder/type-check.ts';

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'recorder-types-'));
  await installTarball((await packRecorder(folder)).file, folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(RESOLUTIONS)('the packed recorder type-checks strictly under %s resolution', async (resolution) => {
  expect(await typeCheck(folder, resolution)).toBe('');
});

it.each(RESOLUTIONS)("its README's first use compiles under %s", async (resolution) => {
  const firstUse = readFileSync(new URL('../../examples/first-use.mjs', import.meta.url), 'utf8');
  const typed = firstUse
    .replace('createRecorder,', 'createRecorder, type Exchange,')
    .replace('async (exchange)', 'async (exchange: Exchange)');
  expect(typed).toContain('exchange: Exchange');
  expect(await typeCheck(folder, resolution, typed)).toBe('');
});

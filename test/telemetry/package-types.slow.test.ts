import { mkdtempSync, rmSync } from 'node:fs';
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

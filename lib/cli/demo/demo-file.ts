import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DEMO_FILE } from '../shared/deployment.ts';
import { writeAside } from '../shared/output.ts';
import { alive, pidOf } from '../shared/running-demo.ts';

/** The file by which the verbs find a demo that stays up. Two demos of a checkout have one each. */

/** Where this demo says where it is: the folder's file, or one of its own where another demo that runs has that. */
export function demoFileFor(
  pid: number,
  file: string = DEMO_FILE,
): { readonly path: string; readonly other: number | undefined } {
  const other = pidIn(file);
  return other === undefined || other === pid || !alive(other)
    ? { path: file, other: undefined }
    : { path: file.replace(/\.json$/, `-${pid}.json`), other };
}

export async function writeDemoFile(path: string, content: object): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeAside(path, `${JSON.stringify(content, null, 2)}\n`);
}

/** Removes it, unless it has become another demo's. */
export async function removeDemoFile(path: string, pid: number): Promise<void> {
  if (pidIn(path) === pid) await rm(path, { force: true });
}

/** Changes fields of a demo's file and keeps the others. */
export async function updateDemoFile(path: string, fields: Record<string, unknown>): Promise<void> {
  const held = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeAside(path, `${JSON.stringify({ ...held, ...fields }, null, 2)}\n`);
}

function pidIn(path: string): number | undefined {
  try {
    return pidOf(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // none there
  }
}

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where a running demo says what it runs on (`demo --keep`): in the checkout, wherever a command is called from. */
export const DEMO_FILE = fileURLToPath(new URL('../../../.cache/demo.json', import.meta.url));

/** The file's text; undefined where no demo runs. */
export function readDemoFile(): Promise<string | undefined> {
  return readFile(DEMO_FILE, 'utf8').catch(() => undefined);
}

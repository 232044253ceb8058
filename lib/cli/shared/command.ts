import { escapeUnsafeJson } from '../../text/unsafe.ts';
import { tellFailure } from './failure.ts';

/** Runs a verb and sets the exit code: what it returns, or what `failure.ts` makes of an error, with one line. */
export async function runCommand(name: string, run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    process.exitCode = tellFailure(name, error);
  }
}

/** A JSON document in one line, with no character in it that acts on a terminal: names in it may be a customer's. */
export function jsonLine(document: unknown): string {
  return `${escapeUnsafeJson(JSON.stringify(document))}\n`;
}

/** One JSON document on standard output, nothing else there. Names in it may be a customer's. */
export function printJson(document: unknown): void {
  process.stdout.write(`${escapeUnsafeJson(JSON.stringify(document, null, 2))}\n`);
}

import { InputError } from '../../input/errors.ts';
import { escapeUnsafeLines } from '../../text/unsafe.ts';

/**
 * Runs a verb and sets the exit code: what it returns, or 2 with one line for bad input. Other errors are faults of
 * the program and keep their stack.
 */
export async function runCommand(name: string, run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${name}: ${escapeUnsafeLines(error.message)}\n`);
    process.exitCode = 2;
  }
}

/** One JSON document on standard output, nothing else there. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

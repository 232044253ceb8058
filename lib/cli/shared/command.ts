import { InputError } from '../../input/errors.ts';

/**
 * Runs a verb and sets the exit code: what it returns, or 2 with one line for bad input. Other errors are faults of
 * the program and keep their stack.
 */
export async function runCommand(name: string, run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${name}: ${inert(error.message)}\n`);
    process.exitCode = 2;
  }
}

/** A message may quote a file's name or an argument as it came: a control character is shown, never sent to the terminal. */
function inert(message: string): string {
  return message.replace(
    /(?!\n)\p{Cc}/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One JSON document on standard output, nothing else there. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}

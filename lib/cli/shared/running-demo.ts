import { connect } from 'node:net';
import { InputError, NotYetError } from '../../input/errors.ts';
import { calledAs } from './called-as.ts';

/** Whether the demo that a file tells of still runs: one that was killed leaves its file behind. */

/** How long a demo on this machine may take to accept a connection, ms. */
const ACCEPT_MS = 5000;

/** Whether a process runs; one of another user does too. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * @param file path of the demo's file, `text` its content; a text that is no JSON is left to its reader
 * @throws InputError saying what to do, where the process that wrote it has ended
 * @throws NotYetError where it is still starting
 */
export function requireAlive(file: string, text: string): void {
  const pid = pidOf(text);
  if (pid !== undefined && !alive(pid)) throw gone(file, `its process ${pid} has ended`);
  if (isStarting(text))
    throw new NotYetError(
      `the demo of this folder is still starting: it judges its first traffic. The commands find it once it says that it stays up, mostly within a minute (to work on a deployment meanwhile, name it: --stack NAME)`,
    );
}

/** Whether a demo that stays up has said that it begins, and not yet where it is. */
function isStarting(text: string): boolean {
  try {
    return (JSON.parse(text) as { starting?: unknown } | null)?.starting === true;
  } catch {
    return false; // its reader says what it is
  }
}

/** @throws InputError saying what to do, where nobody accepts connections at that address */
export async function requireAnswer(file: string, endpoint: string): Promise<void> {
  const { hostname, port } = new URL(endpoint);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: ACCEPT_MS });
    const fail = (error?: Error): void => {
      socket.destroy();
      reject(gone(file, `nothing answers at ${hostname}:${port}`, error));
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail());
    socket.once('error', fail);
  });
}

function gone(file: string, why: string, cause: Error = new NoDemo(why)): InputError {
  return new InputError(
    `the demo of ${file} does not run any more (${why}). Start it anew: ${calledAs()} demo --keep. To work on a deployment instead, name it (--stack NAME), or delete that file`,
    { cause },
  );
}

/** Nobody answers, as the network would say it: the exit code is that of a service that does not answer. */
class NoDemo extends Error {
  readonly code = 'ECONNREFUSED';
}

/** The process in a demo's file; undefined where it is none, or of a version that did not say. */
export function pidOf(text: string): number | undefined {
  try {
    const { pid } = JSON.parse(text) as { pid?: unknown };
    return typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

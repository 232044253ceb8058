import { spawn } from 'node:child_process';

/**
 * Runs fast tests in a process group of their own, which ends as a whole: a worker that never ends outlives the command that
 * started it.
 * @param tests files and folders below test/
 * @param env beside this process's own
 * @param timeout ms
 */
export function runFastTests(
  tests: readonly string[],
  env: Readonly<Record<string, string>>,
  timeout: number,
): Promise<'passed' | 'failed' | 'does not end'> {
  const child = spawn(
    'npx',
    ['vitest', 'run', '--project', 'fast', '--bail=1', '--maxWorkers=1', '--reporter=dot', ...tests],
    { detached: true, stdio: 'ignore', env: { ...process.env, ...env } },
  );
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve('does not end');
      // the group has the number of its first process
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeout);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? 'passed' : 'failed');
    });
  });
}

import { spawn } from 'node:child_process';
import { Command, InvalidArgumentError } from 'commander';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { authorOf, userName } from '../shared/author.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { connect, type DeploymentOptions, withEvidenceOptions } from '../shared/deployment.ts';
import { type ConsoleServer, startConsole } from './console-server.ts';
import type { ConsoleOrigin } from './console-source.ts';
import { liveOrigin } from './live-source.ts';
import { saved } from './saved-source.ts';

export interface ConsoleOptions extends DeploymentOptions {
  readonly port: number;
  readonly stack?: string;
  readonly calibration?: string;
  readonly compared?: boolean;
  readonly by?: string;
  readonly open?: boolean;
  readonly json?: boolean;
}

function port(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 0 && value < 65_536))
    throw new InvalidArgumentError('must be a port number');
  return value;
}

/** `console [OUTCOME]`: a local page on loopback, for a saved backtest, the running demo or deployed tables. */
export function consoleCommand(): Command {
  return withEvidenceOptions(
    new Command('console')
      .description(
        'a local page: findings and verdicts, campaigns, thresholds and their effect; loopback only, holds no data of its own',
      )
      .argument(
        '[outcome]',
        'what `backtest --save FILE` wrote; without it, the deployed tables that are named, else the running demo',
      ),
  )
    .option('--calibration <file>', 'calibration (JSON); default: the one that the policy names')
    .option('--compared', 'the second policy of an outcome that backtest --compare saved')
    .option('--by <name>', 'what you are called in verdicts; who you are is asked of IAM', userName())
    .option('--port <n>', 'port on 127.0.0.1; 0 for any', port, 0)
    .option('--open', 'open it in the browser')
    .option('--json', 'print the address as a JSON document')
    .action((file: string | undefined, options: ConsoleOptions) =>
      runCommand('console', () => (file === undefined ? liveConsole(options) : savedConsole(file, options))),
    );
}

async function savedConsole(file: string, options: ConsoleOptions): Promise<number> {
  const source = await saved(file, options);
  return serve({ read: () => Promise.resolve(source) }, options);
}

async function liveConsole(options: ConsoleOptions): Promise<number> {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const deployment = await connect(options);
  try {
    const author = await authorOf(options, deployment);
    return await serve(liveOrigin(deployment, options, author), options);
  } finally {
    deployment.close();
  }
}

async function serve(origin: ConsoleOrigin, options: ConsoleOptions): Promise<number> {
  const server = await started(origin, options.port);
  if (options.json === true) printJson({ url: server.url, accounts: server.accounts });
  else process.stdout.write(`${server.url}\n`);
  if (options.open === true) openInBrowser(server.url);
  else say('Open it in a browser on this machine.');
  say('Ctrl-C ends it.');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.close();
  return 0;
}

async function started(origin: ConsoleOrigin, wanted: number): Promise<ConsoleServer> {
  return startConsole(origin, wanted).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
      throw new InputError(`--port ${wanted}: in use; give another, or 0 for any`, { cause: error });
    throw error;
  });
}

/** Asks the desktop to open an address; says so where there is none. */
export function openInBrowser(url: string): void {
  const [program, ...rest] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  const child = spawn(program as string, rest, { stdio: 'ignore', detached: true });
  child.on('error', () => say('No browser could be opened here: open the address yourself.'));
  child.unref();
}

/** Whether a browser can be opened here; a server without a screen has none. */
export function hasDesktop(environment: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (process.platform === 'darwin' || process.platform === 'win32') return true;
  return (environment.DISPLAY ?? environment.WAYLAND_DISPLAY ?? '') !== '';
}

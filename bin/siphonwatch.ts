import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { calledAs } from '../lib/cli/shared/called-as.ts';
import { tellFailure, watchProcess } from '../lib/cli/shared/failure.ts';
import { VERBS } from '../lib/cli/verbs.ts';
import { COMMAND } from '../lib/contract/command.ts';
import { CODE_VERSION } from '../lib/version.ts';

/** Needs every other verb, so it stands beside them. */
const COMPLETION = 'completion';

const program = new Command(COMMAND)
  .description('Finds large-scale extraction of language models in usage telemetry.')
  .version(CODE_VERSION)
  .exitOverride()
  // the nearest match comes with the error
  .showHelpAfterError(`(all commands: ${calledAs()} --help)`);

const asked = process.argv[2] ?? '';
for (const [name, { summary, load }] of Object.entries(VERBS)) {
  if (name === asked) program.addCommand(overridden(await loaded(name, load)));
  else program.command(name).description(summary);
}

const summary = 'a script that lets the shell complete commands';
if (asked === COMPLETION) {
  const { completionCommand } = await import('../lib/cli/completion/completion.ts');
  const all = Object.entries(VERBS).map(([name, { load }]) => ({ name, load: () => loaded(name, load) }));
  program.addCommand(overridden(completionCommand(all)));
} else program.command(COMPLETION).description(summary);

/** Everything but the demo works after `npm ci --omit=dev`: its emulators and the stack's synthesis are development tools. */
async function loaded(name: string, load: () => Promise<Command>): Promise<Command> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    const folder = fileURLToPath(new URL('..', import.meta.url));
    process.stderr.write(
      `${name}: packages are missing (${error.message.split('\n')[0]}): npm ci --prefix ${folder}\n`,
    );
    return process.exit(2);
  }
}

/** The command and those below it throw instead of ending the process: bad options end with 2 wherever they stand. */
function overridden(command: Command): Command {
  for (const below of command.commands) overridden(below);
  return command.exitOverride();
}

watchProcess(asked);
try {
  await program.parseAsync();
} catch (error) {
  // commander has printed what is wrong; asking for help or the version is no fault
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = tellFailure(asked, error);
}

import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { tellFailure, watchProcess } from '../lib/cli/shared/failure.ts';
import { COMMAND } from '../lib/contract/command.ts';
import { CODE_VERSION } from '../lib/version.ts';

/** The command line: one file a verb under lib/cli, loaded when it is called, so that help comes at once. */
const VERBS: Readonly<Record<string, { summary: string; load: () => Promise<Command> }>> = {
  record: {
    summary: 'turn exchanges into usage events',
    load: async () => (await import('../lib/cli/record/record.ts')).recordCommand(),
  },
  collect: {
    summary: 'listen for OpenTelemetry, LiteLLM and exchanges',
    load: async () => (await import('../lib/cli/collect/collect.ts')).collectCommand(),
  },
  keyring: {
    summary: "make, rotate and check the recorder's keys",
    load: async () => (await import('../lib/cli/keyring/keyring.ts')).keyringCommand(),
  },
  vectors: {
    summary: 'test vectors for recorders in other languages',
    load: async () => (await import('../lib/cli/vectors/vectors.ts')).vectorsCommand(),
  },
  demo: {
    summary: 'the whole pipeline on embedded AWS',
    load: async () => (await import('../lib/cli/demo/demo.ts')).demoCommand(),
  },
  backtest: {
    summary: 'replay recorded traffic',
    load: async () => (await import('../lib/cli/backtest/backtest.ts')).backtestCommand(),
  },
  calibrate: {
    summary: 'learn what is normal in each peer group',
    load: async () => (await import('../lib/cli/calibrate/calibrate.ts')).calibrateCommand(),
  },
  drift: {
    summary: 'are accounts still like those that were learnt from?',
    load: async () => (await import('../lib/cli/drift/drift.ts')).driftCommand(),
  },
  learning: {
    summary: 'how far the learning of a deployment is',
    load: async () => (await import('../lib/cli/learning/learning.ts')).learningCommand(),
  },
  findings: {
    summary: 'list and show findings',
    load: async () => (await import('../lib/cli/findings/findings.ts')).findingsCommand(),
  },
  triage: {
    summary: 'record a verdict, a note or an owner, or undo a verdict',
    load: async () => (await import('../lib/cli/findings/triage.ts')).triageCommand(),
  },
  dossier: {
    summary: "a finding's evidence, complete and verifiable",
    load: async () => (await import('../lib/cli/dossier/dossier.ts')).dossierCommand(),
  },
  forensics: {
    summary: 'was a suspect model trained on ours?',
    load: async () => (await import('../lib/cli/forensics/forensics.ts')).forensicsCommand(),
  },
  plan: {
    summary: 'capacity and cost for an amount of traffic',
    load: async () => (await import('../lib/cli/plan/plan.ts')).planCommand(),
  },
  doctor: {
    summary: 'what is wrong or missing in a deployment',
    load: async () => (await import('../lib/cli/doctor/doctor.ts')).doctorCommand(),
  },
  teardown: {
    summary: 'empty what a deployment filled, before its stack is deleted',
    load: async () => (await import('../lib/cli/teardown/teardown.ts')).teardownCommand(),
  },
  redrive: {
    summary: 'put quarantined events back on the stream',
    load: async () => (await import('../lib/cli/redrive/redrive.ts')).redriveCommand(),
  },
  rebuild: {
    summary: 'make the profiles anew from the archive',
    load: async () => (await import('../lib/cli/rebuild/rebuild.ts')).rebuildCommand(),
  },
  forget: {
    summary: 'remove one customer from everything stored',
    load: async () => (await import('../lib/cli/forget/forget.ts')).forgetCommand(),
  },
  policy: {
    summary: 'check, compare and roll out policies',
    load: async () => (await import('../lib/cli/policy/policy.ts')).policyCommand(),
  },
  tune: {
    summary: 'propose a policy from labelled traffic',
    load: async () => (await import('../lib/cli/tune/tune.ts')).tuneCommand(),
  },
  console: {
    summary: 'a local page: findings, verdicts, campaigns, thresholds',
    load: async () => (await import('../lib/cli/console/console.ts')).consoleCommand(),
  },
  resolve: {
    summary: "a pseudonym's account, for holders of the key",
    load: async () => (await import('../lib/cli/findings/resolve.ts')).resolveCommand(),
  },
};

/** Needs every other verb, so it stands beside them. */
const COMPLETION = 'completion';

const program = new Command(COMMAND)
  .description('Finds large-scale extraction of language models in usage telemetry.')
  .version(CODE_VERSION)
  .exitOverride()
  .showHelpAfterError();

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

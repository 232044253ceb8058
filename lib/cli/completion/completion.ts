import { Argument, Command } from 'commander';
import { COMMAND } from '../../contract/command.ts';

/** Scripts that let a shell complete verbs and options: what commander knows, written down once. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface Verb {
  readonly name: string;
  readonly load: () => Promise<Command>;
}

/** `completion bash|zsh|fish` */
export function completionCommand(verbs: readonly Verb[]): Command {
  return new Command('completion')
    .description('print a script that lets the shell complete commands and options')
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText(
      'after',
      `\nbash: source <(${COMMAND} completion bash)\nzsh:  source <(${COMMAND} completion zsh)\nfish: ${COMMAND} completion fish | source`,
    )
    .action(async (shell: Shell) => {
      const loaded = await Promise.all(verbs.map(async ({ load }) => load()));
      process.stdout.write(completionScript(shell, loaded));
    });
}

/** What may follow: the words of every command, by its path, such as `policy push`. */
function wordsByPath(commands: readonly Command[], before = ''): Map<string, Command> {
  const paths = new Map<string, Command>();
  for (const command of commands) {
    const path = `${before}${command.name()}`;
    paths.set(path, command);
    for (const [below, held] of wordsByPath(command.commands, `${path} `)) paths.set(below, held);
  }
  return paths;
}

const longOptions = (command: Command) =>
  command.options.filter(({ long }) => long !== undefined && long !== null);

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const paths = wordsByPath(commands);
  if (shell === 'fish') return fishScript(commands, paths);
  const cases = [...paths]
    .sort(([a], [b]) => b.split(' ').length - a.split(' ').length)
    .map(([path, command]) => {
      const words = [
        ...command.commands.map((below) => below.name()),
        ...longOptions(command).map(({ long }) => long ?? ''),
        '--help',
      ];
      return `    "${path} "*) words="${words.join(' ')}" ;;`;
    });
  const bash = [
    `_${COMMAND}() {`,
    `  local cur="\${COMP_WORDS[COMP_CWORD]}" words`,
    `  case "\${COMP_WORDS[*]:1:COMP_CWORD-1} " in`,
    ...cases,
    `    *) words="${commands.map((command) => command.name()).join(' ')} --help --version" ;;`,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    `  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); fi`,
    '}',
    `complete -o filenames -F _${COMMAND} ${COMMAND}`,
    '',
  ].join('\n');
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${bash}` : bash;
}

function fishScript(commands: readonly Command[], paths: ReadonlyMap<string, Command>): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const first = (text: string): string => (text.split(/[;:,(]/)[0] ?? '').trim();
  const lines = commands.map(
    (command) =>
      `complete -c ${COMMAND} -n __fish_use_subcommand -f -a ${command.name()} -d ${quoted(first(command.description()))}`,
  );
  for (const [path, command] of paths) {
    const seen = path
      .split(' ')
      .map((name) => `__fish_seen_subcommand_from ${name}`)
      .join('; and ');
    for (const below of command.commands)
      lines.push(
        `complete -c ${COMMAND} -n ${quoted(seen)} -f -a ${below.name()} -d ${quoted(first(below.description()))}`,
      );
    for (const { long, description } of longOptions(command))
      lines.push(
        `complete -c ${COMMAND} -n ${quoted(seen)} -l ${(long ?? '').replace(/^--/, '')} -d ${quoted(first(description))}`,
      );
  }
  return `${lines.join('\n')}\n`;
}

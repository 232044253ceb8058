import { Command, Option } from 'commander';
import { plain } from '../../findings/sanitize.ts';
import { jsonView, sanitized } from '../../findings/views/json.ts';
import { InputError } from '../../input/errors.ts';
import type { Level } from '../../scoring/level.ts';
import { listFindings, wholeTrail } from '../../stores/finding-queries.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { type DeploymentOptions, withDeploymentOptions, withFindings } from '../shared/deployment.ts';
import { findingInFull, findingsCsv, findingTable } from './finding-text.ts';

interface ListOptions extends DeploymentOptions {
  readonly state: 'open' | 'calmed' | 'closed' | 'all';
  readonly level?: Level;
  readonly limit: string;
  readonly shadow?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** `findings [list|show ID]`: the security team's list, and one finding in full. */
export function findingsCommand(): Command {
  const command = new Command('findings').description('findings of a deployment, or of a running demo');
  command.addCommand(listCommand(), { isDefault: true });
  command.addCommand(showCommand());
  return command;
}

function listCommand(): Command {
  return withDeploymentOptions(
    new Command('list')
      .description('findings, the newest change first')
      .addOption(
        new Option('--state <state>', 'which').choices(['open', 'calmed', 'closed', 'all']).default('open'),
      )
      .addOption(new Option('--level <level>', 'only this level').choices(['watch', 'suspect', 'critical']))
      .option('--limit <n>', 'at most so many', '50')
      .option('--shadow', 'findings of shadow policies instead')
      .option('--csv', 'comma-separated values')
      .option('--json', 'print one JSON document'),
  ).action((options: ListOptions) =>
    runCommand('findings', () =>
      withFindings(options, async (store, now) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new InputError(`--limit: must be a whole number from 1 (got ${options.limit})`);
        const { findings, more } = await listFindings(store, options, limit, now);
        if (options.json === true) printJson({ findings: sanitized(findings), more });
        else if (options.csv === true) process.stdout.write(findingsCsv(findings, now));
        else process.stdout.write(`${findingTable(findings, more, options.state, now)}\n`);
        return 0;
      }),
    ),
  );
}

function showCommand(): Command {
  return withDeploymentOptions(
    new Command('show')
      .description('one finding: its evidence, its history, its verdicts')
      .argument('<id>', 'finding, f-... or fc-...')
      .option('--json', 'print one JSON document'),
  ).action((id: string, options: DeploymentOptions & { readonly json?: boolean }) =>
    runCommand('findings', () =>
      withFindings(options, async (store, now) => {
        const held = await store.find(id);
        if (held === undefined) throw new InputError(`there is no finding ${plain(id, 80)}`);
        const { finding } = held;
        const audit = await wholeTrail(store, finding);
        const exception = await store.exceptionFor(finding.notice.subject.id, now);
        if (options.json === true)
          printJson({
            ...(sanitized({ finding, audit, exception: exception ?? null }) as object),
            view: jsonView(finding.notice, now),
          });
        else process.stdout.write(`${findingInFull(finding, audit, exception?.until, now)}\n`);
        return 0;
      }),
    ),
  );
}

import { Command, Option } from 'commander';
import { type Finding, VERDICTS, type Verdict } from '../../findings/finding.ts';
import {
  compareFindings,
  FINDING_ORDERS,
  type FindingOrder,
  groupFindings,
} from '../../findings/finding-order.ts';
import { plain } from '../../findings/sanitize.ts';
import { jsonView, sanitized } from '../../findings/views/json.ts';
import { InputError } from '../../input/errors.ts';
import type { Level } from '../../scoring/level.ts';
import { listFindings, wholeTrail } from '../../stores/finding-queries.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { type DeploymentOptions, withDeploymentOptions, withFindings } from '../shared/deployment.ts';
import { findingInFull, findingsCsv, findingTable } from './finding-text.ts';
import { noFinding } from './no-finding.ts';

interface ListOptions extends DeploymentOptions {
  readonly state: 'open' | 'calmed' | 'closed' | 'all';
  readonly level?: Level;
  readonly verdict?: Verdict | 'none';
  readonly find?: string;
  readonly sort: FindingOrder;
  readonly limit: string;
  readonly flat?: boolean;
  readonly shadow?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** Findings that are looked through, so that the order is over all of them and not over the newest. */
const LOOKED_AT = 5000;

/** `findings [list|show ID]`: the security team's list, and one finding in full. */
export function findingsCommand(): Command {
  const command = new Command('findings').description('findings of a deployment, or of a running demo');
  command.addCommand(listCommand(), { isDefault: true });
  command.addCommand(showCommand());
  return command;
}

/** `findings lst` comes to the default, which takes nothing: said as what it is. @throws InputError */
function refuseWords(words: readonly string[]): void {
  const [word] = words;
  if (word !== undefined)
    throw new InputError(`there is no command findings ${plain(word, 80)}: list or show ID`);
}

function listCommand(): Command {
  return withDeploymentOptions(
    new Command('list')
      .description('findings, the most urgent first; those of accounts stand below their campaign')
      .addOption(
        new Option('--state <state>', 'which').choices(['open', 'calmed', 'closed', 'all']).default('open'),
      )
      .addOption(new Option('--level <level>', 'only this level').choices(['watch', 'suspect', 'critical']))
      .addOption(
        new Option('--verdict <verdict>', 'only those with this verdict; none: nobody judged them').choices([
          ...VERDICTS,
          'none',
        ]),
      )
      .option('--find <text>', 'only those with this in their id, subject, plan or reasons')
      .addOption(new Option('--sort <order>', 'order').choices(FINDING_ORDERS).default('urgency'))
      .option('--limit <n>', 'at most so many', '50')
      .option('--flat', 'do not group by campaign')
      .option('--shadow', 'findings of shadow policies instead')
      .option('--csv', 'comma-separated values')
      .option('--json', 'print one JSON document')
      .allowExcessArguments(),
  ).action((options: ListOptions, { args }: Command) =>
    runCommand('findings', async () => {
      refuseWords(args);
      return withFindings(options, async (store, now) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new InputError(`--limit: must be a whole number from 1 (got ${options.limit})`);
        const page = await listFindings(store, options, LOOKED_AT, now);
        const fitting = page.findings
          .filter((held) => wanted(held, options))
          .sort(compareFindings(options.sort));
        const groups =
          options.flat === true ? fitting.map((head) => ({ head, members: [] })) : groupFindings(fitting);
        const rows = groups
          .flatMap(({ head, members }) => [
            { held: head, below: false },
            ...members.map((held) => ({ held, below: true })),
          ])
          .slice(0, limit);
        const findings = rows.map(({ held }) => held);
        const more = page.more || fitting.length > limit;
        if (options.json === true) printJson({ findings: sanitized(findings), more });
        else if (options.csv === true) process.stdout.write(findingsCsv(findings, now));
        else if (rows.length === 0) process.stdout.write(`${nothing(options)}\n`);
        else process.stdout.write(`${findingTable(rows, tail(fitting.length, rows.length), now)}\n`);
        return 0;
      });
    }),
  );
}

function wanted({ id, verdict, notice }: Finding, { verdict: asked, find }: ListOptions): boolean {
  if (asked !== undefined && (verdict?.verdict ?? 'none') !== asked) return false;
  if (find === undefined) return true;
  const { subject, reasons } = notice;
  const text = [id, subject.id, subject.plan, subject.product, ...reasons.map(({ title }) => title)];
  return text.join('\n').toLowerCase().includes(find.toLowerCase());
}

function nothing({ state, level, verdict, find }: ListOptions): string {
  const asked = [level, state === 'all' ? undefined : state].filter((word) => word !== undefined).join(' ');
  const narrowed = verdict !== undefined || find !== undefined;
  return `No ${asked === '' ? '' : `${asked} `}findings${narrowed ? ' that fit' : ''}.${state === 'all' ? '' : ' All of them: --state all'}`;
}

function tail(all: number, shown: number): string | undefined {
  return all > shown
    ? `${shown} of ${all}. More: --limit ${all}; fewer: --level, --find, --verdict.`
    : undefined;
}

function showCommand(): Command {
  return withDeploymentOptions(
    new Command('show')
      .description('one finding: its evidence, its history, its verdicts')
      .argument('<id>', 'finding, f-... or fc-...')
      .option('--json', 'print one JSON document'),
  ).action((id: string, options: DeploymentOptions & { readonly json?: boolean }) =>
    runCommand('findings', () =>
      withFindings(options, async (store, now, { local }) => {
        const held = await store.find(id);
        if (held === undefined) throw await noFinding(store, id);
        const { finding } = held;
        const audit = await wholeTrail(store, finding);
        const exception = await store.exceptionFor(finding.notice.subject.id, Date.now());
        if (options.json === true)
          printJson({
            ...(sanitized({ finding, audit, exception: exception ?? null }) as object),
            view: jsonView(finding.notice, Date.now()),
          });
        else
          process.stdout.write(
            `${findingInFull(finding, audit, exception?.until, { now, processing: Date.now(), replayed: local })}\n`,
          );
        return 0;
      }),
    ),
  );
}

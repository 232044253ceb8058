import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { type AuditEntry, type Finding, stateAt } from '../findings/finding.ts';
import { amount, count, duration, when } from '../findings/people.ts';
import { csvCell, plain } from '../findings/plain.ts';
import { email } from '../findings/views/email.ts';
import { inert, jsonView } from '../findings/views/json.ts';
import { DynamoFindingStore, type FindingStore } from '../stores/finding-store.ts';
import { colours } from './colours.ts';
import { asInputError, connect, type DeploymentOptions, withDeploymentOptions } from './deployment.ts';
import { InputError } from './input.ts';
import { printJson, runVerb } from './verb.ts';

interface ListOptions extends DeploymentOptions {
  readonly state: 'open' | 'calmed' | 'closed' | 'all';
  readonly level?: string;
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
    runVerb('findings', () =>
      withStore(options, async (store, now) => {
        const limit = Number(options.limit);
        if (!Number.isInteger(limit) || limit < 1)
          throw new InputError(`--limit: must be a whole number from 1 (got ${options.limit})`);
        const { findings, more } = await listed(store, options, limit, now);
        if (options.json === true) printJson({ findings: inert(findings), more });
        else if (options.csv === true) process.stdout.write(csvOf(findings, now));
        else process.stdout.write(`${tableOf(findings, more, options, now)}\n`);
        return 0;
      }),
    ),
  );
}

function showCommand(): Command {
  return withDeploymentOptions(
    new Command('show')
      .description('one finding: its evidence, its history, what people said of it')
      .argument('<id>', 'finding, f-... or fc-...')
      .option('--json', 'print one JSON document'),
  ).action((id: string, options: DeploymentOptions & { readonly json?: boolean }) =>
    runVerb('findings', () =>
      withStore(options, async (store, now) => {
        const held = await store.find(id);
        if (held === undefined) throw new InputError(`there is no finding ${plain(id, 80)}`);
        const { finding } = held;
        const audit = await trail(store, finding);
        const exception = await store.exceptionFor(finding.notice.subject.id, now);
        if (options.json === true)
          printJson({
            ...(inert({ finding, audit, exception: exception ?? null }) as object),
            view: jsonView(finding.notice, now),
          });
        else process.stdout.write(`${shown(finding, audit, exception?.until, now)}\n`);
        return 0;
      }),
    ),
  );
}

/** Runs over the table that the options name; closes what it opened. */
export async function withStore(
  options: DeploymentOptions,
  run: (store: FindingStore, now: number) => Promise<number>,
): Promise<number> {
  const deployment = await connect(options);
  try {
    return await run(new DynamoFindingStore(deployment.dynamodb, deployment.findingTable), deployment.now);
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

/** The whole audit trail, the entries that only the finding has yet among them. */
export async function trail(store: FindingStore, finding: Finding): Promise<readonly AuditEntry[]> {
  const entries = new Map((await store.audit(finding.id)).map((entry) => [entry.n, entry]));
  for (const entry of finding.audit ?? []) entries.set(entry.n, entry);
  return [...entries.values()].sort((a, b) => a.n - b.n);
}

/** Findings that are looked through to fill a page. */
const LOOKED_AT = 5000;

async function listed(
  store: FindingStore,
  options: Pick<ListOptions, 'state' | 'level' | 'shadow'>,
  limit: number,
  now: number,
): Promise<{ findings: readonly Finding[]; more: boolean }> {
  const filtered = options.state !== 'all' || options.level !== undefined;
  const page = await store.list(filtered ? LOOKED_AT : limit, options.shadow === true);
  const fitting = page.findings.filter(
    (held) =>
      (options.state === 'all' || stateAt(held, now) === options.state) &&
      (options.level === undefined || held.level === options.level),
  );
  return { findings: fitting.slice(0, limit), more: page.more || fitting.length > limit };
}

const PAINT = {
  critical: colours.red,
  suspect: colours.yellow,
  watch: colours.cyan,
  clear: colours.dim,
};

function tableOf(
  findings: readonly Finding[],
  more: boolean,
  options: Pick<ListOptions, 'state'>,
  now: number,
): string {
  if (findings.length === 0) return `No ${options.state === 'all' ? '' : `${options.state} `}findings.`;
  const table = new Table({
    head: ['finding', 'level', 'state', 'since', 'who', 'tokens out', 'verdict', 'first reason'],
    style: { head: [], border: [], compact: true },
    chars: {
      mid: '',
      'left-mid': '',
      'mid-mid': '',
      'right-mid': '',
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      right: '',
      middle: ' ',
    },
    colAligns: ['left', 'left', 'left', 'left', 'left', 'right', 'left', 'left'],
  });
  for (const held of findings) {
    const { notice } = held;
    const members = notice.subject.memberCount;
    table.push([
      plain(held.id, 40),
      PAINT[held.level](held.level),
      stateAt(held, now),
      when(held.openedAt).slice(0, 16),
      members === undefined ? plain(notice.subject.plan, 16) : `${count(members)} accounts`,
      amount(notice.stake.outputTokens),
      held.verdict?.verdict ?? '',
      plain(notice.reasons[0]?.title ?? '', 44),
    ]);
  }
  return `${table.toString()}${more ? `\nThere are more: --limit ${findings.length * 4}, or --state, --level.` : ''}`;
}

const COLUMNS = [
  'finding',
  'type',
  'subject',
  'level',
  'highest',
  'state',
  'opened',
  'updated',
  'score',
  'log10E',
  'outputTokens',
  'plan',
  'verdict',
  'by',
  'note',
];

function csvOf(findings: readonly Finding[], now: number): string {
  const lines = findings.map((held) =>
    [
      held.id,
      held.notice.subject.type,
      held.notice.subject.id,
      held.level,
      held.highest,
      stateAt(held, now),
      held.openedAt,
      held.updatedAt,
      String(held.notice.score),
      String(held.notice.log10E),
      String(held.notice.stake.outputTokens),
      held.notice.subject.plan,
      held.verdict?.verdict ?? '',
      held.verdict?.by ?? '',
      held.verdict?.note ?? '',
    ]
      .map((cell) => csvCell(cell))
      .join(','),
  );
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

function shown(
  finding: Finding,
  audit: readonly AuditEntry[],
  quietUntil: string | undefined,
  now: number,
): string {
  const { notice } = finding;
  const { subject, text } = email(notice, now);
  const lines = [colours.bold(subject), '', text.trimEnd(), '', 'HISTORY'];
  for (const entry of finding.history)
    lines.push(
      `${when(entry.at)}  ${entry.transition} at ${entry.level}${entry.fate === undefined ? '' : ` (${FATE_WORDS[entry.fate]})`}`,
    );
  lines.push('', 'EXPLANATIONS IN FULL');
  for (const held of notice.explanations)
    lines.push(
      `${held.fits ? 'fits    ' : 'does not'}  ${plain(held.title, 60)}: ${plain(held.because, 240)}`,
    );
  const quiet = quietUntil === undefined ? '' : `; quiet until ${when(quietUntil)}`;
  const idle = now - Date.parse(finding.updatedAt);
  lines.push(
    '',
    'STATE',
    `${stateAt(finding, now)}, highest ${finding.highest}, last change ${duration(idle)} ago${quiet}`,
  );
  if (audit.length > 0) lines.push('', 'WHO CHANGED WHAT');
  for (const entry of audit)
    lines.push(
      `${when(entry.at)}  ${plain(entry.by, 60)}: ${entry.action === 'undo' ? 'undo, ' : ''}${wordsOf(entry.before)} -> ${wordsOf(entry.after)}${entry.note === undefined ? '' : `: ${plain(entry.note, 400)}`}`,
    );
  return lines.join('\n');
}

const FATE_WORDS = {
  told: 'told at once',
  digest: "in the day's digest",
  storm: "in a storm's list",
  quiet: 'recorded only',
  shadow: 'shadow policy',
} as const;

function wordsOf(side: AuditEntry['before']): string {
  const { state, verdict } = side;
  if (verdict === undefined) return state;
  return `${verdict.verdict}${verdict.until === undefined ? '' : ` until ${verdict.until.slice(0, 10)}`} (${state})`;
}

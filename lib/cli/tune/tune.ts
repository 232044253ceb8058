import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import type { Labels } from '../../backtest/labels.ts';
import { type Step, type TuningAccount, tune } from '../../backtest/tune.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { say } from '../../input/say.ts';
import { Traffic } from '../../input/traffic.ts';
import { policyChanges } from '../../policy/diff.ts';
import { policyDocument } from '../../policy/policy-document.ts';
import { joinSlices } from '../../profile/window.ts';
import { printable } from '../../telemetry/reason.ts';
import { loadPolicy } from '../policy/policy-file.ts';
import { profilesOf } from '../replay/learning-replay.ts';
import { printJson, runCommand } from '../shared/command.ts';
import type { DeploymentOptions } from '../shared/deployment.ts';
import { writable, writeAside } from '../shared/output.ts';
import { verdictsOf } from '../shared/verdict-labels.ts';

interface TuneOptions extends KeyOptions, DeploymentOptions {
  readonly labels: string;
  readonly maxFpr: number;
  readonly policy?: string;
  readonly out?: string;
  readonly id?: string;
  readonly verdicts?: boolean;
  readonly json?: boolean;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 0.5)) throw new InvalidArgumentError('must lie above 0 and not above 0.5');
  return value;
}

/** `tune EVENTS... --labels FILE --max-fpr X`: proposes a policy and says what to expect of it. Activates nothing. */
export function tuneCommand(): Command {
  const command = new Command('tune')
    .description(
      'propose an error budget from labelled traffic, and say its recall on accounts that the model has not seen; refuses a budget that the data cannot support',
    )
    .argument('<events...>', 'NDJSON files in order of arrival, plain or gzip')
    .requiredOption('--labels <file>', 'CSV account,label,kind,campaign')
    .requiredOption(
      '--max-fpr <share>',
      'largest share of benign accounts that may be flagged over the period of the traffic',
      rate,
    )
    .option('--policy <file>', 'policy to start from; default: the shipped one')
    .option(
      '--verdicts',
      'count what the security team said of findings as labels too, where the file says nothing',
    )
    .option('--table <name>', 'findings table (FINDING_TABLE) for --verdicts')
    .option(
      '--out <file>',
      'write the candidate policy (YAML), and its calibration beside it (.calibration.json)',
    )
    .option('--id <text>', 'id of the candidate; default: tuned-<max-fpr>-<benign accounts>')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((files: string[], options: TuneOptions) =>
    runCommand('tune', async () => {
      await writable({ '--out': options.out });
      return run(files, options);
    }),
  );
}

async function run(names: readonly string[], options: TuneOptions): Promise<number> {
  const policy = await loadPolicy(options.policy);
  const accounts = await labelledAccounts(names, options, policy);
  say(`${accounts.length} labelled accounts; learning without the extraction accounts, then with them ...`);
  const tuned = tune(accounts, policy, options.maxFpr);
  if (!tuned.ok) {
    if (options.json === true) printJson({ ok: false, reason: tuned.reason });
    else process.stdout.write(`${tuned.reason}\n`);
    return 1;
  }
  const { expected, frontier } = tuned;
  const id = options.id ?? `tuned-${options.maxFpr}-${expected.benign}`;
  const candidate = { ...tuned.policy, id, calibration: `${id}-calibration` };
  const made = { ...tuned.calibration, id: candidate.calibration };
  const changes = policyChanges(policy, candidate);
  const words = expectation(expected, made.days);
  if (options.out !== undefined) {
    const beside = `${options.out.replace(/\.(ya?ml|json)$/, '')}.calibration.json`;
    await writeAside(
      options.out,
      policyDocument(candidate, { title: ['Proposed by siphonwatch tune.', ...words] }),
    );
    await writeAside(beside, `${JSON.stringify(made)}\n`);
    say(`policy ${id}: ${options.out}; its calibration: ${beside}`);
  }
  if (options.json === true) {
    printJson({ ok: true, policy: candidate, changes, expected, frontier });
    return 0;
  }
  printFrontier(frontier);
  for (const line of words) process.stdout.write(`${line}\n`);
  for (const { field, before, after } of changes) process.stdout.write(`  ${field}: ${before} -> ${after}\n`);
  if (options.out === undefined) process.stdout.write('Give --out FILE to write the policy.\n');
  return 0;
}

async function labelledAccounts(
  names: readonly string[],
  options: TuneOptions,
  policy: Awaited<ReturnType<typeof loadPolicy>>,
): Promise<TuningAccount[]> {
  const traffic = await Traffic.of(names, options);
  const labels = await traffic.labels(options.labels);
  const verdicts =
    options.verdicts === true ? await verdictsOf(options) : new Map<string, 'benign' | 'extraction'>();
  const states = await profilesOf(traffic, {
    label: 'tune: replay',
    policy,
    accept: ({ account }) => labels.byPseudonym.has(account) || verdicts.has(account),
  });
  const accounts: TuningAccount[] = [];
  for (const { profile, sealed } of states()) {
    const { account, customer } = profile;
    const held = labels.byPseudonym.get(account);
    const label = held?.label ?? verdicts.get(account);
    if (label === undefined || label === 'grey') continue;
    const slices = joinSlices([sealed, profile.slices]);
    accounts.push({ account, customer, slices, label, campaign: held?.campaign ?? '' });
  }
  tellAbsent(labels, new Set(accounts.map(({ account }) => account)));
  if (accounts.length === 0)
    throw new InputError(
      `${options.labels}: none of its accounts has events here; were they recorded under another key (--keyring, --key-seed)?`,
    );
  return accounts;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
const interval = ([low, high]: readonly [number, number]): string =>
  `95 %: ${percent(low)} to ${percent(high)}`;

function expectation(step: Step, days: number): string[] {
  return [
    `Expected of accounts that the model has not seen, over ${Math.max(1, Math.round(days))} days: ${step.wronged} of ${step.benign} benign accounts flagged (${interval(step.fprInterval)}), ${step.caught} of ${step.extraction} extraction accounts found (${interval(step.tprInterval)}), of ${step.campaignsCaught} of ${step.campaigns} campaigns; campaigns judged as groups come on top.`,
    `budget.suspect is ${Number(step.monthly.toPrecision(3))}: a policy's budget is for thirty days, these accounts were seen for ${Math.max(1, Math.round(days))}.`,
    'The calibration beside it has learnt the extraction accounts too: it finds more of their kind than was measured here.',
  ];
}

function printFrontier(frontier: readonly Step[]): void {
  const table = new Table({
    head: ['chance a month', 'benign flagged', '95 %', 'extraction found', '95 %', 'campaigns'],
    style: { head: [], border: [] },
  });
  for (const step of frontier)
    table.push([
      percent(step.monthly),
      `${step.wronged} of ${step.benign}`,
      step.fprInterval.map(percent).join(' to '),
      `${step.caught} of ${step.extraction}`,
      step.tprInterval.map(percent).join(' to '),
      `${step.campaignsCaught} of ${step.campaigns}`,
    ]);
  process.stdout.write(`${table.toString()}\n`);
}

function tellAbsent(labels: Labels, seen: ReadonlySet<string>): void {
  const absent = labels.list.filter((held) => held.label !== 'grey' && !seen.has(held.pseudonym));
  const [first] = absent;
  if (first !== undefined)
    say(
      `WARNING: ${absent.length} of ${labels.list.length} labelled accounts have no events here (the first is ${printable(first.account)}): they count on no side.`,
    );
}

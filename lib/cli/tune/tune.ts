import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { BacktestRun } from '../../backtest/backtest-run.ts';
import type { Labels } from '../../backtest/labels.ts';
import type { BacktestResult } from '../../backtest/outcome.ts';
import { roundedUp, type Step, type TuningAccount, tune } from '../../backtest/tune.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { tellAbsent } from '../../input/labels.ts';
import { say } from '../../input/say.ts';
import { Traffic } from '../../input/traffic.ts';
import { policyChanges } from '../../policy/diff.ts';
import type { Policy } from '../../policy/policy.ts';
import { policyDocument } from '../../policy/policy-document.ts';
import { joinSlices } from '../../profile/window.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { defaultCalibration } from '../../scoring/default-calibration.ts';
import { calibrationBeside, loadPolicy } from '../policy/policy-file.ts';
import { profilesOf } from '../replay/learning-replay.ts';
import { calledAs, pathFromHere, quoted } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import type { DeploymentOptions } from '../shared/deployment.ts';
import { type Column, fittedTable } from '../shared/fitted-table.ts';
import { writable, writeAside } from '../shared/output.ts';
import { verdictsOf } from '../shared/verdict-labels.ts';
import { searchClock, searchTables, searchWords } from './search-words.ts';

interface TuneOptions extends KeyOptions, DeploymentOptions {
  readonly labels: string;
  readonly maxFpr: number;
  readonly policy?: string;
  readonly searchMinutes: number;
  readonly out?: string;
  readonly id?: string;
  readonly verdicts?: boolean;
  readonly json?: boolean;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 0.5))
    throw new InvalidArgumentError('must be a share above 0 and at most 0.5; 0.02 is two in a hundred');
  return value;
}

function minutes(text: string): number {
  const value = Number(text);
  if (!(text.trim() !== '' && value >= 0 && value <= MOST_MINUTES))
    throw new InvalidArgumentError(`must be a number of minutes, 0 to ${MOST_MINUTES}`);
  return value;
}

const MOST_MINUTES = 24 * 60;

/** `tune EVENTS... --labels FILE --max-fpr X`: proposes a policy and says what to expect of it. Activates nothing. */
export function tuneCommand(): Command {
  const command = new Command('tune')
    .description(
      'propose error budget, windows and hysteresis from labelled traffic, and say the recall on accounts that the model has not seen; refuses a budget that the data cannot support',
    )
    .argument('<events...>', 'NDJSON files in order of arrival, plain or gzip')
    .requiredOption('--labels <file>', 'CSV account,label,kind,campaign')
    .requiredOption(
      '--max-fpr <share>',
      'largest share of benign accounts that may be flagged in a month: what the budget of suspect becomes',
      rate,
    )
    .option('--policy <file>', 'policy to start from; default: the shipped one')
    .option(
      '--search-minutes <n>',
      'time for trying other windows than the policy’s; 0: thresholds and hysteresis only',
      minutes,
      5,
    )
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
  const traffic = await Traffic.of(names, options);
  const labels = await traffic.labels(options.labels);
  const accounts = await labelledAccounts(traffic, labels, options, policy);
  const began = performance.now();
  say(
    `tune: ${accounts.length} labelled accounts; a step may take a minute, the search for windows at most ${options.searchMinutes}`,
  );
  const tuned = tune(accounts, policy, options.maxFpr, {
    onStep: (what) => say(`tune: ${Math.round((performance.now() - began) / 1000)} s: ${what}`),
    more: searchClock(options.searchMinutes),
  });
  if (!tuned.ok) {
    if (options.json === true) printJson({ ok: false, reason: tuned.reason });
    else process.stdout.write(`${tuned.reason}\n`);
    return 1;
  }
  const { expected, frontier, notes, search } = tuned;
  const id = options.id ?? `tuned-${options.maxFpr}-${expected.benign}`;
  const candidate = { ...tuned.policy, id, calibration: `${id}-calibration` };
  const made = { ...tuned.calibration, id: candidate.calibration };
  const changes = policyChanges(policy, candidate);
  say('tune: replaying the traffic with what was made, as backtest does ...');
  // beside what it starts from, where that is to be had: what names the shipped calibration
  const before =
    policy.calibration === defaultCalibration.id ? [{ policy, calibration: defaultCalibration }] : [];
  const [counted, started] = await backtested(traffic, labels, [
    { policy: candidate, calibration: made },
    ...before,
  ]);
  const words = [
    ...expectation(expected, made.days, candidate.budget.suspect),
    countedWords(counted),
    ...(started === undefined ? [] : [startedWords(started, policy)]),
    ...searchWords(search),
    ...notes,
  ];
  if (options.out !== undefined) {
    const beside = calibrationBeside(options.out);
    await writeAside(beside, `${JSON.stringify(made)}\n`);
    await writeAside(
      options.out,
      policyDocument(candidate, { title: ['Proposed by siphonwatch tune.', ...words] }),
    );
    say(`policy ${id}: ${options.out}; its calibration: ${beside}`);
  }
  if (options.json === true) {
    printJson({
      ok: true,
      policy: candidate,
      changes,
      expected,
      frontier,
      search,
      notes,
      backtest: counted,
      ...(started === undefined ? {} : { started }),
    });
    return 0;
  }
  printFrontier(frontier);
  process.stdout.write(`${searchTables(search)}\n`);
  for (const line of words) process.stdout.write(`${line}\n`);
  for (const { field, before, after } of changes) process.stdout.write(`  ${field}: ${before} -> ${after}\n`);
  process.stdout.write(
    options.out === undefined
      ? 'Give --out FILE to write the policy.\n'
      : `Next: ${calledAs()} policy shadow ${here(options.out)} --calibration ${here(calibrationBeside(options.out))}\n`,
  );
  return 0;
}

interface Tried {
  readonly policy: Policy;
  readonly calibration: Calibration;
}

/** What `backtest` would print of these files with each policy and calibration: the same code, the same count. */
async function backtested(
  traffic: Traffic,
  labels: Labels,
  tried: readonly Tried[],
): Promise<readonly BacktestResult['accounts'][]> {
  const campaignOf = new Map(
    labels.list.flatMap(({ pseudonym, campaign }) =>
      campaign === '' ? [] : [[pseudonym, campaign] as const],
    ),
  );
  const runs = tried.map((rules) => new BacktestRun(rules, campaignOf));
  const rejected = await traffic.feed({
    label: 'tune: backtest',
    counted: () => `${runs[0]?.read ?? 0} events`,
    onEvent(event) {
      for (const run of runs) run.push(event);
    },
  });
  return runs.map((run) => {
    run.finish();
    return run.outcome(labels, rejected, 1).result.accounts;
  });
}

async function labelledAccounts(
  traffic: Traffic,
  labels: Labels,
  options: TuneOptions,
  policy: Policy,
): Promise<TuningAccount[]> {
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
  const here = new Set(accounts.map(({ account }) => account));
  tellAbsent(labels, (account) => here.has(account), 'they count on no side');
  if (accounts.length === 0)
    throw new InputError(
      `${options.labels}: none of its accounts has events here; were they recorded under another key (--keyring, --key-seed)?`,
    );
  return accounts;
}

/** A file that was written, as it is typed in the next command. */
const here = (file: string): string => quoted(pathFromHere(resolve(file)));

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
const interval = ([low, high]: readonly [number, number]): string =>
  `95 %: ${percent(low)} to ${percent(high)}`;

function expectation(step: Step, days: number, suspect: number): string[] {
  const period = Math.max(1, Math.round(days));
  return [
    `Expected of accounts that the model has not seen, over ${period} days: ${step.wronged} of ${step.benign} benign accounts flagged (${interval(step.fprInterval)}), ${step.caught} of ${step.extraction} extraction accounts found (${interval(step.tprInterval)}), among them accounts of ${step.campaignsCaught} of ${step.campaigns} labelled campaigns of two or more; campaigns judged as groups come on top.`,
    `budget.suspect is ${percent(suspect)} a month, as --max-fpr asked; over the ${period} days of this traffic that is ${percent(step.chance)}.`,
  ];
}

function countedWords(counted: BacktestResult['accounts']): string {
  if (counted === undefined) return 'A backtest of these files counts nobody: they have no labels.';
  return `A backtest of these files with this policy and calibration counts ${counted.benignFlagged} of ${counted.benign} benign accounts flagged and ${counted.extractionFlagged} of ${counted.extraction} extraction accounts found. The calibration has learnt from these very accounts, extraction among them: of accounts that it has not seen expect the line above.`;
}

function startedWords(
  { benignFlagged, benign, extractionFlagged, extraction }: NonNullable<BacktestResult['accounts']>,
  { id, calibration }: Policy,
): string {
  return `The policy that this started from, ${id} with calibration ${calibration}, counts ${benignFlagged} of ${benign} benign accounts flagged and ${extractionFlagged} of ${extraction} extraction accounts found on the same files.`;
}

function printFrontier(frontier: readonly Step[]): void {
  const rows: string[][] = [];
  for (const step of frontier)
    rows.push([
      percent(roundedUp(step.monthly)),
      `${step.wronged} of ${step.benign}`,
      step.fprInterval.map(percent).join(' to '),
      `${step.caught} of ${step.extraction}`,
      step.tprInterval.map(percent).join(' to '),
      `${step.campaignsCaught} of ${step.campaigns}`,
    ]);
  const columns: readonly Column[] = [
    { head: 'budget a month', right: true },
    { head: 'benign flagged', right: true },
    { head: '95 %', right: true, optional: 2 },
    { head: 'extraction found', right: true },
    { head: '95 %', right: true, optional: 3 },
    { head: 'campaigns', right: true, optional: 1 },
  ];
  process.stdout.write(`${fittedTable(columns, rows)}\n`);
}

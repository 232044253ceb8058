import { rename, writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { learnGroupNull } from '../../campaigns/judging/group-null.ts';
import { scoreRules } from '../../detection/judge.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { say } from '../../input/say.ts';
import { Traffic } from '../../input/traffic.ts';
import { joinSlices } from '../../profile/window.ts';
import { type CalibrationAccount, learnCalibration } from '../../scoring/calibrate.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { printable } from '../../telemetry/reason.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import { profilesOf } from '../replay/learning-replay.ts';
import { printJson, runCommand } from '../shared/command.ts';
import type { DeploymentOptions } from '../shared/deployment.ts';
import { writable } from '../shared/output.ts';
import { verdictsOf } from '../shared/verdict-labels.ts';

interface CalibrateOptions extends KeyOptions, DeploymentOptions {
  readonly verdicts?: boolean;
  readonly out?: string;
  readonly id?: string;
  readonly labels?: string;
  readonly policy?: string;
  readonly contamination: number;
  readonly json?: boolean;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 0.5)) throw new InvalidArgumentError('must lie between 0 and 0.5');
  return value;
}

/** `calibrate EVENTS...`: learns peer groups' nulls from traffic that is mostly benign. Activates nothing. */
export function calibrateCommand(): Command {
  const command = new Command('calibrate')
    .description(
      'learn the null distributions of peer groups from traffic that is mostly benign; takes effect when a policy names the calibration',
    )
    .argument('<events...>', 'NDJSON files in order of arrival, plain or gzip')
    .option('--out <file>', 'write the calibration (JSON)')
    .option('--id <text>', 'its version; default: cal-<date of the newest event>-<accounts>')
    .option('--labels <file>', 'leave out accounts that are labelled extraction or grey')
    .option(
      '--verdicts',
      'leave out accounts that the security team confirmed, keep those that it found benign, where the labels say nothing',
    )
    .option('--table <name>', 'findings table (FINDING_TABLE) for --verdicts')
    .option('--policy <file>', 'windows and weights to calibrate for; default: the shipped policy')
    .option(
      '--contamination <share>',
      'largest share of accounts to leave out as likely attackers',
      share,
      0.08,
    )
    .option('--json', 'print one JSON document: the calibration');
  return withKeyOptions(command).action((files: string[], options: CalibrateOptions) =>
    runCommand('calibrate', async () => {
      await writable({ '--out': options.out });
      return calibrate(files, options);
    }),
  );
}

async function calibrate(names: readonly string[], options: CalibrateOptions): Promise<number> {
  const traffic = await Traffic.of(names, options);
  const policy = await loadPolicy(options.policy);
  const labels = options.labels === undefined ? undefined : await traffic.labels(options.labels);
  const verdicts = options.verdicts === true ? await verdictsOf(options) : undefined;
  const states = await profilesOf(traffic, {
    label: 'calibrate',
    policy,
    calibration: await loadCalibration(undefined),
    accept: ({ account }) =>
      (labels?.byPseudonym.get(account)?.label ?? verdicts?.get(account) ?? 'benign') === 'benign',
  });
  const accounts: CalibrationAccount[] = [];
  for (const state of states) {
    const { account, customer } = state.profile;
    accounts.push({ account, customer, slices: joinSlices([state.sealed, state.profile.slices]) });
  }
  if (accounts.length === 0) throw new InputError('no usable events: nothing to learn from');
  let exclude: ReadonlySet<string> = new Set();
  const made = learnCalibration('draft', accounts, {
    ...scoreRules(policy),
    contamination: options.contamination,
    benign: new Set(
      [...(verdicts ?? [])].flatMap(([account, label]) => (label === 'benign' ? [account] : [])),
    ),
    onSetAside: (set) => {
      exclude = set;
    },
  });
  say('benign groups ...');
  const groupScore = learnGroupNull(accounts, scoreRules(policy), { exclude });
  const named: Calibration = {
    ...made,
    groupScore,
    id: options.id ?? `cal-${made.madeAt.slice(0, 10)}-${made.accounts}`,
  };
  if (options.out !== undefined) {
    // beside it first: a run that is cut leaves the old calibration whole
    await writeFile(`${options.out}.part`, `${JSON.stringify(named)}\n`);
    await rename(`${options.out}.part`, options.out);
    say(`calibration ${named.id}: ${options.out}; a policy uses it by naming it`);
  }
  if (options.json === true) printJson(named);
  else printSummary(named);
  return 0;
}

function printSummary(held: Calibration): void {
  process.stdout.write(
    `${held.id}: ${held.accounts} accounts, ${held.events} events, ${held.days.toFixed(1)} days; ${held.setAside} accounts left out as likely attackers\n`,
  );
  const table = new Table({
    head: ['peer group', 'accounts', 'score median', 'nine tenths', '95 %', 'tail scale'],
    style: { head: [], border: [] },
  });
  for (const [group, nulls] of Object.entries(held.score)) {
    const at = (share: number): string => (nulls.quantiles[Math.round((share / 0.95) * 38)] ?? 0).toFixed(2);
    // plans and products are names that somebody else chose
    table.push([
      printable(group),
      nulls.accounts,
      at(0.5),
      at(0.9),
      nulls.tail.from.toFixed(2),
      nulls.tail.scale.toFixed(2),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

import { rename, writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { startReplay } from '../backtest/replay.ts';
import { learnGroupNull } from '../campaigns/group-null.ts';
import { scoreRules } from '../detection/judge.ts';
import { joinSlices } from '../profile/window.ts';
import { type CalibrationAccount, learnCalibration } from '../scoring/calibrate.ts';
import type { Calibration } from '../scoring/calibration.ts';
import { MemoryProfileStore } from '../stores/profile-memory.ts';
import { createRecorder, type Recorder } from '../telemetry/recorder.ts';
import { CODE_VERSION } from '../version.ts';
import { InputError, inputFiles } from './input.ts';
import { DEVELOPMENT_SEED, type KeyOptions, loadKeyring, withKeyOptions } from './keyring.ts';
import { labelsReader } from './labels.ts';
import { loadCalibration, loadPolicy } from './policy-file.ts';
import { fileProgress } from './progress.ts';
import { readUsageEvents } from './usage-events.ts';
import { printJson, runVerb, say } from './verb.ts';

interface CalibrateOptions extends KeyOptions {
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
      "learn peer groups' nulls from traffic that is mostly benign; a policy names the calibration, nothing activates itself",
    )
    .argument('<events...>', 'NDJSON files in order of arrival, plain or gzip')
    .option('--out <file>', 'write the calibration (JSON)')
    .option('--id <text>', 'its version; default: cal-<date of the newest event>-<accounts>')
    .option('--labels <file>', 'leave out accounts that are labelled extraction or grey')
    .option('--policy <file>', 'windows and weights to calibrate for; default: the shipped policy')
    .option(
      '--contamination <share>',
      'largest share of accounts to set aside as likely attackers',
      share,
      0.08,
    )
    .option('--json', 'print one JSON document: the calibration');
  return withKeyOptions(command).action((files: string[], options: CalibrateOptions) =>
    runVerb('calibrate', () => calibrate(files, options)),
  );
}

/** Slices are kept for so long while a calibration is learnt. */
const KEEP_DAYS = 120;

async function calibrate(names: readonly string[], options: CalibrateOptions): Promise<number> {
  const files = await inputFiles(names);
  const policy = await loadPolicy(options.policy);
  let recorder: Recorder | undefined;
  const keyed = async (): Promise<Recorder> => {
    recorder ??= createRecorder({ keys: await loadKeyring(options, say, DEVELOPMENT_SEED) });
    return recorder;
  };
  const labels =
    options.labels === undefined ? undefined : await labelsReader(options.labels, (await keyed()).pseudonym);
  const store = new MemoryProfileStore({ retentionDays: KEEP_DAYS });
  const replay = startReplay(store, {
    policy: { ...policy, retentionDays: KEEP_DAYS },
    calibration: await loadCalibration(undefined),
    code: CODE_VERSION,
    shadow: false,
  });
  const bar = await fileProgress(files, process.stderr, 'calibrate', () => `${replay.counts.read} events`);
  let rejected = 0;
  try {
    for await (const batch of readUsageEvents(files, {
      format: 'auto',
      recorder: keyed,
      onBytes: bar.bytes,
    })) {
      rejected += batch.rejects.length;
      for (const event of batch.events) {
        const label = labels?.byPseudonym.get(event.account)?.label;
        if (label === undefined || label === 'benign') replay.push(event);
      }
    }
  } finally {
    bar.stop();
  }
  replay.finish();
  if (rejected > 0) say(`${rejected} lines set aside (record --rejects FILE shows them)`);
  const accounts: CalibrationAccount[] = [];
  for (const state of store.states()) {
    const { account, customer } = state.profile;
    accounts.push({ account, customer, slices: joinSlices([state.sealed, state.profile.slices]) });
  }
  if (accounts.length === 0) throw new InputError('no usable events: nothing to learn from');
  let exclude: ReadonlySet<string> = new Set();
  const made = learnCalibration('draft', accounts, {
    ...scoreRules(policy),
    contamination: options.contamination,
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
    `${held.id}: ${held.accounts} accounts, ${held.events} events, ${held.days.toFixed(1)} days; ${held.setAside} accounts set aside as likely attackers\n`,
  );
  const table = new Table({
    head: ['peer group', 'accounts', 'score median', 'nine tenths', '95 %', 'tail scale'],
    style: { head: [], border: [] },
  });
  for (const [group, nulls] of Object.entries(held.score)) {
    const at = (share: number): string => (nulls.quantiles[Math.round((share / 0.95) * 38)] ?? 0).toFixed(2);
    table.push([
      group,
      nulls.accounts,
      at(0.5),
      at(0.9),
      nulls.tail.from.toFixed(2),
      nulls.tail.scale.toFixed(2),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

import { Command } from 'commander';
import { COMMAND } from '../../contract/command.ts';
import { plain } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { Traffic } from '../../input/traffic.ts';
import { hashShare } from '../../profile/hashes.ts';
import { joinSlices } from '../../profile/window.ts';
import { type DriftReport, DriftTest, type NewestRow, SCORE } from '../../scoring/drift.ts';
import { newestRow } from '../../scoring/learn-calibration.ts';
import { looksAt, type PastAccount } from '../../scoring/looks.ts';
import { FEWEST_REQUESTS, readFacts } from '../../signals/facts/index.ts';
import { printable } from '../../telemetry/reason.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import { profilesOf } from '../replay/learning-replay.ts';
import { typedHere } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';

interface DriftOptions extends KeyOptions {
  readonly calibration?: string;
  readonly json?: boolean;
}

/** `drift PRESENT...`: are the accounts of today still like those that the calibration was learnt from? */
export function driftCommand(): Command {
  const command = new Command('drift')
    .description(
      'test whether the accounts of today are still like those that a calibration was learnt from: its chances are true as long as they are',
    )
    .argument('<present...>', 'NDJSON files in order of arrival, plain or gzip, of a week or more')
    .option('--calibration <file>', 'the calibration (JSON); default: the shipped one')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((files: string[], options: DriftOptions) =>
    runCommand('drift', () => drift(files, options)),
  );
}

async function drift(files: readonly string[], options: DriftOptions): Promise<number> {
  const calibration = await loadCalibration(options.calibration);
  const base = calibration.drift;
  if (base === undefined)
    throw new InputError(
      `calibration ${calibration.id} does not say what its accounts were like: learn it anew`,
    );
  const traffic = await Traffic.of(files, options);
  const policy = await loadPolicy(undefined);
  const states = await profilesOf(traffic, { label: 'drift', policy, accept: () => true });
  const rows: { readonly account: string; readonly newest: NewestRow }[] = [];
  for (const { profile, sealed } of states()) {
    const { account, customer } = profile;
    const slices = joinSlices([sealed, profile.slices]);
    const newest = newestWindow({ account, customer, slices }, base.hours);
    if (newest !== undefined)
      rows.push({
        account,
        newest: newestRow({ account, product: customer.product, ...newest }, calibration.model),
      });
  }
  // of nobody nothing can be said, least of all that nothing speaks against it
  if (rows.length === 0)
    throw new InputError(
      `nothing to compare: no account in these files has ${FEWEST_REQUESTS} requests within ${base.hours} hours`,
    );
  // in an order that has nothing to do with what they did: those that fell silent first are not like the others
  rows.sort((a, b) => hashShare(a.account) - hashShare(b.account) || (a.account < b.account ? -1 : 1));
  const test = new DriftTest(base);
  for (const { newest } of rows) test.see(newest);
  const report = test.report();
  if (options.json === true) printJson({ calibration: calibration.id, ...report });
  else print(calibration.id, report);
  return report.drifted.length === 0 ? 0 : 1;
}

/** Facts of the newest window that says enough. */
function newestWindow(held: PastAccount, hours: number): { row: Float64Array; events: number } | undefined {
  let newest: { row: Float64Array; events: number } | undefined;
  for (const { window } of looksAt(held, [hours])) {
    const { events } = window.counts;
    if (events >= FEWEST_REQUESTS)
      newest = { events, row: readFacts({ window, customer: held.customer, samples: window.samples }) };
  }
  return newest;
}

function print(id: string, { accounts, watched, alpha, drifted }: DriftReport): void {
  const out = (line: string): boolean => process.stdout.write(`${typedHere(line)}\n`);
  out(
    `${accounts} accounts compared with calibration ${printable(id)} in ${watched} facts and groups; false alarms: at most ${100 * alpha} % a run`,
  );
  if (drifted.length === 0)
    return void out('nothing speaks against it: the accounts are like those of the past');
  for (const { evidence, log10E } of drifted) out(`moved: ${plain(evidence, 500)} (e-value 10^${log10E})`);
  if (drifted.some(({ fact }) => fact === SCORE))
    out(
      'the score itself moved: a deployment holds back the levels that wake people while it says so every day',
    );
  out(
    `the chances of this calibration are not those of today's accounts: learn a new one (${COMMAND} calibrate), and compare (${COMMAND} backtest --calibration)`,
  );
}

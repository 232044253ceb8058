import { writeFile } from 'node:fs/promises';
import { ablate } from './detect/ablation.ts';
import { CONTAMINATIONS, calibrateFor, FOLDS, readAccounts } from './detect/accounts.ts';
import { nullChecks, SIMULATED } from './detect/null-accounts.ts';
import { peersOf } from './detect/other-detectors.ts';
import { replayAll } from './detect/outcomes.ts';
import { print, reportOf } from './detect/output.ts';
import { summarise } from './detect/summary.ts';
import { dataFolder, openTraffic } from './traffic.ts';

/**
 * Single-account detection on labelled traffic: `npm run bench:detect -- --data DIR [--json FILE] [--report FILE.html]`.
 * Five folds keep campaigns, payments, courses and companies whole; each fold is judged with a calibration of the other
 * folds' benign accounts, with 0, 1 and 5 % extraction mixed in. Never with the shipped calibration.
 */

async function run(data: string): Promise<void> {
  const began = performance.now();
  const say = (line: string) =>
    process.stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s  ${line}\n`);
  const traffic = await openTraffic(data);
  say('reading');
  const accounts = await readAccounts(traffic);
  say(`${accounts.length} accounts; calibrating ${CONTAMINATIONS.length} x ${FOLDS} times`);
  const calibrations = CONTAMINATIONS.map((share) =>
    Array.from({ length: FOLDS }, (_, fold) => calibrateFor(accounts, fold, share)),
  );
  say('replaying, every account under the calibration of the other folds');
  const outcomes = await replayAll(traffic, accounts, calibrations);
  say('peers');
  const peers = peersOf(accounts);
  say(`null accounts: ${SIMULATED} simulated, and benign ones in shuffled folds`);
  const nulls = nullChecks(accounts);
  say('ablation: every signal left out or put in, nulls learnt anew each time');
  const ablation = ablate(accounts);
  const result = summarise(accounts, outcomes, peers, nulls, ablation);
  print(result);
  const argument = (name: string): string | undefined =>
    process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined;
  const json = argument('--json');
  if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  const report = argument('--report');
  if (report !== undefined) await writeFile(report, await reportOf(result, outcomes[0] ?? []));
  say('done');
}

const folder = dataFolder(process.argv, 'bench:detect');
if (folder !== undefined) await run(folder);

import { Command, InvalidArgumentError } from 'commander';
import type { Labels } from '../../backtest/labels.ts';
import { learnGroups } from '../../campaigns/judging/learn-group-ranks.ts';
import { PastGroups } from '../../campaigns/past-groups.ts';
import type { AccountState } from '../../detection/account-state.ts';
import { questionsOf, reviewOfPast } from '../../detection/review-of-past.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { tellAbsent } from '../../input/labels.ts';
import { say } from '../../input/say.ts';
import { Traffic } from '../../input/traffic.ts';
import { joinSlices } from '../../profile/window.ts';
import { type AttackLibrary, shippedLibrary } from '../../scoring/attack-library.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { CalibrationLearner } from '../../scoring/learn-calibration.ts';
import type { Verdicts } from '../../scoring/learn-model.ts';
import { learningCurve } from '../../scoring/learning-curve.ts';
import type { PastAccount } from '../../scoring/looks.ts';
import { StoredPast } from '../../scoring/stored-past.ts';
import { supportedBudget } from '../../scoring/supported-budget.ts';
import { loadPolicy } from '../policy/policy-file.ts';
import { profilesOf } from '../replay/learning-replay.ts';
import { printJson, runCommand } from '../shared/command.ts';
import type { DeploymentOptions } from '../shared/deployment.ts';
import { writable, writeAside } from '../shared/output.ts';
import { verdictsOf } from '../shared/verdict-labels.ts';
import { namedAsIn, printSummary, summaryOf } from './calibration-summary.ts';

export interface CalibrateOptions extends KeyOptions, DeploymentOptions {
  readonly verdicts?: boolean;
  readonly out?: string;
  readonly id?: string;
  readonly labels?: string;
  readonly policy?: string;
  readonly review?: number;
  readonly json?: boolean;
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new InvalidArgumentError('must be a whole number from 1 to 1000');
  return value;
}

/**
 * `calibrate PAST...`: learns what is ordinary here, from traffic that nobody needs to have labelled. Activates nothing.
 * @param library attacks to tell from the past
 */
export function calibrateCommand(library: AttackLibrary = shippedLibrary): Command {
  const command = new Command('calibrate')
    .description(
      'learn from your own past what is ordinary: a model that tells a library of attacks from it, and how often it says so of accounts that it has not seen. No labels needed; a policy names the calibration, nothing activates itself',
    )
    .argument('<past...>', 'NDJSON files in order of arrival, plain or gzip')
    .option('--out <file>', 'write the calibration (JSON)')
    .option('--id <text>', 'its version; default: cal-<date of the newest event>-<accounts>')
    .option(
      '--labels <file>',
      'verdicts of people on accounts of the past, any number of them: extraction leaves the past and joins the library, benign stays ordinary, grey is left out',
    )
    .option('--verdicts', 'the same from the findings of a deployment, where the labels say nothing')
    .option('--table <name>', 'findings table (FINDING_TABLE) for --verdicts')
    .option('--policy <file>', 'windows and budget to calibrate for; default: the shipped policy')
    .option(
      '--review <n>',
      'name the n accounts or groups of the past whose verdict would help most',
      wholeNumber,
    )
    .option('--json', 'print one JSON document: what was learnt, and the review');
  return withKeyOptions(command).action((files: string[], options: CalibrateOptions) =>
    runCommand('calibrate', async () => {
      await writable({ '--out': options.out });
      return calibrate(files, options, library);
    }),
  );
}

async function calibrate(
  names: readonly string[],
  options: CalibrateOptions,
  library: AttackLibrary,
): Promise<number> {
  const traffic = await Traffic.of(names, options);
  const policy = await loadPolicy(options.policy);
  const labels = options.labels === undefined ? undefined : await traffic.labels(options.labels);
  const verdicts = merged(labels, options.verdicts === true ? await verdictsOf(options) : undefined);
  const past = new PastGroups();
  const states = await profilesOf(traffic, {
    label: 'calibrate',
    policy,
    accept: () => true,
    observe: (event, arrived) => past.observe(event.account, event, arrived),
  });
  const learner = new CalibrationLearner({ windows: policy.windows, library, verdicts });
  say('facts ...');
  const here = new Set<string>();
  for (const state of states()) {
    here.add(state.profile.account);
    learner.see(pastAccount(state));
  }
  if (labels !== undefined) tellAbsent(labels, (account) => here.has(account), 'they teach nothing');
  say('groups of the past ...');
  const linked = past.finish();
  say('forests ...');
  try {
    const together = linked.looks.flatMap(({ groups }) => groups);
    learner.fit(together);
    if (options.review !== undefined) learner.scoreAttacks(together);
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(error.message, { cause: error });
    throw error;
  }
  say('scores of accounts that a forest has not seen ...');
  for (const state of states()) learner.measure(pastAccount(state));
  const made: Calibration = learner.finish(options.id === undefined ? {} : { id: options.id });
  say('scores of groups ...');
  const accounts = [...states()].map((state) => StoredPast.of(pastAccount(state)));
  const judged = new Set([...verdicts.extraction, ...verdicts.benign, ...verdicts.grey]);
  const { ranks: groups, apart } = learnGroups({
    ...linked,
    accounts: new Map(accounts.map((held) => [held.account, held])),
    calibration: made,
    windows: policy.windows,
    confirmed: learner.verdicts.extraction,
    aside: new Set([...learner.verdicts.extraction, ...learner.verdicts.grey]),
    ...(learner.robust === undefined ? {} : { robust: learner.robust }),
    judged,
  });
  const named: Calibration = { ...made, groups };
  if (options.out !== undefined) {
    await writeAside(options.out, `${JSON.stringify(named)}\n`);
    say(`calibration ${named.id}: ${options.out}; a policy uses it by naming it`);
  }
  const entries = options.review ?? 0;
  const peaks = learner.peaks();
  const queue = reviewOfPast(
    peaks,
    judged,
    { apart: apart.map(({ members }) => members), linked: linked.looks.at(-1)?.groups ?? [] },
    entries,
  );
  const suspect = supportedBudget(named, policy.budget).suspect;
  const review = {
    entries: questionsOf(queue, peaks, accounts, named).map(({ accounts: asked, why }) => ({
      accounts: namedAsIn(labels, asked),
      why,
    })),
    curve: learningCurve(learner.attacks, peaks, queue, { suspect, days: named.days }),
  };
  const summary = summaryOf(named, policy.budget, namedAsIn(labels, learner.verdicts.unsupported));
  if (options.json === true)
    printJson({
      ...summary,
      ...(entries === 0 ? {} : { review: review.entries, learningCurve: review.curve }),
    });
  else printSummary(summary, named, review);
  return 0;
}

function pastAccount({ profile, sealed }: AccountState): PastAccount {
  return {
    account: profile.account,
    customer: profile.customer,
    slices: joinSlices([sealed, profile.slices]),
  };
}

/** The labels' word counts before the findings'. */
function merged(
  labels: Labels | undefined,
  found: ReadonlyMap<string, 'benign' | 'extraction'> | undefined,
): Verdicts {
  const sets = { extraction: new Set<string>(), benign: new Set<string>(), grey: new Set<string>() };
  for (const [account, label] of found ?? [])
    if (labels?.byPseudonym.has(account) !== true) sets[label].add(account);
  for (const { pseudonym, label } of labels?.list ?? []) sets[label].add(pseudonym);
  return sets;
}

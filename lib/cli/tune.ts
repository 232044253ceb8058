import { writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { type Effect, stepsOf, type TuningAccount, tune } from '../backtest/tune.ts';
import { policyChanges } from '../policy/diff.ts';
import { policyDocument } from '../policy/policy-document.ts';
import { joinSlices } from '../profile/window.ts';
import { peerGroups } from '../scoring/peer-group.ts';
import { DynamoFindingStore } from '../stores/finding-store.ts';
import { printable } from '../telemetry/reason.ts';
import { asInputError, connect, type DeploymentOptions } from './deployment.ts';
import { InputError } from './input.ts';
import { type KeyOptions, withKeyOptions } from './keyring.ts';
import type { Labels } from './labels.ts';
import { profilesOf } from './learning-replay.ts';
import { loadCalibration, loadPolicy } from './policy-file.ts';
import { Traffic } from './traffic.ts';
import { printJson, runVerb, say } from './verb.ts';

interface TuneOptions extends KeyOptions, DeploymentOptions {
  readonly labels: string;
  readonly maxFpr: number;
  readonly policy?: string;
  readonly calibration?: string;
  readonly out?: string;
  readonly id?: string;
  readonly keepWeights?: boolean;
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
      'propose weights and a threshold from labelled traffic, cross-validated; refuses to promise what the data cannot support',
    )
    .argument('<events...>', 'NDJSON files in order of arrival, plain or gzip')
    .requiredOption(
      '--labels <file>',
      'CSV account,label,kind,campaign; accounts of one campaign stay in one fold',
    )
    .requiredOption('--max-fpr <share>', 'largest share of benign accounts that may be flagged', rate)
    .option('--policy <file>', 'policy to start from; default: the shipped one')
    .option(
      '--calibration <file>',
      'calibration (JSON) whose nulls of signals are used; default: the shipped one',
    )
    .option('--keep-weights', 'search the threshold only')
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
    runVerb('tune', () => run(files, options)),
  );
}

async function run(names: readonly string[], options: TuneOptions): Promise<number> {
  const traffic = await Traffic.of(names, options);
  const policy = await loadPolicy(options.policy);
  const calibration = await loadCalibration(options.calibration);
  const labels = await traffic.labels(options.labels);
  const verdicts =
    options.verdicts === true ? await verdictsOf(options) : new Map<string, 'benign' | 'extraction'>();
  const states = await profilesOf(traffic, {
    label: 'tune: replay',
    policy,
    calibration,
    accept: ({ account }) => labels.byPseudonym.has(account) || verdicts.has(account),
  });
  const accounts: TuningAccount[] = [];
  for (const state of states) {
    const { account, customer, lastSeen } = state.profile;
    const held = labels.byPseudonym.get(account);
    const label = held?.label ?? verdicts.get(account);
    if (label !== 'benign' && label !== 'extraction') continue;
    const slices = joinSlices([state.sealed, state.profile.slices]);
    accounts.push({
      id: account,
      label,
      campaign: held?.campaign ?? '',
      groups: peerGroups(customer, lastSeen),
      steps: stepsOf(slices, customer, policy.windows, calibration),
    });
  }
  tellAbsent(labels, new Set(accounts.map(({ id }) => id)));
  if (accounts.length === 0)
    throw new InputError(
      `${options.labels}: none of its accounts has events here; were they recorded under another key (--keyring, --key-seed)?`,
    );
  const searching = process.stderr.isTTY === true ? progress() : undefined;
  const tuned = tune(accounts, {
    policy,
    calibration,
    maxFpr: options.maxFpr,
    weights: options.keepWeights !== true,
    onProgress: (share) => searching?.update(Math.round(share * 100)),
  });
  searching?.stop();
  if (!tuned.ok) {
    if (options.json === true) printJson({ ok: false, reason: tuned.reason });
    else process.stdout.write(`${tuned.reason}\n`);
    return 1;
  }
  const id = options.id ?? `tuned-${options.maxFpr}-${tuned.expected.benign}`;
  const candidate = { ...tuned.policy, id, calibration: `${id}-calibration` };
  const made = { ...tuned.calibration, id: candidate.calibration };
  const changes = policyChanges(policy, candidate);
  const words = effectWords(tuned.expected, tuned.proven, tuned.provenBy, options.maxFpr, tuned.folds);
  if (options.out !== undefined) {
    const beside = `${options.out.replace(/\.(ya?ml|json)$/, '')}.calibration.json`;
    await writeFile(
      options.out,
      policyDocument(candidate, { title: ['Proposed by siphonwatch tune.', ...words] }),
    );
    await writeFile(beside, `${JSON.stringify(made)}\n`);
    say(`policy ${id}: ${options.out}; its calibration: ${beside}`);
  }
  if (options.json === true) {
    printJson({
      ok: true,
      policy: candidate,
      changes,
      folds: tuned.folds,
      expected: tuned.expected,
      present: tuned.present,
      promise: { maxFpr: options.maxFpr, proven: tuned.proven, benignAccountsToProve: tuned.provenBy },
    });
    return 0;
  }
  printEffects(tuned.present, tuned.expected);
  for (const line of words) process.stdout.write(`${line}\n`);
  for (const { field, before, after } of changes) process.stdout.write(`  ${field}: ${before} -> ${after}\n`);
  if (options.out === undefined) process.stdout.write('Give --out FILE to write the policy.\n');
  return 0;
}

function tellAbsent(labels: Labels, seen: ReadonlySet<string>): void {
  const absent = labels.list.filter((held) => held.label !== 'grey' && !seen.has(held.pseudonym));
  const [first] = absent;
  if (first !== undefined)
    say(
      `WARNING: ${absent.length} of ${labels.list.length} labelled accounts have no events here (the first is ${printable(first.account)}): they count on no side.`,
    );
}

async function verdictsOf(options: TuneOptions): Promise<Map<string, 'benign' | 'extraction'>> {
  const deployment = await connect(options);
  try {
    const { findings } = await new DynamoFindingStore(deployment.dynamodb, deployment.findingTable).list(
      10_000,
    );
    const said = new Map<string, 'benign' | 'extraction'>();
    for (const { notice, verdict } of findings) {
      if (verdict === undefined || verdict.verdict === 'unsure') continue;
      const label = verdict.verdict === 'benign' ? 'benign' : 'extraction';
      if (notice.subject.type === 'account') said.set(notice.subject.id, label);
      else for (const member of notice.subject.members ?? []) said.set(member.account, label);
    }
    say(`${said.size} accounts with verdicts from ${deployment.where}`);
    return said;
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

function progress(): SingleBar {
  const bar = new SingleBar({
    format: 'tune: search {bar} {percentage} % eta {eta_formatted}',
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(100, 0);
  return bar;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

function effectWords(
  expected: Effect,
  proven: boolean,
  provenBy: number,
  maxFpr: number,
  folds: number,
): string[] {
  return [
    `Expected (${folds}-fold, campaigns kept whole): ${expected.wronged} of ${expected.benign} benign accounts flagged (95 %: ${percent(expected.fprInterval[0])} to ${percent(expected.fprInterval[1])}), ${expected.caught} of ${expected.extraction} extraction accounts caught (95 %: ${percent(expected.tprInterval[0])} to ${percent(expected.tprInterval[1])}), ${expected.campaignsCaught} of ${expected.campaigns} campaigns, each account by its own evidence.`,
    proven
      ? `The promise of at most ${percent(maxFpr)} is within what these accounts prove (95 %).`
      : expected.fpr > maxFpr
        ? `The promise of at most ${percent(maxFpr)} is not proven: out of fold ${percent(expected.fpr)} were flagged, which chance may explain among ${expected.benign} accounts. Proof takes ${provenBy} benign accounts with none flagged. Try it in the shadow first.`
        : `At most ${percent(maxFpr)} is expected, not proven: that would take ${provenBy} benign accounts with none flagged, these are ${expected.benign}. Try it in the shadow first.`,
  ];
}

function printEffects(present: Effect, expected: Effect): void {
  const table = new Table({
    head: ['', 'benign flagged', '95 %', 'extraction caught', '95 %', 'campaigns'],
    style: { head: [], border: [] },
  });
  const row = (name: string, held: Effect) => [
    name,
    `${held.wronged} of ${held.benign}`,
    held.fprInterval.map(percent).join(' to '),
    `${held.caught} of ${held.extraction}`,
    held.tprInterval.map(percent).join(' to '),
    `${held.campaignsCaught} of ${held.campaigns}`,
  ];
  table.push(
    row('policy given (its calibration may know these accounts)', present),
    row('candidate, out of fold', expected),
  );
  process.stdout.write(`${table.toString()}\n`);
}

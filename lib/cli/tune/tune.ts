import { writeFile } from 'node:fs/promises';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError } from 'commander';
import type { Labels } from '../../backtest/labels.ts';
import { linkedGroups } from '../../backtest/linked-groups.ts';
import { type Tuning, tune } from '../../backtest/tune.ts';
import { readingsOf, type TuningAccount } from '../../backtest/tuning-account.ts';
import type { LinkedGroups } from '../../backtest/tuning-rules.ts';
import type { Member } from '../../campaigns/judging/member.ts';
import { CampaignTracker } from '../../campaigns/tracker.ts';
import { type Rules, scoreRules } from '../../detection/judge.ts';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, withKeyOptions } from '../../input/keyring.ts';
import { say } from '../../input/say.ts';
import { Traffic } from '../../input/traffic.ts';
import { policyChanges } from '../../policy/diff.ts';
import type { Policy } from '../../policy/policy.ts';
import { policyDocument } from '../../policy/policy-document.ts';
import { hashShare } from '../../profile/hashes.ts';
import { joinSlices } from '../../profile/window.ts';
import { peerGroups } from '../../scoring/peer-group.ts';
import { printable } from '../../telemetry/reason.ts';
import { DAY_MS } from '../../time.ts';
import { CODE_VERSION } from '../../version.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import { profilesOf } from '../replay/learning-replay.ts';
import { printJson, runCommand } from '../shared/command.ts';
import type { DeploymentOptions } from '../shared/deployment.ts';
import { writable } from '../shared/output.ts';
import { verdictsOf } from '../shared/verdict-labels.ts';
import { effectWords, printEffects } from './tune-words.ts';

interface TuneOptions extends KeyOptions, DeploymentOptions {
  readonly labels: string;
  readonly maxFpr: number;
  readonly policy?: string;
  readonly calibration?: string;
  readonly out?: string;
  readonly id?: string;
  readonly keepWeights?: boolean;
  readonly keepScale?: boolean;
  readonly verdicts?: boolean;
  readonly json?: boolean;
}

function rate(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 0.5)) throw new InvalidArgumentError('must lie above 0 and not above 0.5');
  return value;
}

/** Benign accounts that nulls of groups are learnt from; beyond it a fixed share of all, chosen by their keyed name. */
const MAX_BENIGN = 5000;

/** `tune EVENTS... --labels FILE --max-fpr X`: proposes a policy and says what to expect of it. Activates nothing. */
export function tuneCommand(): Command {
  const command = new Command('tune')
    .description(
      'propose weights and a threshold from labelled traffic, cross-validated; refuses a false-positive rate that the data cannot support',
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
      'calibration (JSON) for the effect of the policy as given; default: the shipped one',
    )
    .option('--keep-weights', 'keep the weights; search thresholds only')
    .option(
      '--keep-scale',
      "take the signals' scale and the null distributions of groups from the calibration instead of learning them fold by fold: only where it was learnt from other accounts",
    )
    .option('--verdicts', 'use the verdicts of the security team as labels too, where the file says nothing')
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
  const traffic = await Traffic.of(names, options);
  const base = {
    policy: await loadPolicy(options.policy),
    calibration: await loadCalibration(options.calibration),
  };
  const labelled = await labelledAccounts(traffic, base, options);
  const { accounts, span, linked } = labelled;
  if (linked !== undefined && linked.groups.length > 0)
    say(`${linked.groups.length} linked groups; learning what benign groups look like, fold by fold ...`);
  const searching = process.stderr.isTTY === true ? progress() : undefined;
  const tuned = tune(accounts, {
    ...base,
    maxFpr: options.maxFpr,
    weights: options.keepWeights !== true,
    scale: options.keepScale !== true,
    traffic: {
      days: Math.max(1, (span.to - span.from) / DAY_MS),
      newest: new Date(span.to).toISOString(),
      events: span.events,
    },
    ...(linked === undefined ? {} : { linked }),
    onProgress: (share) => searching?.update(Math.round(share * 100)),
  });
  searching?.stop();
  if (tuned.ok) {
    await propose(tuned, base.policy, options);
    return 0;
  }
  if (options.json === true) printJson({ ok: false, reason: tuned.reason });
  else process.stdout.write(`${tuned.reason}\n`);
  return 1;
}

interface Labelled {
  readonly accounts: readonly TuningAccount[];
  /** event times between which they sent, ms, and their events */
  readonly span: { readonly from: number; readonly to: number; readonly events: number };
  readonly linked: LinkedGroups | undefined;
}

/**
 * The labelled accounts as a replay leaves them, and the groups that it linked.
 * @throws InputError where none of them has events
 */
async function labelledAccounts(
  traffic: Traffic,
  { policy, calibration }: Pick<Rules, 'policy' | 'calibration'>,
  options: TuneOptions,
): Promise<Labelled> {
  const labels = await traffic.labels(options.labels);
  const verdicts =
    options.verdicts === true ? await verdictsOf(options) : new Map<string, 'benign' | 'extraction'>();
  const labelOf = (account: string): 'benign' | 'extraction' | undefined => {
    const label = labels.byPseudonym.get(account)?.label ?? verdicts.get(account);
    return label === 'grey' ? undefined : label;
  };
  const linking = policy.campaigns.enabled ? new CampaignTracker({}) : undefined;
  const states = await profilesOf(traffic, {
    label: 'tune: replay',
    policy,
    calibration,
    accept: ({ account }) => labels.byPseudonym.has(account) || verdicts.has(account),
    ...(linking === undefined ? {} : { linking }),
  });
  const linkedAccounts = new Set(linking?.campaigns().flatMap(({ members }) => members));
  const benignShare = MAX_BENIGN / Math.max(1, labels.list.filter(({ label }) => label === 'benign').length);
  const members = new Map<string, Member>();
  const accounts: TuningAccount[] = [];
  const span = { from: Number.POSITIVE_INFINITY, to: 0, events: 0 };
  for (const state of states) {
    const { account, customer, firstSeen, lastSeen } = state.profile;
    const label = labelOf(account);
    const slices = joinSlices([state.sealed, state.profile.slices]);
    if (linkedAccounts.has(account) || (label === 'benign' && hashShare(account) < benignShare))
      members.set(account, { account, customer, firstSeen, lastSeen, slices });
    if (label === undefined) continue;
    span.from = Math.min(span.from, firstSeen);
    span.to = Math.max(span.to, lastSeen);
    span.events += state.profile.totals.events;
    accounts.push({
      id: account,
      label,
      campaign: labels.byPseudonym.get(account)?.campaign ?? '',
      groups: peerGroups(customer, lastSeen),
      readings: readingsOf(slices, customer, scoreRules(policy)),
    });
  }
  tellAbsent(labels, new Set(accounts.map(({ id }) => id)));
  if (accounts.length === 0)
    throw new InputError(
      `${options.labels}: none of its accounts has events here; were they recorded under another key (--keyring, --key-seed)?`,
    );
  const rules = { policy, calibration, code: CODE_VERSION, shadow: false };
  return { accounts, span, linked: linking && linkedGroups(linking, members, rules) };
}

/** Writes the candidate where that is asked for, and says what to expect of it. */
async function propose(
  tuned: Extract<Tuning, { ok: true }>,
  present: Policy,
  options: TuneOptions,
): Promise<void> {
  const id = options.id ?? `tuned-${options.maxFpr}-${tuned.expected.benign}`;
  const candidate = { ...tuned.policy, id, calibration: `${id}-calibration` };
  const changes = policyChanges(present, candidate);
  const words = effectWords(tuned, options.maxFpr);
  if (options.out !== undefined) {
    const beside = `${options.out.replace(/\.(ya?ml|json)$/, '')}.calibration.json`;
    const made = { ...tuned.calibration, id: candidate.calibration };
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
      groups: tuned.groups,
      promise: { maxFpr: options.maxFpr, proven: tuned.proven, benignAccountsToProve: tuned.provenBy },
    });
    return;
  }
  printEffects(tuned.present, tuned.expected);
  for (const line of words) process.stdout.write(`${line}\n`);
  for (const { field, before, after } of changes) process.stdout.write(`  ${field}: ${before} -> ${after}\n`);
  if (options.out === undefined) process.stdout.write('Give --out FILE to write the policy.\n');
}

function tellAbsent(labels: Labels, seen: ReadonlySet<string>): void {
  const absent = labels.list.filter((held) => held.label !== 'grey' && !seen.has(held.pseudonym));
  const [first] = absent;
  if (first !== undefined)
    say(
      `WARNING: ${absent.length} of ${labels.list.length} labelled accounts have no events here (the first is ${printable(first.account)}): they are not counted.`,
    );
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

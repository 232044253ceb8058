import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { RolloutRefused } from '../../aws/app-config-names.ts';
import { CalibrationBucket } from '../../aws/calibration-bucket.ts';
import { findPolicy } from '../../aws/policy-history.ts';
import type { Deployed, PolicyRollout } from '../../aws/policy-rollout.ts';
import { validatePolicy } from '../../backtest/validate-policy.ts';
import { NO_SHADOW, type PolicySlot } from '../../contract/policy-names.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { policyChanges, policyWarnings } from '../../policy/diff.ts';
import { defaultPolicy, type Policy } from '../../policy/policy.ts';
import type { Calibration } from '../../scoring/calibration.ts';
import { defaultCalibration } from '../../scoring/default-calibration.ts';
import { type CalibrationSize, supportedBudget } from '../../scoring/supported-budget.ts';
import { CalibrationMissing, NO_SUCH_CALIBRATION } from '../../stores/calibration-store.ts';
import { calledAs, pathFromHere, quoted, typedHere } from '../shared/called-as.ts';
import { colours } from '../shared/colours.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { asInputError, connect, type DeploymentOptions } from '../shared/deployment.ts';
import { printDigest } from './candidate-digest.ts';
import { calibrationBeside, loadCalibration, loadPolicy } from './policy-file.ts';
import { describeState, type JsonOption, out, withTarget } from './policy-target.ts';
import { type RolloutOptions, THE_DEMO, withRolloutOptions } from './rollout-target.ts';

/** `policy push` and `policy shadow`: a policy goes out, to be active or to be tried. */

interface PushOptions extends RolloutOptions, DeploymentOptions, JsonOption {
  readonly note?: string;
  readonly calibration?: string;
  readonly force?: boolean;
}

/** A policy that is fit to go out, and the calibration that it names where that is known here. */
async function vetted(
  file: string,
  options: PushOptions,
): Promise<{
  readonly policy: Policy;
  readonly calibration: Calibration | undefined;
  readonly warnings: readonly string[];
}> {
  const policy = await loadPolicy(file, Date.now());
  // Here only the shipped calibration is known; the validator at the other end knows the deployed ones.
  const calibration = await loadCalibration(options.calibration);
  const known = policy.calibration === 'default' || policy.calibration === calibration.id;
  const result = await validatePolicy(JSON.stringify(policy), {
    now: Date.now(),
    calibration: () => Promise.resolve(calibration),
  });
  if (!result.ok) throw new InputError(`${file}: ${result.faults.join('; ')}`);
  return { policy, calibration: known ? calibration : undefined, warnings: known ? result.warnings : [] };
}

/** Notes on what goes out, but for those that hold of the active policy under the same calibration too. */
function tellNews(
  warnings: readonly string[],
  active: Policy | undefined,
  calibration: Calibration | undefined,
): void {
  const same = active !== undefined && calibration !== undefined && active.calibration === calibration.id;
  const known = same ? policyWarnings(active, calibration) : [];
  for (const warning of warnings) if (!known.includes(warning)) say(typedHere(`note: ${warning}`));
}

/** Levels that the active policy can reach, as far as is known here, and the candidate cannot. */
export function lostLevels(
  candidate: Policy,
  size: CalibrationSize,
  active: Policy | undefined,
): readonly ('suspect' | 'critical')[] {
  const can = supportedBudget(size, candidate.budget);
  const sizeOf = (held: Policy): CalibrationSize | undefined =>
    held.calibration === candidate.calibration
      ? size
      : held.calibration === 'default'
        ? defaultCalibration
        : undefined;
  const was = active ?? defaultPolicy;
  const before = sizeOf(was);
  const could = before && supportedBudget(before, was.budget);
  return (['suspect', 'critical'] as const).filter(
    (level) => can[level] === undefined && (could === undefined || could[level] !== undefined),
  );
}

export function pushCommand(): Command {
  return withRolloutOptions(
    new Command('push')
      .description(
        'make a policy the active one: validated, to all readers at once, taken back by an alarm during its bake time',
      )
      .argument('<file>', 'YAML or JSON')
      .option('--note <text>', 'why, for the history')
      .option('--force', 'also where a level that can be reached now cannot be reached any more')
      .option(
        '--calibration <file>',
        'the calibration that it names: checked, and stored beside the others first',
      )
      .option('--state-bucket <name>', 'bucket of calibrations (STATE_BUCKET)')
      .option('--table <name>', 'findings table (FINDING_TABLE)')
      .option('--json', 'print one JSON document'),
  ).action((file: string, options: PushOptions) =>
    runCommand('policy push', () => pushTo('active', file, options)),
  );
}

export function shadowCommand(): Command {
  return withRolloutOptions(
    new Command('shadow')
      .description(
        'judge a candidate beside the active policy: findings are recorded, nobody is notified; without a file: what it found so far',
      )
      .argument('[file]', 'YAML or JSON')
      .option('--off', 'stop evaluating a candidate')
      .option('--note <text>', 'why, for the history')
      .option(
        '--calibration <file>',
        'the calibration that it names: checked, and stored beside the others first',
      )
      .option('--state-bucket <name>', 'bucket of calibrations (STATE_BUCKET)')
      .option('--days <n>', 'days of the digest; default: since the candidate began', days, LONGEST)
      .option('--table <name>', 'findings table (FINDING_TABLE), for the digest')
      .option('--profile-table <name>', 'profiles table (PROFILE_TABLE), for the digest')
      .option('--endpoint <url>', 'address of DynamoDB, for emulators')
      .option('--json', 'print one JSON document'),
  ).action(
    (file: string | undefined, options: PushOptions & DeploymentOptions & { off?: boolean; days: number }) =>
      runCommand('policy shadow', async () => {
        if (options.off === true) {
          if (file !== undefined) throw new InputError('give a file or --off, not both');
          const deployed = await withTarget(options, 'change', ({ rollout }) =>
            rollout.push('shadow', { ...defaultPolicy, id: NO_SHADOW }, options.note ?? 'shadow off'),
          );
          if (options.json === true) printJson({ shadow: null, deployment: deployed.number });
          else out('No shadow policy is evaluated any more.');
          return 0;
        }
        return file === undefined ? printDigest(options) : pushTo('shadow', file, options);
      }),
  );
}

/** The longest stretch of a digest, days. */
const LONGEST = 90;

function days(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= LONGEST)) throw new InvalidArgumentError(`must lie between 0 and ${LONGEST}`);
  return value;
}

async function pushTo(slot: PolicySlot, file: string, options: PushOptions): Promise<number> {
  const { policy, calibration, warnings } = await vetted(file, options);
  if (policy.id === NO_SHADOW)
    throw new InputError(`${file}: id: ${NO_SHADOW} means no shadow policy; give another`);
  if (options.calibration !== undefined && policy.calibration !== 'default')
    await uploadCalibration(policy.calibration, options);
  return withTarget(options, 'change', async ({ rollout, where }) => {
    const now = await rollout.current('active');
    tellNews(warnings, now?.policy, calibration);
    if (slot === 'shadow' && policy.id === (now?.policy ?? defaultPolicy).id)
      throw new InputError(
        `${file}: id: ${policy.id} is the active policy's own. Give the candidate another, or nobody can tell their findings apart`,
      );
    if (slot === 'shadow') await refuseOtherContent(rollout, policy, file);
    const lost = calibration === undefined ? [] : lostLevels(policy, calibration, now?.policy);
    if (slot === 'active' && lost.length > 0 && options.force !== true)
      throw new InputError(
        `${file}: ${lost.join(' and ')} could not be reached any more, and whoever subscribes to it would be notified of nothing. Raise budget.${lost[0]}, or calibrate on more accounts; --force pushes it all the same`,
      );
    const deployed = await pushed(rollout, slot, { file, policy }, options);
    const changes = now === undefined ? [] : policyChanges(now.policy, policy);
    if (options.json === true) printJson({ slot, policy: policy.id, where, deployment: deployed, changes });
    else {
      out(
        slot === 'active'
          ? `Policy ${colours.bold(policy.id)} is active in ${where} (deployment ${deployed.number}, ${describeState(deployed)}).`
          : `Policy ${colours.bold(policy.id)} is evaluated in the shadow of the active one in ${where}; nobody is notified of its findings.`,
      );
      for (const { field, before, after } of changes) out(`  ${field}: ${before} -> ${after}`);
      out(
        slot === 'active'
          ? `Functions read it within their staleness bound. To go back: ${calledAs()} policy rollback`
          : `It judges what comes from now on. What it would have done: ${calledAs()} policy shadow. To make it the active one: ${calledAs()} policy promote`,
      );
      if (slot === 'shadow' && where === THE_DEMO)
        out(`Nothing comes here by itself; more traffic: ${calledAs()} demo --send`);
    }
    return 0;
  });
}

/** @throws InputError naming the file to give with it, where the policy names a calibration that is not stored there */
async function pushed(
  rollout: PolicyRollout,
  slot: PolicySlot,
  { file, policy }: { readonly file: string; readonly policy: Policy },
  options: PushOptions,
): Promise<Deployed> {
  try {
    return await rollout.push(slot, policy, options.note ?? '');
  } catch (error) {
    const missing = error instanceof RolloutRefused && error.message.includes(NO_SUCH_CALIBRATION);
    if (!missing || options.calibration !== undefined) throw error;
    const beside = calibrationBeside(file);
    const given = (await exists(beside)) ? quoted(pathFromHere(resolve(beside))) : 'FILE';
    throw new InputError(
      `${file}: calibration: ${policy.calibration} is not stored there yet, nothing was changed. Give it along: --calibration ${given}`,
    );
  }
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isFile(),
    () => false,
  );

/**
 * Accounts keep what a candidate thinks of them under its id: two candidates of one id would be mixed.
 * @throws InputError where the id went out before with other content
 */
async function refuseOtherContent(rollout: PolicyRollout, policy: Policy, file: string): Promise<void> {
  const known = await findPolicy(rollout, policy.id);
  if (!('policy' in known) || policyChanges(known.policy, policy).length === 0) return;
  throw new InputError(
    `${file}: id: ${policy.id} went out before with other content, and what it found would be mixed with what this finds. Give the candidate another id, such as ${nextId(policy.id)}`,
  );
}

/** mine -> mine-2 -> mine-3 */
function nextId(id: string): string {
  const [, stem = id, number] = /^(.*?)(?:-(\d+))?$/.exec(id) ?? [];
  return `${stem}-${Number(number ?? 1) + 1}`;
}

/** Puts the calibration that the policy names where functions read it; one that is there already is never replaced. */
async function uploadCalibration(id: string, options: PushOptions): Promise<void> {
  const calibration = await loadCalibration(options.calibration);
  if (calibration.id !== id)
    throw new InputError(
      `--calibration ${options.calibration ?? ''}: is ${calibration.id}, the policy names ${id}`,
    );
  const deployment = await connect(options);
  try {
    if (deployment.stateBucket === undefined)
      throw new InputError('which bucket has the calibrations? Give --state-bucket NAME (or STATE_BUCKET)');
    const store = new CalibrationBucket(deployment.s3, deployment.stateBucket);
    const known = await store.get(id).catch((error: unknown) => {
      if (error instanceof CalibrationMissing) return undefined;
      throw error;
    });
    if (known === undefined) {
      await store.put(calibration);
      say(`calibration ${id}: stored`);
    } else if (JSON.stringify(known) !== JSON.stringify(calibration))
      throw new InputError(
        `calibration ${id} is stored already with other content: give this one another id`,
      );
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

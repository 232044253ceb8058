import Table from 'cli-table3';
import { Command, InvalidArgumentError } from 'commander';
import { shadowDigest } from '../findings/shadow-digest.ts';
import { misfits, policyChanges } from '../policy/diff.ts';
import { describeFault, parsePolicy } from '../policy/parse-policy.ts';
import { defaultPolicy, type Policy } from '../policy/policy.ts';
import { vetPolicy } from '../policy/vet.ts';
import { CalibrationBucket, CalibrationMissing } from '../stores/calibration-store.ts';
import { DynamoFindingStore } from '../stores/finding-store.ts';
import { NO_SHADOW, type PolicySlot } from '../stores/policy-names.ts';
import { type Deployed, RolloutError } from '../stores/policy-rollout.ts';
import { colours } from './colours.ts';
import { asInputError, connect, type DeploymentOptions } from './deployment.ts';
import { InputError } from './input.ts';
import { type KeyOptions, withKeyOptions } from './keyring.ts';
import { loadCalibration, loadPolicy, textOf } from './policy-file.ts';
import {
  type RolloutOptions,
  type RolloutTarget,
  rolloutTarget,
  withRolloutOptions,
} from './rollout-target.ts';
import { printJson, runVerb, say } from './verb.ts';

/** `policy validate|diff|push|shadow|status|rollback|promote`: the life of a policy, files and rollouts alike. */
export function policyCommand(): Command {
  const command = new Command('policy').description(
    'check, compare and roll out policies, to AWS AppConfig or to the running demo',
  );
  command.addCommand(validateCommand());
  command.addCommand(diffCommand());
  command.addCommand(pushCommand());
  command.addCommand(shadowCommand());
  command.addCommand(statusCommand());
  command.addCommand(rollbackCommand());
  command.addCommand(promoteCommand());
  return command;
}

interface JsonOption {
  readonly json?: boolean;
}

const out = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

function validateCommand(): Command {
  return new Command('validate')
    .description('say what is wrong with policy files: line, field, value and remedy')
    .argument('<files...>', 'YAML or JSON')
    .option('--calibration <file>', 'calibration (JSON) to check windows and levels against')
    .option('--json', 'print one JSON document')
    .action((files: string[], options: JsonOption & { calibration?: string }) =>
      runVerb('policy validate', async () => {
        const calibration = await loadCalibration(options.calibration);
        const results = [];
        for (const file of files) {
          const parsed = parsePolicy(await textOf(file), Date.now());
          results.push({
            file,
            ok: parsed.ok,
            faults: parsed.ok ? [] : parsed.faults,
            ...(parsed.ok ? { policy: parsed.policy.id, warnings: misfits(parsed.policy, calibration) } : {}),
          });
        }
        if (options.json === true) printJson({ files: results });
        else
          for (const { file, ok, faults, policy, warnings } of results) {
            for (const fault of faults) out(describeFault(fault, file));
            if (ok) out(`${file}: ${colours.green('valid')}, policy ${policy ?? ''}`);
            for (const warning of warnings ?? []) out(`  note: ${warning}`);
          }
        return results.every(({ ok }) => ok) ? 0 : 2;
      }),
    );
}

interface DiffOptions extends KeyOptions, JsonOption {
  readonly events?: string[];
  readonly labels?: string;
  readonly calibration?: string;
  readonly report?: string;
}

function diffCommand(): Command {
  const command = new Command('diff')
    .description('say in words, and on recorded traffic in numbers, what changes between two policies')
    .argument('<before>', 'policy file; `default` is the shipped policy')
    .argument('<after>', 'policy file')
    .option('--events <files...>', 'recorded usage events or exchanges: replays both policies over them')
    .option('--labels <file>', 'CSV account,label,kind,campaign: tells caught from wronged')
    .option('--calibration <file>', 'calibration (JSON); default: the shipped one')
    .option('--report <file>', 'write both side by side as a self-contained HTML report (needs --events)')
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action((before: string, after: string, options: DiffOptions) =>
    runVerb('policy diff', async () => {
      const was = before === 'default' ? defaultPolicy : await loadPolicy(before);
      const is = await loadPolicy(after);
      const changes = policyChanges(was, is);
      const warnings = misfits(is, await loadCalibration(options.calibration));
      let numbers: Record<string, unknown> | undefined;
      if (options.events !== undefined) {
        const { backtest } = await import('./backtest.ts');
        const { comparisonOf, printComparison } = await import('./backtest-tables.ts');
        const { outcomes } = await backtest(options.events, {
          ...options,
          ...(before === 'default' ? {} : { policy: before }),
          compare: after,
        });
        const [active, candidate] = outcomes;
        if (candidate === undefined) throw new Error('two policies make two outcomes');
        numbers = comparisonOf(active, candidate);
        if (options.json !== true) {
          printChanges(changes, warnings);
          printComparison(active, candidate);
        }
        if (options.report !== undefined) {
          const { backtestReport } = await import('../backtest/report.ts');
          const { writeFile } = await import('node:fs/promises');
          await writeFile(options.report, await backtestReport(active, candidate));
          say(`report: ${options.report}`);
        }
      } else if (options.json !== true) printChanges(changes, warnings);
      if (options.json === true)
        printJson({
          before: was.id,
          after: is.id,
          changes,
          warnings,
          ...(numbers === undefined ? {} : { traffic: numbers }),
        });
      return 0;
    }),
  );
}

function printChanges(changes: ReturnType<typeof policyChanges>, warnings: readonly string[]): void {
  if (changes.length === 0) out('No difference in behaviour.');
  for (const { field, before, after, effect } of changes) {
    out(`${colours.bold(field)}: ${before} -> ${after}`);
    out(`  ${effect}`);
  }
  for (const warning of warnings) out(colours.yellow(`note: ${warning}`));
}

interface PushOptions extends RolloutOptions, DeploymentOptions, JsonOption {
  readonly note?: string;
  readonly calibration?: string;
}

/** Runs a rollout verb against its target, and turns what the service says into one sentence. */
async function withTarget<T>(
  options: RolloutOptions,
  run: (target: RolloutTarget) => Promise<T>,
): Promise<T> {
  const target = await rolloutTarget(options);
  try {
    return await run(target);
  } catch (error) {
    if (error instanceof RolloutError) throw new InputError(error.message, { cause: error });
    throw asInputError(error, target.where);
  } finally {
    target.close();
  }
}

async function vetted(file: string, options: PushOptions): Promise<Policy> {
  const policy = await loadPolicy(file, Date.now());
  // Here only the shipped calibration is known; the validator at the other end knows the deployed ones.
  const calibration = await loadCalibration(options.calibration);
  const known = policy.calibration === 'default' || policy.calibration === calibration.id;
  const result = await vetPolicy(JSON.stringify(policy), {
    now: Date.now(),
    calibration: () => Promise.resolve(calibration),
  });
  if (!result.ok) throw new InputError(`${file}: ${result.faults.join('; ')}`);
  if (known) for (const warning of result.warnings) say(`note: ${warning}`);
  return policy;
}

function pushCommand(): Command {
  return withRolloutOptions(
    new Command('push')
      .description(
        'make a policy the active one: validated, to all at once, taken back by an alarm while it bakes',
      )
      .argument('<file>', 'YAML or JSON')
      .option('--note <text>', 'why, for the history')
      .option(
        '--calibration <file>',
        'the calibration that it names: checked, and stored beside the others first',
      )
      .option('--state-bucket <name>', 'bucket of calibrations (STATE_BUCKET)')
      .option('--table <name>', 'findings table (FINDING_TABLE)')
      .option('--json', 'print one JSON document'),
  ).action((file: string, options: PushOptions) =>
    runVerb('policy push', () => pushTo('active', file, options)),
  );
}

function shadowCommand(): Command {
  return withRolloutOptions(
    new Command('shadow')
      .description(
        'evaluate a candidate beside the active policy, recorded and never told; without a file: what it would have done so far',
      )
      .argument('[file]', 'YAML or JSON')
      .option('--off', 'stop evaluating a candidate')
      .option('--note <text>', 'why, for the history')
      .option(
        '--calibration <file>',
        'the calibration that it names: checked, and stored beside the others first',
      )
      .option('--state-bucket <name>', 'bucket of calibrations (STATE_BUCKET)')
      .option('--days <n>', 'days of the digest', days, 1)
      .option('--table <name>', 'findings table (FINDING_TABLE), for the digest')
      .option('--endpoint <url>', 'address of DynamoDB, for emulators')
      .option('--json', 'print one JSON document'),
  ).action(
    (file: string | undefined, options: PushOptions & DeploymentOptions & { off?: boolean; days: number }) =>
      runVerb('policy shadow', async () => {
        if (options.off === true) {
          if (file !== undefined) throw new InputError('give a file or --off, not both');
          const deployed = await withTarget(options, ({ rollout }) =>
            rollout.push('shadow', { ...defaultPolicy, id: NO_SHADOW }, options.note ?? 'shadow off'),
          );
          if (options.json === true) printJson({ shadow: null, deployment: deployed.number });
          else out('No shadow policy is evaluated any more.');
          return 0;
        }
        return file === undefined ? digest(options) : pushTo('shadow', file, options);
      }),
  );
}

function days(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 90)) throw new InvalidArgumentError('must lie between 0 and 90');
  return value;
}

async function pushTo(slot: PolicySlot, file: string, options: PushOptions): Promise<number> {
  const policy = await vetted(file, options);
  if (policy.id === NO_SHADOW)
    throw new InputError(`${file}: id: ${NO_SHADOW} means no shadow policy; give another`);
  if (options.calibration !== undefined && policy.calibration !== 'default')
    await uploadCalibration(policy.calibration, options);
  return withTarget(options, async ({ rollout, where }) => {
    const now = await rollout.current('active');
    const deployed = await rollout.push(slot, policy, options.note ?? '');
    const changes = now === undefined ? [] : policyChanges(now.policy, policy);
    if (options.json === true) printJson({ slot, policy: policy.id, where, deployment: deployed, changes });
    else {
      out(
        slot === 'active'
          ? `Policy ${colours.bold(policy.id)} is active in ${where} (deployment ${deployed.number}, ${describeState(deployed)}).`
          : `Policy ${colours.bold(policy.id)} is evaluated in the shadow of the active one in ${where}; nobody is told of its findings.`,
      );
      for (const { field, before, after } of changes) out(`  ${field}: ${before} -> ${after}`);
      out(
        slot === 'active'
          ? 'Functions read it within their staleness bound. To go back: siphonwatch policy rollback'
          : 'What it would have done: siphonwatch policy shadow. To make it the active one: siphonwatch policy promote',
      );
    }
    return 0;
  });
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

function describeState({ state }: Deployed): string {
  return state === 'BAKING'
    ? 'baking: an alarm takes it back by itself'
    : state.toLowerCase().replaceAll('_', ' ');
}

function statusCommand(): Command {
  return withRolloutOptions(
    new Command('status')
      .description('which policy is active, which is in the shadow, and what was pushed before')
      .option('--json', 'print one JSON document'),
  ).action((options: RolloutOptions & JsonOption) =>
    runVerb('policy status', () =>
      withTarget(options, async ({ rollout, where }) => {
        const active = await rollout.current('active');
        const shadow = await rollout.current('shadow');
        const history = await rollout.deployments('active', 10);
        const inShadow = shadow === undefined || shadow.policy.id === NO_SHADOW ? undefined : shadow;
        if (options.json === true) {
          printJson({
            where,
            active: active && {
              policy: active.policy.id,
              calibration: active.policy.calibration,
              deployment: active.deployed ?? null,
            },
            shadow:
              inShadow === undefined
                ? null
                : { policy: inShadow.policy.id, deployment: inShadow.deployed ?? null },
            history,
          });
          return 0;
        }
        out(
          `Active in ${where}: ${colours.bold(active?.policy.id ?? '')}, calibration ${active?.policy.calibration ?? ''}${active?.deployed === undefined ? ' (shipped; nothing was pushed)' : `, deployment ${active.deployed.number}, ${describeState(active.deployed)}`}`,
        );
        out(
          inShadow === undefined
            ? 'Shadow: none'
            : `Shadow: ${colours.bold(inShadow.policy.id)}, since ${inShadow.deployed?.startedAt?.toISOString().slice(0, 16) ?? '?'}`,
        );
        if (history.length > 0) {
          const table = new Table({
            head: ['deployment', 'version', 'state', 'started'],
            style: { head: [], border: [] },
          });
          for (const held of history)
            table.push([
              held.number,
              held.version,
              held.state.toLowerCase(),
              held.startedAt?.toISOString().slice(0, 19) ?? '',
            ]);
          out(table.toString());
        }
        return 0;
      }),
    ),
  );
}

function rollbackCommand(): Command {
  return withRolloutOptions(
    new Command('rollback')
      .description(
        'back to the policy that was active before: stops a deployment that bakes, else deploys the one before',
      )
      .option('--note <text>', 'why, for the history')
      .option('--json', 'print one JSON document'),
  ).action((options: PushOptions) =>
    runVerb('policy rollback', () =>
      withTarget(options, async ({ rollout, where }) => {
        const { policy, deployed } = await rollout.rollback(options.note ?? 'rollback');
        if (options.json === true) printJson({ policy: policy.id, where, deployment: deployed ?? null });
        else out(`Policy ${colours.bold(policy.id)} is active again in ${where}.`);
        return 0;
      }),
    ),
  );
}

function promoteCommand(): Command {
  return withRolloutOptions(
    new Command('promote')
      .description('make the shadow policy the active one')
      .option('--note <text>', 'why, for the history')
      .option('--json', 'print one JSON document'),
  ).action((options: PushOptions) =>
    runVerb('policy promote', () =>
      withTarget(options, async ({ rollout, where }) => {
        const shadow = await rollout.current('shadow');
        if (shadow === undefined || shadow.policy.id === NO_SHADOW) {
          say('There is no shadow policy to promote.');
          if (options.json === true) printJson({ policy: null });
          return 1;
        }
        const deployed = await rollout.push('active', shadow.policy, options.note ?? 'promoted from shadow');
        if (options.json === true) printJson({ policy: shadow.policy.id, where, deployment: deployed });
        else
          out(
            `Policy ${colours.bold(shadow.policy.id)} is active in ${where} (deployment ${deployed.number}). It stays in the shadow too, where it finds the same, until policy shadow --off.`,
          );
        return 0;
      }),
    ),
  );
}

/** What the shadow policy did beside the active one: from the findings that both recorded. */
async function digest(options: DeploymentOptions & JsonOption & { days: number }): Promise<number> {
  const deployment = await connect(options);
  try {
    const store = new DynamoFindingStore(deployment.dynamodb, deployment.findingTable);
    const most = 10_000;
    const [active, shadow] = await Promise.all([store.list(most), store.list(most, true)]);
    const made = shadowDigest(active.findings, shadow.findings, options.days * 86_400_000);
    if (options.json === true) printJson(made);
    else for (const line of made.lines) out(line);
    return 0;
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

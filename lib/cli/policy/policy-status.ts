import { Command } from 'commander';
import { NO_SHADOW } from '../../contract/policy-names.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import { printable } from '../../telemetry/reason.ts';
import { calledAs } from '../shared/called-as.ts';
import { colours } from '../shared/colours.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { connect, type DeploymentOptions } from '../shared/deployment.ts';
import { failureOf } from '../shared/failure.ts';
import { type Column, fittedTable } from '../shared/fitted-table.ts';
import { candidateWork } from './candidate-work.ts';
import { describeState, type JsonOption, out, withTarget } from './policy-target.ts';
import { type RolloutOptions, withRolloutOptions } from './rollout-target.ts';

/** `policy status`, `policy rollback` and `policy promote`: what is in force, and what is to be. */

const HISTORY: readonly Column[] = [
  { head: 'deployment', right: true },
  { head: 'version' },
  { head: 'state', min: 8 },
  { head: 'started' },
];

interface NoteOptions extends RolloutOptions, JsonOption {
  readonly note?: string;
}

export function statusCommand(): Command {
  return withRolloutOptions(
    new Command('status')
      .description('the active policy, the shadow policy, and what was pushed before')
      .option('--json', 'print one JSON document'),
  ).action((options: RolloutOptions & JsonOption) =>
    runCommand('policy status', () =>
      withTarget(options, 'read', async ({ rollout, where }) => {
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
          `Active in ${where}: ${colours.bold(active?.policy.id ?? '')}, calibration ${active?.policy.calibration ?? ''}${active?.deployed === undefined ? ` (shipped; ${history.length === 0 ? 'nothing was pushed' : 'what was pushed is not in force'})` : `, deployment ${active.deployed.number}, ${describeState(active.deployed)}`}`,
        );
        out(
          inShadow === undefined
            ? 'Shadow: none'
            : `Shadow: ${colours.bold(inShadow.policy.id)}, since ${inShadow.deployed?.startedAt?.toISOString().slice(0, 16) ?? '?'}${inShadow.deployed === undefined ? '' : `, deployment ${inShadow.deployed.number}, ${describeState(inShadow.deployed)}`}`,
        );
        if (history.length > 0) {
          const rows = history.map((held) => [
            String(held.number),
            String(held.version),
            held.state.toLowerCase(),
            held.startedAt?.toISOString().slice(0, 19) ?? '',
          ]);
          out(fittedTable(HISTORY, rows));
        }
        return 0;
      }),
    ),
  );
}

export function rollbackCommand(): Command {
  return withRolloutOptions(
    new Command('rollback')
      .description(
        'go back to the previous policy: stop a deployment in its bake time, else deploy the previous one',
      )
      .option('--note <text>', 'why, for the history')
      .option('--json', 'print one JSON document'),
  ).action((options: NoteOptions) =>
    runCommand('policy rollback', () =>
      withTarget(options, 'change', async ({ rollout, where }) => {
        const { policy, deployed, stopped, expired } = await rollout.rollback(options.note ?? 'rollback');
        if (expired !== undefined)
          say(`note: exceptions that have expired since were left out: ${expired.map(printable).join(', ')}`);
        if (stopped !== undefined)
          say(
            `note: the shadow's deployment ${stopped.number} was still baking, and was taken back first: push the candidate again`,
          );
        if (options.json === true) printJson({ policy: policy.id, where, deployment: deployed ?? null });
        else out(`Policy ${colours.bold(policy.id)} is active again in ${where}.`);
        return 0;
      }),
    ),
  );
}

interface PromoteOptions extends NoteOptions, DeploymentOptions {
  readonly force?: boolean;
}

/** @throws InputError where the candidate has judged no account: nothing is known of what it does */
async function refuseUntried(candidate: string, options: PromoteOptions): Promise<void> {
  const forced = 'promote --force makes it the active one all the same';
  const deployment = await connect(options);
  let judged: number;
  try {
    judged = (await candidateWork(deployment, candidate, 1)).judged.size;
  } catch (error) {
    const { message } = failureOf(error, deployment.where);
    throw new InputError(`whether ${candidate} has judged anything cannot be seen (${message}); ${forced}`, {
      cause: error,
    });
  } finally {
    deployment.close();
  }
  if (judged === 0)
    throw new InputError(
      `no event was judged under ${candidate} yet: nothing is known of what it does. Wait for traffic${deployment.local ? ` (${calledAs()} demo --send)` : ''}; ${forced}`,
    );
}

export function promoteCommand(): Command {
  return withRolloutOptions(
    new Command('promote')
      .description('make the shadow policy the active one')
      .option('--note <text>', 'why, for the history')
      .option('--force', 'also where it has judged nothing yet, or that cannot be seen')
      .option('--profile-table <name>', 'profiles table (PROFILE_TABLE), for what it has judged')
      .option('--table <name>', 'findings table (FINDING_TABLE), instead of a stack')
      .option('--json', 'print one JSON document'),
  ).action((options: PromoteOptions) =>
    runCommand('policy promote', () =>
      withTarget(options, 'change', async ({ rollout, where }) => {
        const shadow = await rollout.current('shadow');
        if (shadow === undefined || shadow.policy.id === NO_SHADOW) {
          say('There is no shadow policy to promote.');
          if (options.json === true) printJson({ policy: null });
          return 1;
        }
        if (options.force !== true) await refuseUntried(shadow.policy.id, options);
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

export function showCommand(): Command {
  return withRolloutOptions(
    new Command('show')
      .description('the active policy as a file: to change it, and to push it or try it in the shadow')
      .option('--calibration <id>', 'with this calibration instead of the one that it names')
      .option('--id <id>', 'under this id'),
  ).action((options: RolloutOptions & { readonly calibration?: string; readonly id?: string }) =>
    runCommand('policy show', () =>
      withTarget(options, 'read', async ({ rollout }) => {
        const active = await rollout.current('active');
        if (active === undefined) throw new InputError('there is no active policy');
        printJson({
          ...active.policy,
          ...(options.calibration === undefined ? {} : { calibration: options.calibration }),
          ...(options.id === undefined ? {} : { id: options.id }),
        });
        return 0;
      }),
    ),
  );
}

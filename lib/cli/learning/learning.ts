import { Command } from 'commander';
import { CalibrationBucket } from '../../aws/calibration-bucket.ts';
import { COMMAND } from '../../contract/command.ts';
import { plain } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import { defaultPolicy, type Policy } from '../../policy/policy.ts';
import { type LearningStatus, learningStatus } from '../../scoring/learning-status.ts';
import { levelRank } from '../../scoring/level.ts';
import { listFindings } from '../../stores/finding-queries.ts';
import { withTarget } from '../policy/policy-target.ts';
import { typedHere } from '../shared/called-as.ts';
import { printJson, runCommand } from '../shared/command.ts';
import { type DeploymentOptions, withDeploymentOptions, withFindings } from '../shared/deployment.ts';

interface LearningOptions extends DeploymentOptions {
  readonly json?: boolean;
}

/** Findings of the shadow that are counted. */
const COUNTED = 5000;

/** `learning`: how far the learning of a deployment is, what is missing, what it would have flagged. Changes nothing. */
export function learningCommand(): Command {
  return withDeploymentOptions(
    new Command('learning')
      .description(
        'how far the learning of a deployment is: who is accused yet, which levels its past supports, what is missing, and how many it would have flagged. Changes nothing',
      )
      .option('--state-bucket <name>', 'bucket of calibrations (STATE_BUCKET)')
      .option('--json', 'print one JSON document'),
  ).action((options: LearningOptions) =>
    runCommand('learning', () =>
      withFindings(options, async (store, now, deployment) => {
        if (deployment.stateBucket === undefined)
          throw new InputError('which calibrations? Give --state-bucket NAME (or STATE_BUCKET)');
        const bucket = new CalibrationBucket(deployment.s3, deployment.stateBucket);
        const policy = await activePolicy(options);
        const inForce = await bucket.get(policy.calibration);
        const status = learningStatus({
          inForce,
          newest: await bucket.newest(),
          budget: policy.budget,
          foreignAccuses: deployment.foreignCalibration === 'accuse',
          moved: inForce.foreign ? [] : ((await bucket.hold(inForce.id))?.moved ?? []),
        });
        const shadow = await listFindings(store, { state: 'open', shadow: true }, COUNTED, now);
        const flagged = shadow.findings.filter(
          ({ highest }) => levelRank(highest) >= levelRank('suspect'),
        ).length;
        if (options.json === true) printJson({ ...status, flaggedInShadow: flagged });
        else for (const line of linesOf(status, flagged)) process.stdout.write(`${typedHere(line)}\n`);
        return 0;
      }),
    ),
  );
}

function activePolicy(options: LearningOptions): Promise<Policy> {
  return withTarget(
    options,
    'read',
    async ({ rollout }) => (await rollout.current('active'))?.policy ?? defaultPolicy,
  );
}

const STATES: Readonly<Record<LearningStatus['state'], string>> = {
  learning: 'learning: nobody is accused; what would be is recorded in the shadow',
  live: 'live: accounts are judged',
  'held back': 'held back: the score has moved since, nobody is newly accused',
};

/** For people. */
export function linesOf(
  { state, inForce, newest, missing, ready }: LearningStatus,
  flagged: number,
): string[] {
  const share = (chance: number | undefined): string =>
    chance === undefined ? 'not supported' : `${Number((chance * 100).toPrecision(2))} % a month`;
  return [
    `${STATES[state]} (calibration in force: ${plain(inForce, 128)})`,
    ...(newest === undefined
      ? []
      : [
          `newest: ${plain(newest.id, 128)}, ${newest.accounts} accounts over ${newest.days.toFixed(1)} days; verdicts: ${newest.verdicts.extraction} extraction, ${newest.verdicts.benign} benign`,
          `its levels: suspect ${share(newest.levels.suspect)}, critical ${share(newest.levels.critical)}`,
        ]),
    ...missing.map((sentence) => `missing: ${plain(sentence, 500)}`),
    `open in the shadow: ${flagged} at suspect or above${flagged > 0 ? ` (${COMMAND} findings list --shadow)` : ''}`,
    ...(ready && state !== 'live' && newest !== undefined
      ? [`to go live: a policy with "calibration: ${plain(newest.id, 128)}", then ${COMMAND} policy push`]
      : []),
    `whose verdict helps most: ${COMMAND} review`,
  ];
}

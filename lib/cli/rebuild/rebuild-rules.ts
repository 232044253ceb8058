import { CalibrationBucket } from '../../aws/calibration-bucket.ts';
import { policySourceOf } from '../../aws/policy-source.ts';
import type { Rules } from '../../detection/judge.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import type { CalibrationStore } from '../../stores/calibration-store.ts';
import type { PolicyProblem, PolicySource } from '../../stores/policy-port.ts';
import { rulesSource } from '../../stores/rules-source.ts';
import { CODE_VERSION } from '../../version.ts';
import { loadCalibration, loadPolicy } from '../policy/policy-file.ts';
import type { Deployment } from '../shared/deployment.ts';

/** Files that are named instead of what is in force. */
interface Named {
  readonly policy?: string;
  readonly calibration?: string;
}

type Judged = Pick<Deployment, 's3' | 'stateBucket' | 'policyApplication' | 'foreignCalibration'>;

/**
 * What a rebuild judges by: as the functions do, so that a rebuilt table accuses nobody whom the live one does not.
 * @throws InputError where a policy's calibration is neither named nor to be found
 */
export async function rebuildRules(deployment: Judged, named: Named): Promise<Rules> {
  const onProblem = ({ kind, reasons }: PolicyProblem): void => {
    // the functions judge nobody then; a rebuild that did would take every level away
    if (kind === 'other-format') throw new InputError(reasons.join('; '));
    say(reasons.join('; '));
  };
  const source = rulesSource(
    await policiesOf(deployment, named, onProblem),
    await calibrationsOf(deployment, named),
    onProblem,
    deployment.foreignCalibration,
  );
  const { policy, calibration } = await source.inForce(CODE_VERSION);
  return { policy, calibration, code: CODE_VERSION, shadow: false };
}

async function policiesOf(
  { policyApplication }: Judged,
  { policy: file }: Named,
  onProblem: Parameters<typeof policySourceOf>[1],
): Promise<PolicySource> {
  if (file === undefined && policyApplication !== undefined)
    return policySourceOf(
      { POLICY_APPLICATION: policyApplication, POLICY_STALENESS_SECONDS: '30' },
      onProblem,
    );
  const policy = await loadPolicy(file);
  if (file === undefined)
    say(`neither --policy, --stack nor POLICY_APPLICATION: judged by the shipped policy, ${policy.id}`);
  return { active: async () => policy, shadow: async () => undefined };
}

async function calibrationsOf(
  { s3, stateBucket }: Judged,
  { calibration: file }: Named,
): Promise<Pick<CalibrationStore, 'get' | 'hold'>> {
  if (file === undefined && stateBucket !== undefined) return new CalibrationBucket(s3, stateBucket);
  const calibration = await loadCalibration(file);
  return {
    get: async (id) => {
      if (file === undefined && id !== calibration.id)
        throw new InputError('which calibrations? Give --state-bucket (STATE_BUCKET), or --calibration FILE');
      return calibration;
    },
    hold: async () => undefined,
  };
}

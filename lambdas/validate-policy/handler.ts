import { Logger } from '@aws-lambda-powertools/logger';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { s3 } from '../../lib/aws/clients.ts';
import { validatePolicy } from '../../lib/backtest/validate-policy.ts';
import { readEnvironment } from '../../lib/contract/environment.ts';
import { CalibrationMissing, CalibrationOfOtherFormat } from '../../lib/stores/calibration-store.ts';

/**
 * AppConfig's validator: the parser that the functions use, and a smoke backtest. Throwing refuses the deployment
 * (https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-creating-configuration-and-profile-validators.html).
 */

const environment = readEnvironment('validatePolicy', process.env);
const logger = new Logger();
const calibrations = new CalibrationBucket(s3(), environment.STATE_BUCKET);

interface ValidationEvent {
  readonly configurationVersion: string;
  /** base64 */
  readonly content: string;
}

/** AppConfig shows the message to whoever pushed; the stack would say nothing to them. */
class PolicyRefused extends Error {
  override readonly name = 'PolicyRefused';
}

export async function handler(event: ValidationEvent): Promise<object> {
  const vetted = await validatePolicy(Buffer.from(event.content, 'base64').toString('utf8'), {
    now: Date.now(),
    calibration: (id) =>
      calibrations.get(id).catch((error: unknown) => {
        if (error instanceof CalibrationMissing || error instanceof CalibrationOfOtherFormat)
          return error.message;
        throw error;
      }),
  });
  const { configurationVersion } = event;
  if (!vetted.ok) {
    logger.warn('policy refused', { configurationVersion, faults: vetted.faults });
    throw new PolicyRefused(vetted.faults.join('; '));
  }
  logger.info('policy passed', {
    configurationVersion,
    policy: vetted.policy.id,
    warnings: vetted.warnings,
  });
  return { policy: vetted.policy.id, warnings: vetted.warnings };
}

import type { Logger } from '@aws-lambda-powertools/logger';
import type { Metrics } from '@aws-lambda-powertools/metrics';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import type { EnvironmentOf } from '../../lib/contract/environment.ts';
import type { PolicySource } from '../../lib/stores/policy-port.ts';
import type { RulesSource } from '../../lib/stores/rules-source.ts';

/** What the daily calibration works on. */
export interface CalibratePorts {
  readonly environment: EnvironmentOf<'calibrate'>;
  readonly dynamodb: DynamoDBClient;
  readonly calibrations: CalibrationBucket;
  readonly policies: PolicySource;
  readonly rulesOf: RulesSource;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

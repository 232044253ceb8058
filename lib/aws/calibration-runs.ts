import type { S3Client } from '@aws-sdk/client-s3';
import { RUN_PREFIX } from '../contract/calibrate-steps.ts';
import { RunParts } from './run-parts.ts';

/** The one owner of `calibration-runs/` in the state bucket: what the steps of a calibration hand each other. */
export class CalibrationRuns extends RunParts {
  constructor(client: S3Client, bucket: string) {
    super(client, bucket, RUN_PREFIX);
  }
}

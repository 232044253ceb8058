import type { S3Client } from '@aws-sdk/client-s3';
import { LINK_PREFIX } from '../contract/link-steps.ts';
import { RunParts } from './run-parts.ts';

/** The one owner of `link-runs/` in the state bucket: what the steps of a run of `link` hand each other. */
export class LinkRuns extends RunParts {
  constructor(client: S3Client, bucket: string) {
    super(client, bucket, LINK_PREFIX);
  }
}

import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CalibrationBucket } from '../../lib/aws/calibration-bucket.ts';
import { testCalibration } from '../calibration.ts';
import { iso, START } from '../events.ts';

const app = buildApp({ logger: false });
let s3: S3Client;

beforeAll(async () => {
  const endpoint = await app.listen({ port: 0, host: '127.0.0.1' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  s3 = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'state' }));
});
afterAll(async () => {
  s3.destroy();
  await app.close();
});

it('gives back what was put, and what the last comparison said of it; a hold is no calibration', async () => {
  const moved = ['score, everyone: half of the accounts beyond nine tenths of the past', 'x'.repeat(500)];
  const hold = { calibration: testCalibration.id, at: iso(START), moved };
  await new CalibrationBucket(s3, 'state').put(testCalibration);
  await new CalibrationBucket(s3, 'state').putHold(hold);
  const fresh = new CalibrationBucket(s3, 'state');
  expect(await fresh.newest()).toEqual(testCalibration);
  expect(await fresh.hold(testCalibration.id)).toEqual(hold);
  expect(await fresh.hold('another')).toBeUndefined();
});

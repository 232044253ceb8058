import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { BucketContents } from '../../lib/aws/bucket-contents.ts';

/**
 * A bucket as S3 answers for one with Object Lock: a version under governance is deleted only by who asks to bypass it, each refusal is one of
 * the answer's errors (AmazonS3/latest/API/API_DeleteObjects.html), and all others are deleted.
 */
function lockedBucket(versions: Map<string, boolean>): S3Client {
  const send = ({ constructor: { name }, input }: { constructor: { name: string }; input: Asked }) => {
    if (name === 'ListObjectVersionsCommand')
      return Promise.resolve({ Versions: [...versions.keys()].map((Key) => ({ Key, VersionId: '1' })) });
    if (name !== 'DeleteObjectsCommand') return Promise.resolve({});
    const Errors = [];
    for (const { Key } of input.Delete.Objects)
      if (versions.get(Key) === true && input.BypassGovernanceRetention !== true)
        Errors.push({
          Key,
          Code: 'AccessDenied',
          Message: 'Access Denied because object protected by object lock.',
        });
      else versions.delete(Key);
    return Promise.resolve({ Errors });
  };
  return Object.assign(new S3Client({ region: 'us-east-1' }), { send });
}

interface Asked {
  readonly Delete: { readonly Objects: readonly { readonly Key: string }[] };
  readonly BypassGovernanceRetention?: boolean;
}

describe('the contents of a bucket', () => {
  it('are deleted but for what is locked, which is counted, and goes where the lock may be bypassed', async () => {
    const versions = new Map([
      ['a', true],
      ['b', false],
      ['c', true],
    ]);
    const contents = new BucketContents(lockedBucket(versions), 'archive');
    expect(await contents.clear()).toEqual({
      deleted: 1,
      kept: 2,
      why: 'a: AccessDenied: Access Denied because object protected by object lock.',
    });
    expect(await contents.count()).toBe(2);
    expect(await contents.clear(undefined, { bypassLock: true })).toMatchObject({ deleted: 2, kept: 0 });
    expect(versions.size).toBe(0);
  });
});

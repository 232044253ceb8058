import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type ObjectIdentifier,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';

/** DeleteObjects takes at most 1,000 keys (API_DeleteObjects). */
const KEYS_PER_CALL = 1000;

/** What became of a bucket's objects and versions. */
export interface Cleared {
  readonly deleted: number;
  /** that could not be deleted; `why` has the first of them, with what S3 said */
  readonly kept: number;
  readonly why: string | undefined;
}

/** Everything in a bucket, versions and delete markers among it: CloudFormation deletes no bucket that holds something. */
export class BucketContents {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async count(): Promise<number> {
    let count = 0;
    for await (const page of this.#pages()) count += page.length;
    return count;
  }

  /**
   * Deletes what it may, and goes on behind what it may not, such as locked objects.
   * @param bypassLock also those under a lock in governance mode, for which the caller needs s3:BypassGovernanceRetention
   * (AmazonS3/latest/userguide/object-lock.html)
   */
  async clear(
    onProgress: (deleted: number) => void = () => undefined,
    { bypassLock = false }: { readonly bypassLock?: boolean } = {},
  ): Promise<Cleared> {
    let deleted = 0;
    let kept = 0;
    let why: string | undefined;
    for await (const page of this.#pages()) {
      for (let i = 0; i < page.length; i += KEYS_PER_CALL) {
        const Objects = page.slice(i, i + KEYS_PER_CALL);
        const { Errors = [] } = await this.#client.send(
          new DeleteObjectsCommand({
            Bucket: this.#bucket,
            Delete: { Objects, Quiet: true },
            ...(bypassLock ? { BypassGovernanceRetention: true } : {}),
          }),
        );
        const [first] = Errors;
        if (first !== undefined) why ??= `${first.Key}: ${first.Code}: ${first.Message}`;
        kept += Errors.length;
        deleted += Objects.length - Errors.length;
        onProgress(deleted);
      }
    }
    return { deleted, kept, why };
  }

  async *#pages(): AsyncGenerator<ObjectIdentifier[]> {
    let found = 0;
    for await (const page of this.#versions()) {
      found += page.length;
      yield page;
    }
    // where versions are not listed, as in some emulators of S3
    if (found > 0) return;
    for await (const { Contents = [] } of paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket },
    ))
      yield Contents.map(({ Key = '' }) => ({ Key }));
  }

  async *#versions(): AsyncGenerator<ObjectIdentifier[]> {
    let at: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
    while (at !== undefined) {
      const page: ListObjectVersionsCommandOutput = await this.#client.send(
        new ListObjectVersionsCommand({ Bucket: this.#bucket, ...at }),
      );
      const { Versions = [], DeleteMarkers = [] } = page;
      // "null" too: an object from before versioning, which without a version's id gets a delete marker and stays
      yield [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId }) => ({ Key, VersionId }));
      at =
        page.IsTruncated === true
          ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
          : undefined;
    }
  }
}

import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
} from '@aws-sdk/client-s3';

/** Buckets of S3 in memory: strongly consistent (AmazonS3/latest/userguide/Welcome.html#ConsistencyModel). */
export class Objects {
  readonly held = new Map<string, Buffer>();

  run(command: object): unknown {
    if (command instanceof PutObjectCommand) {
      const { Bucket, Key, Body, IfNoneMatch } = command.input;
      const id = `${Bucket}/${Key}`;
      if (IfNoneMatch === '*' && this.held.has(id))
        throw Object.assign(new Error('At least one of the pre-conditions you specified did not hold'), {
          name: 'PreconditionFailed',
          $metadata: { httpStatusCode: 412 },
        });
      this.held.set(id, Buffer.from(Body as Uint8Array | string));
      return {};
    }
    if (command instanceof GetObjectCommand) {
      const body = this.held.get(`${command.input.Bucket}/${command.input.Key}`);
      if (body === undefined) throw new NoSuchKey({ message: 'no such key', $metadata: {} });
      return {
        Body: {
          transformToString: () => Promise.resolve(body.toString('utf8')),
          transformToByteArray: () => Promise.resolve(new Uint8Array(body)),
        },
      };
    }
    if (command instanceof DeleteObjectsCommand) {
      for (const { Key } of command.input.Delete?.Objects ?? [])
        this.held.delete(`${command.input.Bucket}/${Key}`);
      return {};
    }
    if (command instanceof DeleteObjectCommand) {
      this.held.delete(`${command.input.Bucket}/${command.input.Key}`);
      return {};
    }
    // never enabled: the answer has no status (API_GetBucketVersioning)
    if (command instanceof GetBucketVersioningCommand) return {};
    if (command instanceof CopyObjectCommand) {
      const body = this.held.get(decodeURIComponent(command.input.CopySource ?? ''));
      if (body === undefined) throw new NoSuchKey({ message: 'no such key', $metadata: {} });
      this.held.set(`${command.input.Bucket}/${command.input.Key}`, body);
      return {};
    }
    if (command instanceof ListObjectsV2Command) {
      const { Bucket, Prefix = '', Delimiter } = command.input;
      const below = this.names(Bucket ?? '', Prefix);
      // keys with the delimiter after the prefix are rolled up to it (API_ListObjectsV2)
      const upTo = (key: string): number =>
        Delimiter === undefined ? -1 : key.indexOf(Delimiter, Prefix.length);
      const rolled = new Set(below.flatMap((key) => (upTo(key) < 0 ? [] : [key.slice(0, upTo(key) + 1)])));
      return {
        Contents: below.filter((key) => upTo(key) < 0).map((Key) => ({ Key })),
        CommonPrefixes: [...rolled].map((name) => ({ Prefix: name })),
      };
    }
    throw new Error(`${command.constructor.name} is not modelled`);
  }

  names(bucket: string, prefix = ''): string[] {
    return [...this.held.keys()]
      .filter((id) => id.startsWith(`${bucket}/${prefix}`))
      .map((id) => id.slice(bucket.length + 1))
      .sort();
  }

  text(bucket: string, name: string): string {
    return this.held.get(`${bucket}/${name}`)?.toString('utf8') ?? '';
  }
}

import type { Readable } from 'node:stream';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** Keys of the objects below a prefix that hold something, in S3's order. */
export async function* keysBelow(client: S3Client, bucket: string, prefix: string): AsyncGenerator<string> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    for (const object of page.Contents ?? [])
      if (object.Key !== undefined && (object.Size ?? 1) > 0) yield object.Key;
}

/** An object's bytes as they come. */
export async function openObject(client: S3Client, bucket: string, key: string): Promise<Readable> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  // in Node.js the body is a stream of Node's
  return Body as Readable;
}

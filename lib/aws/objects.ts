import type { Readable } from 'node:stream';
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** Keys of the objects below a prefix that hold something, in S3's order. */
export async function* keysBelow(client: S3Client, bucket: string, prefix: string): AsyncGenerator<string> {
  for await (const { key } of objectsBelow(client, bucket, prefix)) yield key;
}

/** The same with their sizes. */
export async function* objectsBelow(
  client: S3Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<{ readonly key: string; readonly bytes: number }> {
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix }))
    for (const { Key, Size = 1 } of page.Contents ?? [])
      if (Key !== undefined && Size > 0) yield { key: Key, bytes: Size };
}

/** An object's bytes as they come. */
export async function openObject(client: S3Client, bucket: string, key: string): Promise<Readable> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  // in Node.js the body is a stream of Node's
  return Body as Readable;
}

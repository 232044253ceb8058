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

/** An object's bytes, where it is not larger than `most`; undefined where it is: then nothing of it is read. */
export async function smallObject(
  client: S3Client,
  bucket: string,
  key: string,
  most: number,
): Promise<Uint8Array | undefined> {
  const { Body, ContentLength = Number.POSITIVE_INFINITY } = await client.send(
    new GetObjectCommand({ Bucket: bucket, Key: key }),
  );
  if (Body === undefined || ContentLength > most) {
    // in Node.js the body is a stream of Node's: its connection is not kept for what nobody reads
    (Body as Readable | undefined)?.destroy();
    return undefined;
  }
  return Body.transformToByteArray();
}

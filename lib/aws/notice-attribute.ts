import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { LIMITS } from '../limits.ts';
import { imageBytes } from './image-bytes.ts';

/**
 * A notice as it waits in an account's item: a version byte, then its JSON, deflated. It is written with its account and billed once
 * more when it is taken out, both by the kilobyte of the whole item. Versions before wrote the JSON as a string, and so do campaigns.
 */
const DEFLATED = 1;
const MOST = { maxOutputLength: 2 * LIMITS.itemBytes.most };

export function noticeAttribute(text: string): AttributeValue {
  return { B: Buffer.concat([Uint8Array.of(DEFLATED), deflateRawSync(text)]) };
}

/**
 * The JSON of a stored notice, of whichever version. One that cannot be read is text that is no notice.
 */
export function noticeText(value: AttributeValue): string {
  const bytes = imageBytes(value);
  if (bytes === undefined) return value.S ?? '';
  if (bytes[0] !== DEFLATED) return '';
  try {
    return inflateRawSync(bytes.subarray(1), MOST).toString('utf8');
  } catch {
    return '';
  }
}

/** The stored value itself, as a request gives it back. */
export function asStored(value: AttributeValue): AttributeValue {
  const bytes = imageBytes(value);
  return bytes === undefined ? value : { B: bytes };
}

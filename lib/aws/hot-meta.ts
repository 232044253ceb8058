import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { LIMITS } from '../limits.ts';

/**
 * The attribute `meta` of a hot item: a version byte, then the JSON of stores/profile-item.ts, deflated. A write is billed by the
 * kilobyte of the whole item, and deflated the JSON has less than half of its bytes: ids and sequence numbers are digits and
 * letters, names of streams and fields stand in a dictionary that both sides know (zlib, "deflateSetDictionary"). Items of
 * versions before hold the JSON as a string.
 */
const VERSION = 1;

/** What every hot item says in the same words. It is a part of the format: another one is another version. */
const DICTIONARY = Buffer.from(
  [
    '"shadow":{"policy":"default","evidence":{"since":17,"peak":0.,"peakAt":17},"looked":17,"level":{"level":"clear","since":0,"supported":true},"episode":1,"finding":{"id":"f-',
    '"late":1,"repeated":1,"recentParts":[1,2],"redrivenParts":[1,2],"sealed":[1,"","level":{"level":"watch","since":17,"supported":true},"episode":1,"finding":{"id":"f-","since":17,"noticedAt":17,"noticedEvents":1,"calmed":false},"numbered":1}',
    '["chatcmpl-","msg_01","resp_","req_","gen-",["enterprise","["team","["plus","["pro","["free","["payg","chat","api",17,17,',
    ',[["Siphonwatch-IngestStream","4959033827149025660855969253836157109592157598913658",0]],1,[0,0.,0],82,["",{"arrived":17,"sealed":[1,"',
  ].join(''),
);

/** A window of 2 KB is more than there is to look back at, and makes a small and quick compressor. */
const FORM = { windowBits: 11, memLevel: 4, level: 9, dictionary: DICTIONARY };
const MOST = { ...FORM, maxOutputLength: LIMITS.itemBytes.most };

export function encodeMeta(json: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(VERSION), deflateRawSync(json, FORM)]);
}

/**
 * The JSON of an item's `meta`, as this or an older version wrote it; of an image in an event of Lambda, too, where bytes are base64.
 * @throws where it is damaged, or of a newer version
 */
export function decodeMeta(value: AttributeValue | undefined): string {
  if (value?.S !== undefined) return value.S;
  if (value?.B === undefined) return '{}';
  const held: Uint8Array | string = value.B;
  const bytes = typeof held === 'string' ? Buffer.from(held, 'base64') : held;
  if (bytes[0] !== VERSION) throw new Error(`version ${bytes[0]} is not known to this code (${VERSION})`);
  return inflateRawSync(bytes.subarray(1), MOST).toString('utf8');
}

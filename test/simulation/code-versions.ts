import { deflateRawSync } from 'node:zlib';
import { type AttributeValue, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { noticeAttribute, noticeText } from '../../lib/aws/notice-attribute.ts';
import { decodeMeta, type HotMeta } from '../../lib/stores/hot-meta.ts';
import type { Item } from './services/expressions.ts';

/** Which versions of the code run at a moment; the newest alone when everything is over. */
export interface Deployment {
  readonly newest: CodeVersion;
  /** @param at operations since the beginning */
  versionsAt(at: number): readonly CodeVersion[];
}

/** How a version stores the hot item's meta and its notices. Bytes begin with their form's number; every version reads text. */
interface Forms {
  meta(bytes: Uint8Array): AttributeValue;
  notice(text: string): AttributeValue;
  /** numbers that it reads; others are a newer version's */
  readonly metas: readonly number[];
  readonly notices: readonly number[];
}

/** Number of a form that no version has. */
const UNKNOWN = 255;
const NEXT = 9;

const numbered = (by: number, bytes: Uint8Array): Uint8Array => Uint8Array.of(by, ...bytes.subarray(1));

/** The JSON that versions before held, with what few have by its name at the end (see currentMeta). */
export function jsonMetaOf({ rare: { judged, ...others }, ...held }: HotMeta): string {
  const guard = held.guard.length === 0 ? 0 : held.guard;
  return JSON.stringify([
    ...[held.plan, held.product, held.createdAt, held.firstSeen, held.span, guard, held.events],
    ...[held.evidence, held.looked, held.samples, { ...others, ...judged }],
  ]);
}

/**
 * Versions that write forms of their own: `json` and `deflated` those of versions before, which this one still reads; `next` stands for
 * a version to come, whose forms this one does not know. All run the code of today behind a client that puts stored values into
 * their forms; what is of a newer form they find as bytes that nobody can read.
 */
const FORMS = {
  json: {
    meta: (bytes) => ({ S: jsonMetaOf(decodeMeta(bytes)) }),
    notice: (text) => ({ S: text }),
    metas: [],
    notices: [],
  },
  deflated: {
    // "stored" by zlib, which needs no dictionary to be read
    meta: (bytes) => ({
      B: Buffer.concat([Uint8Array.of(1), deflateRawSync(jsonMetaOf(decodeMeta(bytes)), { level: 0 })]),
    }),
    notice: (text) => ({ S: text }),
    metas: [1],
    notices: [],
  },
  current: { meta: (bytes) => ({ B: bytes }), notice: noticeAttribute, metas: [1, 2], notices: [1] },
  next: {
    meta: (bytes) => ({ B: numbered(NEXT, bytes) }),
    notice: (text) => ({ B: numbered(NEXT, noticeAttribute(text).B ?? Uint8Array.of()) }),
    metas: [1, 2, NEXT],
    notices: [1, NEXT],
  },
} as const satisfies Record<string, Forms>;

export type CodeVersion = keyof typeof FORMS;

/** Values as they are stored, by the bytes that a version found instead: what it gives back is the stored value. */
const storedAs = new WeakMap<Uint8Array, AttributeValue>();

/** @param today number of the form of today's code, which every version runs */
function found(value: AttributeValue, reads: readonly number[], today: number): AttributeValue {
  const [form] = value.B ?? [];
  if (value.B === undefined || form === undefined) return value;
  if (reads.includes(form) && form !== NEXT) return value;
  const bytes = numbered(reads.includes(form) ? today : UNKNOWN, value.B);
  storedAs.set(bytes, value);
  return { B: bytes };
}

/** An item of the profile table as a version finds it. */
function itemFor(version: CodeVersion, item: Item): Item {
  const { metas, notices: readable }: Forms = FORMS[version];
  const { meta, notices } = item;
  return {
    ...item,
    ...(meta === undefined ? {} : { meta: found(meta, metas, 2) }),
    ...(notices?.L === undefined ? {} : { notices: { L: notices.L.map((one) => found(one, readable, 1)) } }),
  };
}

/** A command as a version sends it. */
export function sentBy(version: CodeVersion, command: object): object {
  if (version === 'current' || !(command instanceof UpdateItemCommand)) return command;
  const { ExpressionAttributeValues: values = {}, TableName } = command.input;
  if (TableName !== 'profiles') return command;
  const { meta, notice }: Forms = FORMS[version];
  const asStored = (value: AttributeValue): AttributeValue => {
    if (value.L !== undefined) return { L: value.L.map(asStored) };
    return value.B === undefined ? value : (storedAs.get(value.B) ?? value);
  };
  const made = Object.entries(values).map(([name, value]): [string, AttributeValue] => {
    if (name === ':meta' && value.B !== undefined) return [name, meta(value.B)];
    if (name === ':fresh' && value.L !== undefined)
      return [name, { L: value.L.map((one) => notice(noticeText(one))) }];
    return [name, asStored(value)];
  });
  return new UpdateItemCommand({ ...command.input, ExpressionAttributeValues: Object.fromEntries(made) });
}

/** An answer of a table, or an event of its stream, as a version finds it. */
export function foundBy(version: CodeVersion, value: unknown): unknown {
  if (version === 'current' || typeof value !== 'object' || value === null || value instanceof Uint8Array)
    return value;
  if (Array.isArray(value)) return value.map((one) => foundBy(version, one));
  const made: Record<string, unknown> = {};
  for (const [name, held] of Object.entries(value)) made[name] = foundBy(version, held);
  return 'meta' in made || 'notices' in made ? itemFor(version, made as Item) : made;
}

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Judgement } from '../detection/account-state.ts';
import { LIMITS } from '../limits.ts';
import { Reader, StateError, Writer } from '../profile/binary.ts';
import { readNumber, readText, readTexts, writeNumber, writeText, writeTexts } from '../profile/packed.ts';

/**
 * What a hot item holds beside its large parts. Every byte of it is written with every flush, and a write is billed by the
 * kilobyte: what every account has stands by its place, what few have is left out where it is as for most.
 */
export interface HotMeta {
  readonly plan: string;
  readonly product: string;
  readonly createdAt: number;
  readonly firstSeen: number;
  /** from firstSeen to the newest event, ms; so are the times of the evidence */
  readonly span: number;
  /** epoch, sequence without leading zeros, index of each */
  readonly guard: readonly (readonly [epoch: string, sequence: string, index: number])[];
  readonly events: number;
  readonly evidence: readonly [since: number, peak: number, peakAt: number];
  /** start of the newest slice that was looked at, in slices since 1970; 0: none */
  readonly looked: number;
  readonly samples: readonly string[];
  readonly rare: RareMeta;
}

export interface RareMeta {
  /** where it is not the newest event's time */
  readonly arrived?: number;
  /** number of sealed parts, and the name of the last */
  readonly sealed?: readonly [parts: number, name: string];
  readonly late?: number;
  readonly repeated?: number;
  /** numbers of the first and the next part of each log, where there are parts */
  readonly recentParts?: PartRange;
  readonly redrivenParts?: PartRange;
  /** name of the sample of prompts that a version before has written */
  readonly asked?: string;
  readonly judged?: JudgedMeta;
}

/** What hardly any honest account has. */
export type JudgedMeta = {
  readonly [Name in 'level' | 'episode' | 'finding' | 'numbered' | 'shadow']?:
    | NonNullable<Judgement[Name]>
    | undefined;
};

/** Parts of a log: numbers from the first up to and without the next. */
export type PartRange = readonly [first: number, next: number];

/** Versions before held the same as JSON, and as deflated JSON: see jsonMeta. */
const VERSION = 2;

/** What nearly every stream of a stack is called by: CloudFormation adds letters to it (lib/infra). Stored as a flag, so another one is another version. */
const STREAM = 'Siphonwatch-IngestStream';

/** Fields of RareMeta, in the order of their bits and of their values. Append only. */
const RARE = [
  'arrived',
  'sealed',
  'late',
  'repeated',
  'recentParts',
  'redrivenParts',
  'asked',
  'judged',
] as const satisfies readonly (keyof RareMeta)[];

const writer = new Writer();

export function encodeMeta(meta: HotMeta): Uint8Array {
  writer.size = 0;
  writer.byte(VERSION);
  writeText(writer, meta.plan);
  writeText(writer, meta.product);
  writeNumber(writer, meta.createdAt);
  writeNumber(writer, meta.firstSeen);
  writeNumber(writer, meta.span);
  writer.varint(meta.guard.length);
  for (const [epoch, sequence, index] of meta.guard) {
    const usual = epoch.startsWith(STREAM);
    writer.byte(usual ? 1 : 0);
    writeText(writer, usual ? epoch.slice(STREAM.length) : epoch);
    writeText(writer, sequence);
    writer.varint(index);
  }
  writer.varint(meta.events);
  for (const value of meta.evidence) writeNumber(writer, value);
  writeNumber(writer, meta.looked);
  writeTexts(writer, meta.samples);
  writeRare(meta.rare);
  return writer.done();
}

function writeRare(rare: RareMeta): void {
  let set = 0;
  for (let bit = 0; bit < RARE.length; bit++)
    if (rare[RARE[bit] as keyof RareMeta] !== undefined) set |= 1 << bit;
  writer.varint(set);
  const { arrived, sealed, late, repeated, recentParts, redrivenParts, asked, judged } = rare;
  if (arrived !== undefined) writeNumber(writer, arrived);
  if (sealed !== undefined) {
    writer.varint(sealed[0]);
    writeText(writer, sealed[1]);
  }
  if (late !== undefined) writer.varint(late);
  if (repeated !== undefined) writer.varint(repeated);
  for (const parts of [recentParts, redrivenParts])
    if (parts !== undefined) for (const number of parts) writer.varint(number);
  if (asked !== undefined) writeText(writer, asked);
  if (judged === undefined) return;
  let bytes = deflated.get(judged);
  if (bytes === undefined) {
    bytes = deflateRawSync(JSON.stringify(judged), FORM);
    deflated.set(judged, bytes);
  }
  writer.varint(bytes.length);
  writer.append(bytes);
}

/** What was deflated before, and is written with every flush until it changes. */
const deflated = new WeakMap<JudgedMeta, Uint8Array>();

/**
 * @throws StateError where the bytes are damaged or of a newer version
 */
export function decodeMeta(bytes: Uint8Array): HotMeta {
  const reader = new Reader(bytes);
  const version = reader.byte();
  if (version !== VERSION) throw new StateError(`meta of version ${version} is not known to this code`);
  const plan = readText(reader);
  const product = readText(reader);
  const createdAt = readNumber(reader);
  const firstSeen = readNumber(reader);
  const span = readNumber(reader);
  const guard: [string, string, number][] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const prefix = reader.byte() === 1 ? STREAM : '';
    guard.push([prefix + readText(reader), readText(reader), reader.varint()]);
  }
  return {
    ...{ plan, product, createdAt, firstSeen, span, guard },
    events: reader.varint(),
    evidence: [readNumber(reader), readNumber(reader), readNumber(reader)],
    looked: readNumber(reader),
    samples: readTexts(reader),
    rare: readRare(reader),
  };
}

function readRare(reader: Reader): RareMeta {
  const set = reader.varint();
  if (set >= 1 << RARE.length) throw new StateError('meta has fields that are not known to this code');
  const read = <Name extends keyof RareMeta, Value>(name: Name, value: () => Value) =>
    (set & (1 << RARE.indexOf(name))) === 0 ? undefined : ({ [name]: value() } as Record<Name, Value>);
  const range = (): PartRange => [reader.varint(), reader.varint()];
  return {
    ...read('arrived', () => readNumber(reader)),
    ...read('sealed', () => [reader.varint(), readText(reader)] as const),
    ...read('late', () => reader.varint()),
    ...read('repeated', () => reader.varint()),
    ...read('recentParts', range),
    ...read('redrivenParts', range),
    ...read('asked', () => readText(reader)),
    ...read('judged', () => {
      const bytes = reader.take(reader.varint());
      return JSON.parse(inflateRawSync(bytes, MOST).toString('utf8')) as JudgedMeta;
    }),
  };
}

/**
 * What the JSON of versions before says in the same words, by which it was deflated, and by which the judgement of an account with
 * a finding still is (zlib, "deflateSetDictionary"). It is a part of the format: another one is another version.
 */
const DICTIONARY = Buffer.from(
  [
    '"shadow":{"policy":"default","evidence":{"since":17,"peak":0.,"peakAt":17},"looked":17,"level":{"level":"clear","since":0,"supported":true},"episode":1,"finding":{"id":"f-',
    '"late":1,"repeated":1,"recentParts":[1,2],"redrivenParts":[1,2],"sealed":[1,"","level":{"level":"watch","since":17,"supported":true},"episode":1,"finding":{"id":"f-","since":17,"noticedAt":17,"noticedEvents":1,"calmed":false},"numbered":1}',
    '["chatcmpl-","msg_01","resp_","req_","gen-",["enterprise","["team","["plus","["pro","["free","["payg","chat","api",17,17,',
    ',[["Siphonwatch-IngestStream","4959033827149025660855969253836157109592157598913658",0]],1,[0,0.,0],82,["",{"arrived":17,"sealed":[1,"',
  ].join(''),
);

/** A window of 2 KB is more than there is to look back at, and makes a small and quick compressor. */
const FORM = { windowBits: 11, memLevel: 4, level: constants.Z_BEST_COMPRESSION, dictionary: DICTIONARY };
const MOST = { ...FORM, maxOutputLength: LIMITS.itemBytes.most };

/** Version of the deflated JSON. */
const DEFLATED = 1;

type RareJson = Omit<RareMeta, 'judged'> & JudgedMeta;
type JsonMeta = readonly [
  plan: string,
  product: string,
  createdAt: number,
  firstSeen: number,
  span: number,
  guard: HotMeta['guard'] | 0,
  events: number,
  evidence: HotMeta['evidence'],
  looked: number,
  samples: readonly string[],
  rare: RareJson,
];

/**
 * The meta of an item in the form of this version, whichever version wrote it: bytes that begin with their version, or the JSON of
 * the first one.
 * @throws where what an older version wrote is damaged; what this one wrote is looked at by decodeMeta
 */
export function currentMeta(stored: Uint8Array | string): Uint8Array {
  if (typeof stored === 'string') return encodeMeta(jsonMeta(stored));
  return stored[0] === DEFLATED
    ? encodeMeta(jsonMeta(inflateRawSync(stored.subarray(1), MOST).toString('utf8')))
    : stored;
}

function jsonMeta(json: string): HotMeta {
  const [plan, product, createdAt, firstSeen, span, guard, events, evidence, looked, samples, rare] =
    JSON.parse(json) as JsonMeta;
  const { level, episode, finding, numbered, shadow, ...others } = rare;
  const judged = { level, episode, finding, numbered, shadow };
  return {
    ...{ plan, product, createdAt, firstSeen, span, events, evidence, looked, samples },
    guard: guard === 0 ? [] : guard,
    rare: Object.values(judged).every((value) => value === undefined) ? others : { ...others, judged },
  };
}

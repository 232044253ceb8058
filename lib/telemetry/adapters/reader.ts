import { LIMITS } from '../../limits.ts';
import { entryFacts, entryFactsOf, keepEntryFacts } from '../entry-facts.ts';
import { isOverfull } from '../json-size.ts';
import { parseUsageEvent } from '../parse-usage-event.ts';
import { failedOn, fieldName, kindOf, printable, type Reason } from '../reason.ts';
import { ADAPTER_DEFAULTS, type Adapted, type AdapterDefaults, tooMany } from './adapter.ts';
import { asOtlp } from './bare-spans.ts';
import { BatchReader, batchPieces, type HeldBatch, isBatchLine } from './batch.ts';
import { CROWDED, OVERFULL, slimmed, withoutCrowds } from './crowded.ts';
import { unwrapped } from './envelopes.ts';
import {
  EXPORT_NAMES,
  exportShape,
  fromExport,
  isCall,
  isWhole,
  ownShape,
  SCATTERED_NAME,
  type Told,
} from './exports.ts';
import { at, type Json, nameIn, objectOf, textAt } from './fields.ts';
import { ADAPTERS, type InputFormat } from './index.ts';
import { knownInside } from './inside.ts';
import { type HeldLines, isHalf, LinesApartReader } from './lines-apart.ts';
import { HALVES } from './lines-of-products.ts';
import { isModelCall } from './model-calls.ts';
import { type HeldNewRelic, isNewRelic, NewRelicReader } from './newrelic.ts';
import { hasRequest } from './openai.ts';
import { type HeldOtel, type Late, OtelReader } from './otel.ts';
import { isOtlp, otlpField, otlpPieces } from './otlp.ts';
import { type HeldOwners, type OwnedCall, OwnersApartReader, ownersFormat } from './owners-apart.ts';
import { counted, nothing, type Piece, type ReadEntries, together } from './read-entries.ts';
import { whyTextless } from './textless.ts';

/** Formats by name: those of single entries, batches in two files, and whatever is told apart entry by entry. */
export type SourceFormat = InputFormat | 'batch' | 'auto';
export const SOURCE_FORMATS: readonly SourceFormat[] = [
  ...(Object.keys(ADAPTERS) as InputFormat[]),
  'batch',
  'auto',
];

/** What a reader holds between two documents. */
export interface HeldEntries {
  readonly otel: HeldOtel;
  readonly batch: HeldBatch;
  readonly newRelic: HeldNewRelic;
  readonly lines?: HeldLines;
  readonly owners?: HeldOwners;
}

/**
 * Reads documents of one source, one after the other: takes envelopes off, tells formats apart where it is asked to, and joins
 * what a source writes in two places (a span and its log events, a batch's input and output).
 */
export class EntryReader {
  readonly #format: SourceFormat;
  readonly #defaults: AdapterDefaults;
  readonly #otel: OtelReader;
  readonly #batch: BatchReader;
  readonly #newRelic: NewRelicReader;
  readonly #lines: LinesApartReader;
  readonly #owners: OwnersApartReader;

  /** @param held what another reader of the same input held, to go on from */
  constructor(format: SourceFormat, defaults: AdapterDefaults = ADAPTER_DEFAULTS, held?: HeldEntries) {
    this.#format = format;
    this.#defaults = defaults;
    this.#otel = new OtelReader(defaults, held?.otel);
    this.#batch = new BatchReader(defaults, held?.batch);
    this.#newRelic = new NewRelicReader(defaults, held?.newRelic);
    this.#lines = new LinesApartReader(defaults, held?.lines);
    this.#owners = new OwnersApartReader(held?.owners);
  }

  /** What is known of calls that are half told: plain data, good until the next document is read. */
  get held(): HeldEntries {
    const [otel, batch] = [this.#otel.held, this.#batch.held];
    return {
      ...{ otel, batch, newRelic: this.#newRelic.held },
      ...{ lines: this.#lines.held, owners: this.#owners.held },
    };
  }

  /** @param origin handed back with what is found out about this document later */
  read(written: unknown, origin?: unknown): ReadEntries {
    return together(this.pieces(written, origin));
  }

  /** The same, a few entries at a time: whoever serves others meanwhile lets them in between. */
  *pieces(written: unknown, origin?: unknown): Generator<ReadEntries> {
    const json = withoutCrowds(written);
    let piece = nothing();
    if (json !== written) piece.odd.push(CROWDED);
    let size = 0;
    for (const one of this.#entries(json)) {
      if ('refused' in one) piece.reasons.push(one.refused);
      else if ('lost' in one) piece.odd.push(one.lost);
      else {
        counted(piece.formats, this.#formatOf(one), 1);
        for (const part of this.#partsOf(one)) {
          this.#readOne(part, json, origin, piece);
          if (++size < PIECE && part === one) continue;
          yield piece;
          piece = nothing();
          size = 0;
        }
      }
    }
    yield piece;
  }

  #formatOf({ format }: Told): string {
    return this.#format === 'auto' ? format : this.#format;
  }

  /** An export of many spans, or a list of a batch's requests, in pieces, every other entry as it is. */
  #partsOf(one: Told): readonly Told[] {
    const format = this.#formatOf(one);
    if (format !== 'otel' && format !== 'batch') return [one];
    const parts = format === 'otel' ? otlpPieces(one.entry) : batchPieces(one.entry);
    return parts.length === 1 ? [one] : parts.map((entry) => ({ ...one, entry }));
  }

  #readOne(one: Told, json: unknown, origin: unknown, piece: Piece): void {
    const { entry } = one;
    const format = this.#formatOf(one);
    if (format === 'event') {
      const parsed = parseUsageEvent(entry);
      if (parsed.ok) piece.events.push(parsed.event);
      else piece.reasons.push(parsed.reason);
      return;
    }
    const owned = this.#format === 'auto' ? this.#owners.read(format, entry, origin) : undefined;
    for (const call of owned?.late ?? []) piece.late.push(...this.#late(call));
    if (owned?.isOwner === true) piece.skipped++;
    if (owned !== undefined && owned.call === undefined) return;
    const adapted = this.#adapted(format, owned?.call ?? entry, json, origin);
    const facts = entryFacts(format, entry);
    for (const exchange of adapted.exchanges) {
      if (entryFactsOf(exchange) === undefined) keepEntryFacts(exchange, facts);
      piece.exchanges.push(exchange);
    }
    for (const reason of adapted.reasons) {
      if (entryFactsOf(reason) === undefined) keepEntryFacts(reason, facts);
      piece.reasons.push(reason);
    }
    for (const name of adapted.odd ?? []) piece.odd.push(name);
    if ('late' in adapted) for (const held of adapted.late) piece.late.push(held);
    piece.skipped += adapted.skipped;
  }

  /** The entries of a document; where an entry is of no format, those that lie deeper in it. */
  *#entries(json: unknown): Generator<Told | { readonly refused: Reason } | { readonly lost: string }> {
    let entries: readonly unknown[];
    try {
      entries = unwrapped(json);
    } catch {
      // Its reader says so too, with a reason.
      yield { entry: json, format: 'unknown' };
      return;
    }
    if (entries.length > LIMITS.documentEntries.most) {
      for (const refused of tooMany().reasons) yield { refused };
      return;
    }
    for (const entry of entries)
      if (this.#format === 'exchange') yield { entry, format: 'exchange' };
      else if (isOverfull(entry) && !isOtlp(entry) && !isListOfRequests(entry)) {
        yield { lost: OVERFULL };
        yield* this.#toldApart(slimmed(entry));
      } else yield* this.#toldApart(entry);
  }

  #toldApart(entry: unknown): readonly Told[] {
    try {
      return toldApart(withoutCrowds(entry));
    } catch {
      return [{ entry, format: 'unknown' }];
    }
  }

  /** What was held at the call before and is still without its other half: for listeners, whose input does not end. */
  age(): readonly Late[] {
    const owned = this.#owners.age().flatMap((call) => this.#late(call));
    return [...this.#otel.age(), ...this.#newRelic.age(), ...this.#lines.age(), ...owned];
  }

  /** What is left when the input ends. */
  finish(): readonly Late[] {
    const owned = this.#owners.finish().flatMap((call) => this.#late(call));
    return [this.#otel, this.#batch, this.#newRelic, this.#lines]
      .flatMap((reader) => reader.finish())
      .concat(owned);
  }

  /** A call that waited for the line that says whose it is. */
  #late({ format, entry, origin }: OwnedCall): readonly Late[] {
    const { exchanges, reasons, odd = [] } = this.#adapted(format, entry, entry, origin);
    return [
      ...exchanges.map((exchange) => ({ origin, exchange, odd })),
      ...reasons.map((reason) => ({ origin, reason })),
    ];
  }

  #adapted(
    format: string,
    entry: unknown,
    document: unknown,
    origin: unknown,
  ): Adapted | ReturnType<OtelReader['read']> {
    try {
      return this.#read(format, entry, this.#defaultsOf(entry, document), origin);
    } catch (error) {
      return { exchanges: [], reasons: [failedOn(entry, error)], skipped: 0 };
    }
  }

  /** With the account, where the operator said where entries name it: in the entry itself, or in what it lies in. */
  #defaultsOf(entry: unknown, document: unknown): AdapterDefaults {
    const { accountField } = this.#defaults;
    if (accountField === undefined) return this.#defaults;
    const account = [entry, document]
      .map((held) => nameIn(held, accountField))
      .find((name) => name !== undefined);
    return account === undefined ? this.#defaults : { ...this.#defaults, account };
  }

  #read(
    format: string,
    entry: unknown,
    defaults: AdapterDefaults,
    origin: unknown,
  ): Adapted | ReturnType<OtelReader['read']> {
    if (format === 'otel') return this.#otel.read(entry, origin);
    if (format === 'batch') return this.#batch.read(entry, origin);
    if (format === 'newrelic') return this.#newRelic.read(entry, origin);
    if (format === 'lines') return this.#lines.read(entry, origin, defaults.account);
    if (isFormat(format)) return ADAPTERS[format](entry, defaults);
    return fromExport(format, entry, defaults) ?? unknownEntry(entry);
  }
}

/** Entries that are read in one go. */
const PIECE = 16;

/** Whether an entry is a list of a batch's requests, each of which is an entry of its own. */
function isListOfRequests(entry: unknown): boolean {
  return batchPieces(entry).length > 1 && isBatchLine(entry);
}

function isFormat(name: string): name is InputFormat {
  return Object.hasOwn(ADAPTERS, name);
}

/** Formats by what an entry of theirs surely has, the surest first; a name that comes back is more exact. */
const MARKS: readonly (readonly [format: string, matches: (entry: Json) => boolean | string | undefined])[] =
  [
    ['event', (entry) => Array.isArray(entry.prints)],
    ['otel', (entry) => isOtlp(entry) || otlpField(entry, 'resourceMetrics') !== undefined],
    [
      'bedrock',
      (entry) =>
        entry.schemaType === 'ModelInvocationLog' ||
        (textAt(entry, 'modelId') !== undefined && objectOf(entry.input) !== undefined),
    ],
    [
      'litellm',
      (entry) =>
        'standard_logging_object' in entry ||
        // others have a field of that name with words of their own (CrewAI)
        ('call_type' in entry &&
          ('startTime' in entry || isModelCall(textAt(entry, 'call_type') ?? '') !== undefined)),
    ],
    ['batch', (entry) => isBatchLine(entry) && exportShape(entry) === undefined],
    ['newrelic', isNewRelic],
    [
      'exchange',
      (entry) =>
        'messages' in entry &&
        objectOf(entry.messages) === undefined &&
        ('v' in entry ||
          ('account' in entry && ('customer' in entry || 'outcome' in entry || !('model' in entry)))),
    ],
    ['lines', (entry) => HALVES.some(({ half }) => half(entry) !== undefined)],
    ['export', (entry) => exportShape(entry)?.name],
    ['owner', ownersFormat],
    ['lines', isHalf],
    [
      'gemini',
      (entry) =>
        objectOf(entry.request) !== undefined &&
        (at(entry, 'request', 'contents') ?? at(entry, 'request', 'body', 'contents')) !== undefined,
    ],
    ['openai', (entry) => 'request' in entry && (hasRequest(entry) || ownShape(entry) === undefined)],
    ['event', (entry) => 'shape' in entry || 'behaviours' in entry],
    ['own', (entry) => ownShape(entry)?.name],
  ];

/** Formats whose entries have neither messages nor a request at their top: a log may spread a request's body, and its fields, into its line. */
const HOLD_NO_CALL: ReadonlySet<string> = new Set(['event', 'otel', 'bedrock', 'newrelic']);

/** The name of an entry's format; of an export, the product's. */
function formatOf(entry: unknown): string {
  const object = objectOf(entry);
  if (object === undefined) return 'unknown';
  const isCall = 'messages' in object || 'request' in object;
  for (const [format, matches] of MARKS) {
    if (isCall && HOLD_NO_CALL.has(format)) continue;
    const matched = matches(object);
    if (matched !== undefined && matched !== false) return matched === true ? format : matched;
  }
  return 'unknown';
}

/**
 * An entry that some reader knows, else the entries that lie in it. One of no product, which does not say all of a call, is read
 * from all of its parts where these do.
 */
function toldApart(entry: unknown): readonly Told[] {
  const format = formatOf(entry);
  const itself: Told = { entry, format };
  const isKnown = !isUnknown(format, entry);
  if (isKnown && isWhole(itself)) return [itself];
  const span = isKnown ? undefined : bareSpan(entry);
  if (span !== undefined) return [span];
  const inside = knownInside(
    entry,
    (held) => !isUnknown(formatOf(held), held) || bareSpan(held) !== undefined,
  ).map((held) => known(held) ?? bareSpan(held) ?? { entry: held, format: formatOf(held) });
  if (inside.length > 0 && inside.every(isWhole)) return inside;
  const scattered: Told = { entry, format: SCATTERED_NAME };
  const isScattered = inside.length <= 1 && isCall(scattered);
  if (isScattered && isWhole(scattered)) return [scattered];
  if (isKnown) return [itself];
  if (inside.length > 0) return inside;
  return [isScattered ? scattered : itself];
}

/** Whether no reader knows an entry; a name `request` alone, without a body that can be read, makes none known. */
function isUnknown(format: string, entry: unknown): boolean {
  return format === 'unknown' || (format === 'openai' && !hasRequest(entry));
}

function known(held: unknown): Told | undefined {
  const format = formatOf(held);
  return isUnknown(format, held) ? undefined : { entry: held, format };
}

function bareSpan(held: unknown): Told | undefined {
  const object = objectOf(held);
  const made = object === undefined ? undefined : asOtlp(object);
  return made === undefined ? undefined : { entry: made, format: 'otel' };
}

function unknownEntry(entry: unknown): Adapted {
  const fields = Object.keys(objectOf(entry) ?? {})
    .slice(0, 8)
    .map(fieldName)
    .join(', ');
  const known = ['usage events', ...Object.keys(ADAPTERS), 'batch', 'newrelic', ...EXPORT_NAMES].join(', ');
  const message = whyTextless(objectOf(entry) ?? {}) ?? `no format that is known (${known})`;
  return {
    exchanges: [],
    reasons: [{ field: '(whole)', value: fields === '' ? kindOf(entry) : printable(fields), message }],
    skipped: 0,
  };
}

import type { Readable } from 'node:stream';
import { ADAPTER_DEFAULTS, type AdapterDefaults } from '../telemetry/adapters/adapter.ts';
import type { Late } from '../telemetry/adapters/otel.ts';
import {
  EntryReader,
  type HeldEntries,
  SOURCE_FORMATS,
  type SourceFormat,
} from '../telemetry/adapters/reader.ts';
import { kindOf, printable, type Reason } from '../telemetry/reason.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import type { UsageEvent } from '../telemetry/usage-event.ts';
import { hasStoredBody, type StoredBodies } from './bedrock-bodies.ts';
import { CsvRows, type HeldCsv, headerAlone } from './csv-rows.ts';
import { type Document, DocumentReader, type HeldDocument } from './documents.ts';
import { InputError } from './errors.ts';
import type { FileList } from './file-list.ts';
import { fileBatches, type LineBatch, type LinePosition, MAX_LINE, type ReadOptions } from './lines.ts';
import { type HeldPieces, PartialLines } from './partial-lines.ts';
import { recorded } from './recorded.ts';
import type { ObjectsAhead } from './s3.ts';
import { writtenEvent } from './written-lines.ts';

/** A line that could not be used: where it stood, why, and the line itself. */
export interface Reject {
  readonly file: string;
  readonly line: number;
  readonly reason: Reason;
  readonly raw: string;
}

/** What a run of lines came to; `events` in file order. */
export interface EventBatch {
  readonly events: readonly UsageEvent[];
  readonly rejects: readonly Reject[];
  /** documents: lines that were not blank, or what several of them hold */
  readonly lines: number;
  /** entries that are no model calls */
  readonly skipped: number;
  /** optional facts out of range that were left out or cut, one name each time */
  readonly odd: readonly string[];
  /** entries by the format that they were read as */
  readonly formats: ReadonlyMap<string, number>;
  /** where reading goes on behind these; good until the next batch is asked for */
  readonly next: ReadPosition;
}

/** A line of a list of files, and what was read before it and is not told yet: a document's beginning, half a call. */
export interface ReadPosition extends LinePosition {
  readonly document?: HeldDocument | undefined;
  /** pieces of lines that a container's runtime cut */
  readonly partial?: HeldPieces | undefined;
  /** columns of a table */
  readonly table?: HeldCsv | undefined;
  readonly entries?: HeldEntries | undefined;
}

export interface EventSource extends Omit<ReadOptions, 'from'> {
  /** where to begin; default: at the first line of the first file */
  readonly from?: ReadPosition | undefined;
  /** what the documents are; `auto` tells them apart one by one */
  readonly format: SourceFormat;
  /** made when the first exchange comes; a file of usage events needs no key */
  readonly recorder: () => Recorder | Promise<Recorder>;
  readonly defaults?: AdapterDefaults;
  /** fetches what Bedrock's log keeps apart; without it such entries are rejected */
  readonly stored?: StoredBodies;
  /** called for a file that cannot be read to its end, which then costs itself alone; without it that is an error */
  readonly onBadFile?: (error: InputError) => void;
}

/**
 * Usage events from files of JSON documents, in the order given: exchanges (or what gateways write) go through the recorder,
 * usage events are validated. Memory does not grow with the files.
 * @throws InputError for unreadable files; bad lines are rejects
 */
export async function* readUsageEvents(files: FileList, source: EventSource): AsyncGenerator<EventBatch> {
  const from = source.from ?? { file: 0, line: 1 };
  const reader = new EntryReader(source.format, source.defaults ?? ADAPTER_DEFAULTS, from.entries);
  // of a named format every entry is of that format
  const takesEvents = source.format === 'auto';
  const openObject = objectsOpener(files);
  let next: ReadPosition = from;
  for (let index = from.file; index < files.length; index++) {
    const name = (await files.at(index)) ?? '';
    const first = index === from.file;
    const documents = new DocumentReader(first ? from.document : undefined);
    const partial = new PartialLines(first ? from.partial : undefined);
    const table = new CsvRows(first ? from.table : undefined);
    const read = (found: Iterable<Document | Written>): Promise<EventBatch> =>
      usable(
        found,
        {
          file,
          next: () => ({
            ...next,
            document: documents.held,
            partial: partial.held,
            table: table.held,
            entries: reader.held,
          }),
        },
        reader,
        source,
      );
    let file = '';
    try {
      for await (const batch of fileBatches(name, index, first ? from.line : 1, {
        ...source,
        openObject,
      })) {
        file = batch.file;
        next = batch.next;
        yield await read(documentsOf(batch, { documents, partial, table }, takesEvents));
      }
    } catch (error) {
      if (!(error instanceof InputError) || source.onBadFile === undefined) throw error;
      source.onBadFile(error);
    }
    const cut = partial
      .finish()
      .map((raw) => ({ fault: 'a line that was cut and does not end', line: next.line, raw }));
    const left = [...cut, ...table.finish(), ...documents.finish()];
    if (left.length > 0) yield await read(left);
    if (documents.pretty)
      source.onNote?.(
        file,
        'JSON spread over several lines, read; one document a line (NDJSON) reads faster',
      );
  }
  const late = reader.finish();
  if (late.length > 0) yield await lateBatch(late, { ...next, entries: reader.held }, source);
}

/** Opens objects of the list, where there are any. The SDK is loaded for those who need it. */
function objectsOpener(files: FileList): (index: number) => Promise<Readable> {
  let ahead: Promise<ObjectsAhead> | undefined;
  return async (index) => {
    ahead ??= import('./s3.ts').then((s3) => new s3.ObjectsAhead(files));
    return (await ahead).open(index);
  };
}

interface Place {
  readonly file: string;
  /** asked once the documents are read */
  readonly next: () => ReadPosition;
}

/** Where a document stood, for what is found out about it later. */
interface Origin {
  readonly file: string;
  readonly line: number;
  readonly raw: string;
}

/** A line that is a usage event as a recorder wrote it. */
interface Written {
  readonly event: UsageEvent;
}

/** What holds documents that lie over several lines. */
interface Readers {
  readonly documents: DocumentReader;
  readonly partial: PartialLines;
  readonly table: CsvRows;
}

function* documentsOf(
  batch: LineBatch,
  { documents, partial, table }: Readers,
  takesEvents: boolean,
): Generator<Document | Written> {
  for (const [index, raw] of batch.lines.entries()) {
    const line = batch.first + index;
    const isAlone = takesEvents && documents.held === undefined && table.held === undefined;
    const event = isAlone ? writtenEvent(raw) : undefined;
    if (event !== undefined) yield { event };
    else if (batch.oversized.has(index)) yield { fault: `longer than ${MAX_LINE} characters`, line, raw };
    // a record of the stream, as the archive keeps it, begins with a header
    else if (!raw.startsWith(RECORD_HEADER) && !raw.startsWith(ARCHIVE_FRAME)) {
      const whole = partial.take(raw);
      if (whole !== undefined) yield* tableOr(documents, table, whole, line);
    }
  }
}

/** The documents of a line, as a row of a table where it is in one. */
function* tableOr(
  documents: DocumentReader,
  table: CsvRows,
  text: string,
  line: number,
): Generator<Document> {
  const header = table.held?.header;
  const rows = table.take(text, line);
  if (rows !== undefined) {
    yield* rows;
    return;
  }
  // what seemed to name columns was a line by itself
  if (header !== undefined) yield headerAlone(header);
  yield* documents.take(text, line);
}

async function usable(
  documents: Iterable<Document | Written>,
  place: Place,
  reader: EntryReader,
  source: EventSource,
): Promise<EventBatch> {
  const events: UsageEvent[] = [];
  const rejects: Reject[] = [];
  const odd: string[] = [];
  const formats = new Map<string, number>();
  let lines = 0;
  let skipped = 0;
  let written = 0;
  let recorder: Recorder | undefined;
  for (const document of documents) {
    lines++;
    if ('event' in document) {
      events.push(document.event);
      written++;
      continue;
    }
    const { line, raw } = document;
    const reject = (reason: Reason) => rejects.push({ file: place.file, line, reason, raw });
    if ('fault' in document) {
      const show = source.defaults?.show ?? ((_: string, value: unknown) => kindOf(value));
      reject({ field: '(line)', value: show('(line)', raw), message: document.fault });
      continue;
    }
    const origin: Origin = { file: place.file, line, raw };
    const json =
      source.stored !== undefined && hasStoredBody(raw)
        ? await source.stored.filled(document.json)
        : document.json;
    const read = reader.read(json, origin);
    for (const reason of read.reasons) reject(reason);
    for (const [format, count] of read.formats) formats.set(format, (formats.get(format) ?? 0) + count);
    skipped += read.skipped;
    for (const name of document.odd ?? []) odd.push(name);
    // one by one: a call has no room for as many arguments as a document may have entries
    for (const name of read.odd) odd.push(name);
    for (const event of read.events) events.push(event);
    if (read.exchanges.length > 0) recorder ??= await source.recorder();
    for (const exchange of read.exchanges)
      if (recorder !== undefined) {
        const made = recorded(recorder, exchange);
        if ('event' in made) events.push(made.event);
        else reject(made.reason);
      }
    for (const held of read.late) await addLate(held, events, rejects, odd, source);
  }
  if (written > 0) formats.set('event', (formats.get('event') ?? 0) + written);
  return { events, rejects, lines, skipped, odd, formats, next: place.next() };
}

async function lateBatch(
  late: readonly Late[],
  next: ReadPosition,
  source: EventSource,
): Promise<EventBatch> {
  const events: UsageEvent[] = [];
  const rejects: Reject[] = [];
  const odd: string[] = [];
  for (const held of late) await addLate(held, events, rejects, odd, source);
  return { events, rejects, lines: 0, skipped: 0, odd, formats: new Map(), next };
}

async function addLate(
  held: Late,
  events: UsageEvent[],
  rejects: Reject[],
  odd: string[],
  source: EventSource,
): Promise<void> {
  const made =
    'exchange' in held ? recorded(await source.recorder(), held.exchange) : { reason: held.reason };
  if ('event' in made) {
    events.push(made.event);
    if ('odd' in held) odd.push(...held.odd);
  } else {
    const origin = isOrigin(held.origin) ? held.origin : { file: '', line: 0, raw: '' };
    rejects.push({ ...origin, reason: made.reason });
  }
}

function isOrigin(value: unknown): value is Origin {
  return typeof value === 'object' && value !== null && 'file' in value && 'line' in value && 'raw' in value;
}

/** How the recorder begins a record's header; see telemetry/record.ts. */
const RECORD_HEADER = '{"siphonwatch":1,';
/** How the archive begins the line before a record; see aws/archive.ts. */
const ARCHIVE_FRAME = '{"archived":1,';

/** A format's name from the command line. @throws InputError naming the value */
export function inputFormat(name: string): SourceFormat {
  const known = SOURCE_FORMATS.find((format) => format === name);
  if (known === undefined)
    throw new InputError(`--from ${printable(name)}: not one of ${SOURCE_FORMATS.join(', ')}`);
  return known;
}

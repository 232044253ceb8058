import { LIMITS } from '../limits.ts';
import type { Document } from './documents.ts';
import { jsonValue } from './json-value.ts';

/** What is known of a file of comma-separated values (RFC 4180) between two of its lines: plain data, to go on from elsewhere. */
export interface HeldCsv {
  readonly columns: readonly string[];
  readonly separator: string;
  /** the first line, until a row has shown that it names columns */
  readonly header: string | undefined;
  /** a row whose text in quotes goes on in the next line, and the line that it began in */
  readonly open: { readonly text: string; readonly line: number } | undefined;
}

/** Behind a first line that names the separator alone, as Excel writes it: the columns come next. */
const TOLD: HeldCsv = { columns: [], separator: ',', header: undefined, open: undefined };
const SEPARATORS = [',', '\t', ';'] as const;
const NAME = /^[\w@$. -]{1,60}$/;
/** A column that holds what a call is made of. */
const OF_A_CALL = /request|response|message|prompt|input|output|body|model|payload|question|answer/i;
/** A column that holds a part of a call, not a whole one. */
const PART = /request|response|prompt|input|output|question|answer|messages/i;
const MAX_ROW = LIMITS.documentCharacters.most;

/** Reads the rows of tables, each as an object of its columns; JSON in a column is read by whoever reads the object. */
export class CsvRows {
  #held: HeldCsv | undefined;

  /** @param held what another reader of the same lines had not ended */
  constructor(held?: HeldCsv) {
    this.#held = held;
  }

  get held(): HeldCsv | undefined {
    return this.#held;
  }

  /** The documents of a line that belongs to a table; undefined for any other line, which is to be read in another way. */
  take(raw: string, line: number): readonly Document[] | undefined {
    const held = this.#held;
    if (held === undefined || held.columns.length === 0) {
      this.#held = undefined;
      if (line === 1 && /^\ufeff?"?sep=.(?:")?\r?$/i.test(raw)) {
        this.#held = TOLD;
        return [];
      }
      return line === 1 || (line === 2 && held !== undefined) ? this.#begin(raw) : undefined;
    }
    const text = held.open === undefined ? raw : `${held.open.text}\n${raw}`;
    const first = held.open?.line ?? line;
    const values = fieldsOf(text, held.separator);
    if (values === 'open' && text.length <= MAX_ROW && (held.open !== undefined || !/^\s*[[{]/.test(raw))) {
      this.#held = { ...held, open: { text, line: first } };
      return [];
    }
    if (values === 'open' || values.length !== held.columns.length) return this.#end(text, first);
    this.#held = { ...held, header: undefined, open: undefined };
    return [{ json: rowOf(held.columns, values), line: first, raw: text }];
  }

  /** What is left when the input ends: a row that was not closed, or a first line that no row followed. */
  finish(): readonly Document[] {
    const held = this.#held;
    this.#held = undefined;
    if (held?.open !== undefined)
      return [
        { fault: 'a row of CSV whose quotes are not closed', line: held.open.line, raw: held.open.text },
      ];
    return held?.header === undefined ? [] : [headerAlone(held.header)];
  }

  #begin(raw: string): readonly Document[] | undefined {
    const text = raw.replace(/^\ufeff/, '').replace(/\r$/, '');
    if (text.length > 4000) return undefined;
    for (const separator of SEPARATORS) {
      const columns = fieldsOf(text, separator);
      if (columns === 'open' || columns.length < 2 || new Set(columns).size !== columns.length) continue;
      // pandas leaves the column of its index without a name
      if (
        !columns.every((name, at) => NAME.test(name) || (at === 0 && name === '')) ||
        !columns.some((name) => OF_A_CALL.test(name))
      )
        continue;
      this.#held = { columns, separator, header: raw, open: undefined };
      return [];
    }
    return undefined;
  }

  /** A line that is no row: of a table it is a fault, behind a first line that named no columns it is read in another way. */
  #end(text: string, line: number): readonly Document[] | undefined {
    const held = this.#held;
    if (held?.header === undefined) {
      if (held !== undefined) this.#held = { ...held, open: undefined };
      return text.trim() === ''
        ? []
        : [
            {
              fault: `not a row of CSV with the ${held?.columns.length} columns of its first line`,
              line,
              raw: text,
            },
          ];
    }
    this.#held = undefined;
    return undefined;
  }
}

/** A row as an object; where one column alone holds JSON, and no column names a part of a call, what it holds. */
function rowOf(columns: readonly string[], values: readonly string[]): unknown {
  const cells = columns
    .map((name, at) => [name, values[at] ?? ''] as const)
    .filter(([, value]) => value !== '');
  const documents = cells.filter(([, value]) => /^\s*[[{]/.test(value));
  const [only] = documents;
  const whole =
    documents.length === 1 && !columns.some((name) => PART.test(name))
      ? jsonValue(only?.[1] ?? '')
      : undefined;
  return whole === undefined ? Object.fromEntries(cells) : whole.value;
}

/** The fault of a first line that looked as if it named columns. */
export function headerAlone(raw: string): Document {
  return { fault: 'not JSON: a line of CSV without rows', line: 1, raw };
}

/** The values of a row; `open` where it ends within quotes. */
function fieldsOf(text: string, separator: string): string[] | 'open' {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    if (text[at] !== '"') {
      const end = text.indexOf(separator, at);
      fields.push((end < 0 ? text.slice(at) : text.slice(at, end)).replace(/\r$/, ''));
      if (end < 0) return fields;
      at = end + 1;
      continue;
    }
    let end = text.indexOf('"', at + 1);
    while (end >= 0 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
    if (end < 0) return 'open';
    fields.push(text.slice(at + 1, end).replaceAll('""', '"'));
    const next = text.indexOf(separator, end);
    if (next < 0) return fields;
    at = next + 1;
  }
}

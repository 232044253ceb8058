import { constants, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { type AnswerSheet, AnswersError, modelNameOf, readAnswerSheet } from '../../forensics/answers.ts';
import { type ModelTable, readModels } from '../../forensics/models.ts';
import { repeatedKey } from '../../forensics/repeated-key.ts';
import type { InputRecord } from '../../forensics/report.ts';
import { fileTrouble } from '../../input/errors.ts';

/** Most bytes of one file, packed or unpacked: it is read whole, and Node holds no longer text (0.5 GiB). */
const MAX_BYTES = constants.MAX_STRING_LENGTH;
const MAX_MODELS_BYTES = 16 << 20;

interface Bytes {
  readonly text: string;
  readonly sha256: string;
  readonly bytes: number;
}

function tooLarge(most: number): Error {
  return new Error(
    `larger than ${most.toLocaleString('en')} bytes unpacked: leave out long texts, or items that the others lack`,
  );
}

/** The bytes in a file packed with gzip. */
function unpacked(stored: Buffer, most: number): Buffer {
  if (stored[0] !== 0x1f || stored[1] !== 0x8b)
    throw new Error('not packed with gzip, although its name ends in .gz: pack it, or rename it');
  try {
    return gunzipSync(stored, { maxOutputLength: most });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(most);
    if (code === 'Z_BUF_ERROR')
      throw new Error('its end is missing, as of a copy that was broken off: copy it again');
    throw new Error(`cannot be unpacked (${fileTrouble(error)}): copy it again`);
  }
}

/** Reads a file whole, unpacked if its name ends in .gz, with the hash of what is stored. */
async function readBytes(file: string, most: number): Promise<Bytes> {
  try {
    const stored = await readFile(file);
    if (stored.length > most) throw tooLarge(most);
    const plain = file.endsWith('.gz') ? unpacked(stored, most) : stored;
    if (!isUtf8(plain) || plain.includes(0)) throw new Error('not UTF-8 text: save it as UTF-8');
    return {
      text: plain.toString('utf8'),
      sha256: createHash('sha256').update(stored).digest('hex'),
      bytes: stored.length,
    };
  } catch (error) {
    throw new AnswersError(`${file}: ${fileTrouble(error)}`);
  }
}

type Role = InputRecord['role'];

/** The files of a run, each read once, with what the report records of it. */
export class Inputs {
  readonly #sheets = new Map<string, { sheet: AnswerSheet; bytes: Omit<Bytes, 'text'> }>();
  readonly #files = new Map<string, string>();
  readonly #records: InputRecord[] = [];
  readonly #locate: (file: string) => string;
  #models: ModelTable = new Map();

  /** @param locate where the file of a name lies; the name itself by default */
  constructor(locate: (file: string) => string = (file) => file) {
    this.#locate = locate;
  }

  get models(): ModelTable {
    return this.#models;
  }

  get records(): readonly InputRecord[] {
    return this.#records;
  }

  get sheets(): readonly AnswerSheet[] {
    return [...this.#sheets.values()].map((s) => s.sheet);
  }

  /** Reads what is known of the models; before the answers, whose records hold it. */
  async readModels(file: string, say: (text: string) => void): Promise<void> {
    const { text, sha256, bytes } = await readBytes(this.#locate(file), MAX_MODELS_BYTES);
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new AnswersError(`${file}: not JSON`);
    }
    const twice = repeatedKey(text);
    if (twice !== undefined)
      throw new AnswersError(
        `${file}: ${JSON.stringify(twice)} is given twice in one object; only one of the two can be right`,
      );
    this.#models = readModels(file, json, say);
    const none = { answers: 0, choices: 0, freeForm: 0, replies: 0, traces: 0, asked: null, facts: null };
    this.#records.push({ role: 'models', model: null, file, sha256, bytes, ...none });
  }

  async #sheet(file: string) {
    const known = this.#sheets.get(file);
    if (known !== undefined) return known;
    const { text, sha256, bytes } = await readBytes(this.#locate(file), MAX_BYTES);
    const sheet = readAnswerSheet(modelNameOf(file), text.split(/\r?\n/), file);
    const other = this.#files.get(sheet.model);
    if (other !== undefined)
      throw new AnswersError(`${file} and ${other} both give a model called "${sheet.model}"; rename one`);
    this.#files.set(sheet.model, file);
    const read = { sheet, bytes: { sha256, bytes } };
    this.#sheets.set(file, read);
    return read;
  }

  /** Reads the answers of one model in one role. */
  async read(role: Role, file: string): Promise<AnswerSheet> {
    const { sheet, bytes } = await this.#sheet(file);
    this.#records.push({
      role,
      model: sheet.model,
      file,
      ...bytes,
      answers: sheet.answers.size,
      choices: sheet.choiceItems,
      freeForm: sheet.freeItems,
      replies: sheet.textItems,
      traces: sheet.traceItems,
      asked: sheet.asked ?? null,
      facts: this.#models.get(sheet.model) ?? null,
    });
    return sheet;
  }

  /** Reads several models in one role, in order. */
  async readAll(role: Role, files: readonly string[]): Promise<AnswerSheet[]> {
    const out: AnswerSheet[] = [];
    for (const file of files) out.push(await this.read(role, file));
    return out;
  }
}

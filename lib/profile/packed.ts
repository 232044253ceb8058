import { type Reader, StateError, type Writer } from './binary.ts';

/**
 * Texts and numbers in few bytes, without a table of what came before: ids, names and sequence numbers are letters and digits,
 * which take less than a byte each, and a deflated form of a few hundred bytes costs more time than all the rest of an item.
 */

/** Characters of one form, how many make a group, and the bits of a group. The place of a form is stored: append only. */
interface Form {
  readonly characters: string;
  readonly group: number;
  readonly bits: number;
}
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
const FORMS: readonly Form[] = [
  { characters: DIGITS, group: 3, bits: 10 },
  { characters: `${DIGITS}${LETTERS}-_.:`, group: 3, bits: 16 },
  { characters: `${DIGITS}${LETTERS}${LETTERS.toUpperCase()}-_`, group: 1, bits: 6 },
  { characters: `${DIGITS}${LETTERS}${LETTERS.toUpperCase()}-/`, group: 1, bits: 6 },
];
/** The 36 characters of a UUID in lower case, and any other text as UTF-8. */
const UUID = FORMS.length;
const UTF8 = FORMS.length + 1;
const FORM_SPACE = 8;

const UUID_FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const DASHES = [8, 12, 16, 20];

/** Of each ASCII character, a bit for each form that has it. */
const FORMS_OF = Uint8Array.from({ length: 128 }, (_, code) =>
  FORMS.reduce(
    (set, { characters }, form) => set | (characters.includes(String.fromCharCode(code)) ? 1 << form : 0),
    0,
  ),
);
/** Of each form, the places of its characters. */
const PLACES = FORMS.map(({ characters }) =>
  Uint8Array.from({ length: 128 }, (_, code) => Math.max(0, characters.indexOf(String.fromCharCode(code)))),
);

/** The first form, which is the shortest, that has all characters of a text; UTF8 where none has. */
function formOf(text: string): number {
  let set = (1 << FORMS.length) - 1;
  for (let i = 0; i < text.length && set !== 0; i++) {
    const code = text.charCodeAt(i);
    set &= code < 128 ? (FORMS_OF[code] as number) : 0;
  }
  return set === 0 ? UTF8 : 31 - Math.clz32(set & -set);
}

export function writeText(writer: Writer, text: string): void {
  const form = formOf(text);
  if (form === UTF8) {
    const bytes = Buffer.from(text, 'utf8');
    writer.varint(bytes.length * FORM_SPACE + UTF8);
    writer.append(bytes);
  } else if (form > 0 && text.length === 36 && UUID_FORM.test(text)) {
    writer.varint(UUID);
    writer.append(Buffer.from(text.replaceAll('-', ''), 'hex'));
  } else {
    writer.varint(text.length * FORM_SPACE + form);
    writeGroups(writer, text, form);
  }
}

function writeGroups(writer: Writer, text: string, form: number): void {
  const { characters, group, bits } = FORMS[form] as Form;
  const places = PLACES[form] as Uint8Array;
  const base = characters.length;
  let held = 0;
  let size = 0;
  for (let i = 0; i < text.length; ) {
    let value = 0;
    for (let k = 0; k < group; k++, i++)
      value = value * base + (i < text.length ? (places[text.charCodeAt(i)] as number) : 0);
    held = (held << bits) | value;
    for (size += bits; size >= 8; size -= 8) writer.byte((held >>> (size - 8)) & 255);
    held &= (1 << size) - 1;
  }
  if (size > 0) writer.byte((held << (8 - size)) & 255);
}

/** @throws StateError where the bytes end early or are of a newer form */
export function readText(reader: Reader): string {
  const head = reader.varint();
  const form = head % FORM_SPACE;
  const length = Math.floor(head / FORM_SPACE);
  if (form === UTF8) return Buffer.from(reader.take(length)).toString('utf8');
  if (form === UUID) {
    const hex = Buffer.from(reader.take(16)).toString('hex');
    return [0, ...DASHES].map((from, i) => hex.slice(from, DASHES[i] ?? 32)).join('-');
  }
  const known = FORMS[form];
  if (known === undefined) throw new StateError(`text form ${form} is not known to this code`);
  return readGroups(reader, length, known);
}

function readGroups(reader: Reader, length: number, { characters, group, bits }: Form): string {
  if (length > 8 * (reader.bytes.length - reader.at)) throw new StateError('ends early');
  const base = characters.length;
  let text = '';
  let held = 0;
  let size = 0;
  while (text.length < length) {
    for (; size < bits; size += 8) held = (held << 8) | reader.byte();
    size -= bits;
    let value = held >>> size;
    held &= (1 << size) - 1;
    let part = '';
    for (let k = 0; k < group; k++) {
      part = (characters[value % base] as string) + part;
      value = Math.floor(value / base);
    }
    text += part;
  }
  return text.slice(0, length);
}

/** Texts that mostly begin alike, such as the ids that one gateway gives. */
export function writeTexts(writer: Writer, texts: readonly string[]): void {
  writer.varint(texts.length);
  if (texts.length === 0) return;
  const prefix = commonPrefix(texts);
  writeText(writer, prefix);
  for (const text of texts) writeText(writer, prefix === '' ? text : text.slice(prefix.length));
}

export function readTexts(reader: Reader): string[] {
  const texts: string[] = [];
  let left = reader.varint();
  if (left === 0) return texts;
  const prefix = readText(reader);
  for (; left > 0; left--) texts.push(prefix + readText(reader));
  return texts;
}

function commonPrefix(texts: readonly string[]): string {
  const [first = '', ...others] = texts;
  // a UUID is shorter whole
  if (others.length === 0 || UUID_FORM.test(first)) return '';
  let length = first.length;
  for (const other of others) {
    let i = 0;
    while (i < length && other.charCodeAt(i) === first.charCodeAt(i)) i++;
    length = i;
  }
  // never half a pair: each half would be stored as another character
  if (length > 0 && (first.charCodeAt(length - 1) & 0xfc00) === 0xd800) length--;
  return first.slice(0, length);
}

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);
/** In place of a whole number: eight bytes of another one follow. */
const OTHER = 1;
const MOST_WHOLE = 2 ** 50;

/** Any number; small whole ones, of either sign, take few bytes. */
export function writeNumber(writer: Writer, value: number): void {
  if (Number.isInteger(value) && value > -MOST_WHOLE && value < MOST_WHOLE && !Object.is(value, -0)) {
    writer.varint(value < 0 ? -4 * value - 2 : 4 * value);
    return;
  }
  writer.varint(OTHER);
  float[0] = value;
  writer.append(floatBytes);
}

export function readNumber(reader: Reader): number {
  const head = reader.varint();
  if (head === OTHER) {
    floatBytes.set(reader.take(8));
    return float[0] as number;
  }
  return head % 4 === 0 ? head / 4 : -(head + 2) / 4;
}

/** Bytes that writeText takes for a text, within two. */
export function packedBytes(text: string): number {
  const form = formOf(text);
  if (form === UTF8) return 2 + Buffer.byteLength(text);
  if (form > 0 && text.length === 36 && UUID_FORM.test(text)) return 17;
  const { group, bits } = FORMS[form] as Form;
  return 2 + Math.ceil((Math.ceil(text.length / group) * bits) / 8);
}

/** Bytes that writeTexts takes for texts, within two for each of them and two for what they begin alike with. */
export function packedTextsBytes(texts: readonly string[]): number {
  const prefix = commonPrefix(texts);
  let bytes = 1 + packedBytes(prefix);
  for (const text of texts) bytes += packedBytes(text.slice(prefix.length));
  return bytes;
}

/**
 * Values as a program prints them, where a logger wrote `str(messages)` instead of JSON: Python's literals and the reprs of its
 * classes (https://docs.python.org/3/library/stdtypes.html, `HumanMessage(content='...')` of LangChain and pydantic's models), Node's
 * `util.inspect` (https://nodejs.org/api/util.html#utilinspectobject-options) and Ruby's `inspect`
 * (https://docs.ruby-lang.org/en/master/Hash.html#method-i-inspect). Only texts are read that are such a value to their end; it
 * takes time in proportion to the text.
 */

/** A longer one is not read. */
const LONGEST = 4_000_000;
const DEPTH = 32;
/** How a list of messages, or one, begins in any of these languages. */
const BEGINS =
  /^\s{0,64}(?:(?:np\.|numpy\.)?array\()?(?:[[({][\s[({]{0,64}(?:[A-Za-z_][\w.]{0,64}\()?\s{0,64}|[A-Za-z_][\w.]{0,64}\(\s{0,8})(?:['"]|:)?(?:(?:message\.)?(?:role|contents?)|parts|blocks|messages|input|type|text|id|name|additional_kwargs)['"]?\s{0,8}(?::|=)/;
/**
 * Who speaks, as a field of a message or as its class: in quotes, or without them, as Go's maps and Java's objects are printed, of
 * which nobody can tell where a text ends.
 */
const SPEAKS =
  /(?:^|[\W_])role['"]?\s{0,8}(?::|=>?)\s{0,8}(?:<[\w.]{1,40}: )?['":]?(?:user|system|assistant|human|developer|tool|model|ai)\b|\b(?:Human|System|AI|User|Assistant|Tool|Chat)Message(?:Chunk)?\(/i;
const PRINTED = /^\s{0,64}(?:[[({]|&?[A-Za-z_][\w.]{0,64}[[({])/;

/** The value that a text is the printed form of; undefined where it is none, or where it is no message. */
export function literalIn(text: string): unknown {
  return BEGINS.test(text.slice(0, 400)) ? printedIn(text) : undefined;
}

/** The value that a text is the printed form of, whatever it is about; for fields that hold nothing but values. */
export function printedIn(text: string): unknown {
  if (text.length > LONGEST || !PRINTED.test(text.slice(0, 100))) return undefined;
  const reader = new LiteralReader(text);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof NoLiteral) return undefined;
    throw error;
  }
}

/** Whether a text begins as a printed list of messages, whether or not it can be read to its end. */
export function looksPrinted(text: string): boolean {
  const head = text.slice(0, 1000);
  return PRINTED.test(head) && SPEAKS.test(head);
}

class NoLiteral extends Error {}

const WORDS: Readonly<Record<string, unknown>> = {
  ...{ None: null, null: null, nil: null, undefined: null },
  ...{ True: true, true: true, False: false, false: false, NaN: null, nan: null, inf: null, Infinity: null },
};
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', a: '\u0007', e: '\u001b', '0': '\0', '\n': '' },
};
const SPACE = /\s*/y;
const NUMBER = /[-+]?(?:0x[\da-f]+|\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?n?)/iy;
const NAME = /[A-Za-z_$][\w$.]*/y;
/** Before a text in Python. */
const PREFIX = /(?:[bru]|br|rb)(?=['"])/iy;
const PLAIN = /[^\\'"`]+/y;
const HEX: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

class LiteralReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    const value = this.#value(0);
    this.#match(SPACE);
    if (this.#at !== this.#text.length) throw new NoLiteral();
    return value;
  }

  #value(depth: number): unknown {
    if (depth > DEPTH) throw new NoLiteral();
    this.#match(SPACE);
    const next = this.#text[this.#at];
    if (next === '[') return this.#list(']', depth);
    if (next === '(') return this.#list(')', depth);
    if (next === '{') return this.#fields('}', depth);
    if (next === '<') return this.#enumeration();
    if (next === ':') return this.#symbol();
    const isRaw = this.#match(PREFIX)?.toLowerCase().includes('r') === true;
    if (this.#isQuote()) return this.#texts(isRaw);
    const number = this.#match(NUMBER);
    if (number !== undefined) return Number(number.replaceAll('_', '').replace(/(?<=^[-+]?\d+)n$/, ''));
    return this.#named(depth);
  }

  /** A name of a language, a class with its fields, or the name of an enumeration's value. */
  #named(depth: number): unknown {
    const name = this.#match(NAME);
    if (name === undefined) throw new NoLiteral();
    if (this.#text[this.#at] === '(') return { type: name, ...this.#fields(')', depth) };
    if (Object.hasOwn(WORDS, name)) return WORDS[name];
    // util.inspect names the class before its fields
    this.#match(SPACE);
    if (this.#text[this.#at] === '{') return this.#fields('}', depth);
    return name;
  }

  #list(end: string, depth: number): unknown[] {
    this.#at++;
    const held: unknown[] = [];
    while (!this.#ends(end)) {
      held.push(this.#value(depth + 1));
      if (!this.#separated(end)) throw new NoLiteral();
    }
    return held;
  }

  #fields(end: string, depth: number): Record<string, unknown> {
    this.#at++;
    const held: Record<string, unknown> = {};
    let unnamed = 0;
    while (!this.#ends(end)) {
      const key = this.#value(depth + 1);
      this.#match(SPACE);
      if (this.#take('=>') || this.#take(':') || this.#take('=')) {
        if (typeof key !== 'string' || key === '__proto__') throw new NoLiteral();
        held[key] = this.#value(depth + 1);
      } else held[`_${unnamed++}`] = key;
      if (!this.#separated(end)) throw new NoLiteral();
    }
    return held;
  }

  /** `<MessageRole.USER: 'user'>` */
  #enumeration(): unknown {
    this.#at++;
    if (this.#match(NAME) === undefined) throw new NoLiteral();
    if (!this.#take(':')) throw new NoLiteral();
    const value = this.#value(DEPTH);
    if (!this.#take('>')) throw new NoLiteral();
    return value;
  }

  /** Ruby's `:user` */
  #symbol(): string {
    this.#at++;
    const name = this.#match(NAME);
    if (name === undefined) throw new NoLiteral();
    return name;
  }

  /** Texts that stand beside each other are one, as Python and util.inspect (with `+`) write long ones. */
  #texts(isRaw: boolean): string {
    const pieces = [this.#quoted(isRaw)];
    for (;;) {
      const before = this.#at;
      this.#match(SPACE);
      if (this.#take('+')) this.#match(SPACE);
      const raw = this.#match(PREFIX);
      if (!this.#isQuote()) {
        this.#at = before;
        return pieces.join('');
      }
      pieces.push(this.#quoted(raw?.toLowerCase().includes('r') === true));
    }
  }

  #quoted(isRaw: boolean): string {
    const quote = this.#text[this.#at] ?? '';
    this.#at++;
    const pieces: string[] = [];
    for (;;) {
      const plain = this.#match(PLAIN);
      if (plain !== undefined) pieces.push(plain);
      const next = this.#text[this.#at];
      if (next === undefined) throw new NoLiteral();
      this.#at++;
      if (next === quote) return pieces.join('');
      pieces.push(next === '\\' ? this.#escaped(isRaw) : next);
    }
  }

  #escaped(isRaw: boolean): string {
    const letter = this.#text[this.#at++] ?? '';
    if (isRaw) return `\\${letter}`;
    const digits = HEX[letter];
    if (digits === undefined) return ESCAPES[letter] ?? letter;
    // Ruby writes \u{1f600}
    const braced = letter === 'u' ? this.#match(/\{[\da-f]{1,6}\}/iy) : undefined;
    const hex = braced?.slice(1, -1) ?? this.#text.slice(this.#at, this.#at + digits);
    if (!/^[\da-f]{1,8}$/i.test(hex)) throw new NoLiteral();
    if (braced === undefined) this.#at += digits;
    const code = Number.parseInt(hex, 16);
    return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
  }

  #isQuote(): boolean {
    const next = this.#text[this.#at];
    return next === "'" || next === '"' || next === '`';
  }

  #ends(end: string): boolean {
    this.#match(SPACE);
    return this.#take(end);
  }

  /** Whether a comma, or the end, follows; pydantic separates by spaces alone. */
  #separated(end: string): boolean {
    const before = this.#at;
    this.#match(SPACE);
    return this.#take(',') || this.#text[this.#at] === end || this.#at > before;
  }

  #take(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined || found === '') return undefined;
    this.#at += found.length;
    return found;
  }
}

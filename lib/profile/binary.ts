const utf8 = new TextEncoder();

/** Writes bytes into a buffer that grows. */
export class Writer {
  bytes = new Uint8Array(512);
  size = 0;
  room(more: number): void {
    if (this.size + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.size + more));
    grown.set(this.bytes.subarray(0, this.size));
    this.bytes = grown;
  }
  byte(value: number): void {
    this.room(1);
    this.bytes[this.size++] = value;
  }
  varint(value: number): void {
    this.room(8);
    let rest = value;
    // beyond 31 bits by division, as bitwise operators cut numbers there
    while (rest >= 0x80000000) {
      this.bytes[this.size++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      this.bytes[this.size++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.size++] = rest;
  }
  /** 24 bits */
  triple(value: number): void {
    this.room(3);
    this.bytes[this.size++] = value & 255;
    this.bytes[this.size++] = (value >>> 8) & 255;
    this.bytes[this.size++] = value >>> 16;
  }
  text(value: string): void {
    if (this.#short(value)) return;
    const encoded = utf8.encode(value);
    this.varint(encoded.length);
    this.room(encoded.length);
    this.bytes.set(encoded, this.size);
    this.size += encoded.length;
  }
  /** A short name of ASCII letters, as nearly all are; false, with nothing written, where it is another. */
  #short(value: string): boolean {
    const { length } = value;
    if (length > 127) return false;
    this.room(length + 1);
    const { bytes, size } = this;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) return false;
      bytes[size + 1 + i] = code;
    }
    bytes[size] = length;
    this.size = size + 1 + length;
    return true;
  }
  append(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.size);
    this.size += bytes.length;
  }
  done(): Uint8Array {
    return this.bytes.slice(0, this.size);
  }
}

/** Reads what a Writer wrote; @throws StateError where bytes run out. */
export class Reader {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new StateError('ends early');
    return value;
  }
  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
      if (scale > 2 ** 56) throw new StateError('has a number that is too long');
    }
  }
  triple(): number {
    const low = this.byte();
    const middle = this.byte();
    return low | (middle << 8) | (this.byte() << 16);
  }
  /** The next bytes, not copied. */
  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new StateError('ends early');
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
  text(): string {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.bytes.length) throw new StateError('ends early');
    const value = new TextDecoder().decode(this.bytes.subarray(this.at, end));
    this.at = end;
    return value;
  }
}

/** Stored state that cannot be read: damaged, or written by a newer version than this code knows. */
export class StateError extends Error {
  override readonly name = 'StateError';
  constructor(what: string) {
    super(`stored state: ${what}`);
  }
}

/** Set bits of a word. */
export function bits(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

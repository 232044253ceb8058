import { isUtf8 } from 'node:buffer';

/**
 * Texts of which the form alone says that nobody can read a prompt in them: what was encrypted, kept elsewhere, or written as
 * the name of an object in a program. Only documented forms that are the whole text count, and none that may hide a question:
 * models read base64, so what decodes to words is a prompt.
 *
 * Sources: OpenPGP's armour (RFC 9580, section 6); Vault's transit engine (https://developer.hashicorp.com/vault/docs/secrets/transit);
 * Fernet (https://github.com/fernet/spec); `Salted__` of `openssl enc`; JWE's compact form (RFC 7516, section 3.1); Langfuse's media
 * (https://langfuse.com/docs/observability/features/multi-modality); Python's repr (https://docs.python.org/3/reference/datamodel.html).
 */

/** How ciphertexts begin, and the whole of one; the groups are what was encrypted. */
const SEALED: readonly (readonly [begins: string, whole: RegExp])[] = [
  [
    '-----BEGIN PGP MESSAGE-----',
    /^-----BEGIN PGP MESSAGE-----\s+(?:Version: [A-Za-z]{1,12} v?[\d.]{1,12}(?: \([\w/ -]{1,20}\))?\s+)?([A-Za-z0-9+/=\s]{60,})-----END PGP MESSAGE-----$/,
  ],
  ['vault:v', /^vault:v\d{1,4}:([A-Za-z0-9+/]{38,}={0,2})$/],
  ['gAAAAA', /^(gAAAAA[\w-]{92,}={0,2})$/],
  ['U2FsdGVkX1', /^U2FsdGVkX1([A-Za-z0-9+/\s]{30,}={0,2})$/],
  ['eyJ', /^(eyJ[\w-]{10,600})\.([\w-]*)\.([\w-]{8,64})\.([\w-]{8,})\.([\w-]{16,64})$/],
];
/** A longer one shows in the health of telemetry. */
const LONGEST = 100_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MEDIA =
  /^@@@langfuseMedia:type=[a-z]{1,12}\/[a-z0-9.+-]{1,40}\|id=([\w-]{22,36})\|source=[a-z_0-9]{1,20}@@@$/;
/** A name of few words: an essay's title in a class's name is a prompt. */
const OBJECT = /^<(?:[A-Za-z]\w{0,30}\.){0,6}_?[A-Za-z0-9]{1,30} object at 0x[0-9a-f]{6,16}>$/i;

/** Whether a text is a ciphertext, a reference or an object's name, and nothing else. */
export function isSealed(text: string): boolean {
  if (text.length > LONGEST) return false;
  if (text.startsWith('<')) return text.length < 300 && OBJECT.test(text);
  if (text.startsWith('@@@')) {
    const id = text.length < 200 ? MEDIA.exec(text)?.[1] : undefined;
    return id !== undefined && (UUID.test(id) || looksRandom(id));
  }
  for (const [begins, whole] of SEALED) {
    if (!text.startsWith(begins)) continue;
    const parts = whole.exec(text)?.slice(1);
    if (parts === undefined) return false;
    const header = begins === 'eyJ' ? parts.shift() : undefined;
    return (header === undefined || isEncryptionHeader(header)) && !parts.some(hidesText);
  }
  return false;
}

/** A header of JWE says how the content was encrypted, in values without words. */
function isEncryptionHeader(written: string): boolean {
  const header = Buffer.from(written, 'base64url').toString();
  return /^\{.*"enc":"[\w+-]{1,40}".*\}$/.test(header) && !/\s\S+\s/.test(header);
}

/**
 * A run of so many printable bytes, or such a share of printable or of readable ones, is no chance: of random bytes three in eight
 * are printable, and less than one in ten belongs to a whole character of UTF-8 beyond ASCII.
 */
const PRINTABLE_RUN = 20;
const PRINTABLE_SHARE = 0.6;
const READABLE_SHARE = 0.75;

/** Whether base64 decodes to words, wherever its groups of four begin: somebody may put a mark of any length before it. */
function hidesText(written: string): boolean {
  return [0, 1, 2, 3].some((skipped) => decodesToText(written.slice(skipped)));
}

function decodesToText(written: string): boolean {
  const bytes = Buffer.from(written, 'base64');
  let printable = 0;
  let beyond = 0;
  let run = 0;
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    const size = (byte >= 32 && byte < 127) || byte === 10 ? 1 : characterBytes(bytes, i);
    run = size === 1 ? run + 1 : 0;
    if (run >= PRINTABLE_RUN) return true;
    if (size === 1) printable++;
    else beyond += size;
    i += Math.max(1, size);
  }
  const { length } = bytes;
  return (
    length >= 32 && (printable > PRINTABLE_SHARE * length || printable + beyond > READABLE_SHARE * length)
  );
}

/** Bytes of the character of UTF-8 beyond ASCII that begins there (RFC 3629, section 4); 0: none does. */
function characterBytes(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  return first >= 0xc2 && first <= 0xf4 && isUtf8(bytes.subarray(at, at + size)) ? size : 0;
}

/** Shortest text whose letters say whether chance drew them. */
const SHORTEST_RANDOM = 20;
/** Neighbours of another kind (small, capital, digit) in base64 of random bytes: six in ten; in names of programs: three. */
const RANDOM_CHANGES = 0.42;

/** Whether a text is of base64's letters as chance draws them, not of words, also of words written as one. */
export function looksRandom(text: string): boolean {
  if (text.length < SHORTEST_RANDOM || !/^[\w+/-]+={0,2}$/.test(text)) return false;
  let changes = 0;
  let last = -1;
  for (let at = 0; at < text.length; at++) {
    const kind = letterKind(text.charCodeAt(at));
    if (kind !== last) changes++;
    last = kind;
  }
  return (
    changes > RANDOM_CHANGES * text.length && /\d/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text)
  );
}

function letterKind(unit: number): number {
  if (unit >= 97) return 0;
  if (unit >= 65) return 1;
  return unit >= 48 ? 2 : 3;
}

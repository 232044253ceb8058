import { isSealed } from './sealed.ts';

/**
 * What gateways and instrumentations write in the place of a prompt when logging of messages is switched off or redacted.
 * Such a text is no prompt: under one print all accounts would look alike, and nobody would notice. A text is one where all of
 * it is: every word of it belongs to the vocabulary of withholding, so that nobody hides a question in it. What cannot be told
 * from the text alone (a marker in another language, an id) shows in the health of telemetry, by its repetition.
 *
 * Sources of the words and forms: LiteLLM `redacted-by-litellm` (https://docs.litellm.ai/docs/proxy/logging), `default-message-value`
 * of its pass-through; OpenInference `__REDACTED__` (https://github.com/Arize-ai/openinference spec/configuration.md); Sentry
 * `[Filtered]`; Logfire `[Scrubbed due to ...]` (https://logfire.pydantic.dev/docs/how-to-guides/scrubbing/); OpenTelemetry
 * Collector's redaction and transform processors `****`, `[REDACTED]`, and its hashes; Datadog `<REDACTED>`; pydantic-ai
 * `<omitted>`; Presidio's entities (https://microsoft.github.io/presidio/supported_entities/) before a marker.
 */

/** What is said to have been done with the text; each by itself says so. */
const WITHHELD = words(
  'redacted hidden masked removed withheld omitted scrubbed obfuscated suppressed elided sanitized sanitised anonymized anonymised',
  'pseudonymized censored',
);
/** What may be said of many things: in brackets, or of a prompt. */
const WITHHELD_THERE = words(
  'filtered stripped deleted dropped truncated disabled excluded encrypted hashed blanked private sensitive confidential unavailable',
  'off',
);
/** What was not done with it: `not captured`. */
const NOT_DONE = words(
  'logged captured recorded stored available included collected exported shown provided present retained saved kept enabled',
);
/** What it was, or what holds it. */
const NOUNS = words(
  'content contents message messages prompt prompts input inputs output text texts data body request response payload user customer',
  'system assistant default logging logs capture recording value field attribute query completion conversation information info pii phi',
  'email phone name address ssn iban url ip person location date credit card number password secret token key api session cookie jwt',
  'csrf auth authorization credential credentials chars characters words tokens bytes length len size id hash md5 sha sha256 sha512',
);
/** Who did it, and why. */
const LINKS = words(
  'by for due to is was were are has have been be being of in on from and per with policy policies privacy security compliance reason',
  'reasons gdpr hipaa turned switched gateway proxy litellm datadog otel opentelemetry collector sdk config configuration setting settings',
);

function words(...lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.join(' ').split(' '));
}

/** What programming languages and templates leave where there is no value (Python, JavaScript, Go, SQL, spreadsheets). */
const LEFTOVERS = new Set([
  ...[
    'none',
    'null',
    'undefined',
    'nil',
    '<nil>',
    '<none>',
    '<null>',
    '(null)',
    '(nil)',
    '<no value>',
    'nan',
    'n/a',
    '#n/a',
  ],
  ...[
    'default-message-value',
    '[object object]',
    '[object array]',
    '%!s(<nil>)',
    '{}',
    '[]',
    '[{}]',
    '""',
    "''",
    '-',
    '--',
    '–',
    '—',
    '<empty>',
    '(empty)',
  ],
]);

/** Three of a sign that covers text, or words of it, and nothing else. */
const COVERED = /^(?:([*•#█▇■_–—-])\1{2,}|x{6,})$/i;
const COVERED_WORDS = /^(?=.*\S{3})([x*•#█▇■])\1*(?: +\1+)+$/i;
/** Fewer covered letters may be a person's: kisses, a score. */
const COVERED_LETTERS = 8;
/** A digest instead of the text: MD5, SHA-1, SHA-256, SHA-384, SHA-512, in hex or in base64 behind its name. */
const DIGEST =
  /^[[<({]?(?:(?:sha-?\d{1,3}|md5|hash)[:=_-])?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}|(?<=[:=_-])[\w+/]{43,88}={0,2})[\])}>]?$/i;
/** The whole in brackets or stars, or written as a name or a field in a program: nobody asks so. */
const WRAPPED = /^(?:[[<({*_%#"'`].*[\])}>*_%#"'`]|[^\s]*[_:=-][^\s]*|[^a-z]*)$/s;
/** Longest text that is looked at. */
const LONGEST = 200;
/** A text's words by kind, in order: Withheld, Done (`not` before it), Noun, Link, Id, `!` not, `0` no. */
const WITHHOLDING = /[WT]|!L*D|0N/;
/** As a plain sentence: what was withheld comes first, and why may follow. */
const SENTENCE = /^(?:[NIL]*N[NIL]*(?:[WT]|!L*D)[NIL]*|W+(?:L[NIL]*)?|0N|!D)$/;

/** Whether a text stands where a prompt should. */
export function isPlaceholder(written: string): boolean {
  const text = written.trim();
  if (isSealed(text) || isCoveredWords(text)) return true;
  if (text === '' || text.length > LONGEST || /[?？]$/.test(text)) return false;
  if (LEFTOVERS.has(text.toLowerCase()) || COVERED.test(text) || DIGEST.test(text)) return true;
  const kinds = kindsOf(text);
  return kinds !== undefined && WITHHOLDING.test(kinds) && (WRAPPED.test(text) || SENTENCE.test(kinds));
}

/** How a credential begins that may be masked behind: the scheme of a header, the first letters of a key. */
const SCHEME = /^(?:(?:Bearer|Basic|Token)\s{1,8})?(?:sk-|pk-|key-)?/i;

/**
 * Whether what should say who asks is withheld (Kong writes `authorization: REDACTED`): under one name all accounts would look
 * alike, under one key they would be joined. A digest names somebody, and stays.
 */
export function isWithheldName(written: string): boolean {
  const name = written.trim().replace(SCHEME, '');
  if (name.length > LONGEST || DIGEST.test(name)) return false;
  if (LEFTOVERS.has(name.toLowerCase()) || COVERED.test(name)) return true;
  const kinds = kindsOf(name);
  // `filtered` alone may be a name, in brackets it is none
  return (
    kinds !== undefined && /^[NL]*[WT][NL]*$/.test(kinds) && (kinds.includes('W') || /^[[<({]/.test(name))
  );
}

/** Whether a text is the measure of another, in brackets: `<text: 132 characters>`. It may be a person's. */
export function isMeasure(text: string): boolean {
  return text.length <= LONGEST && /^[[<({].*[\])}>]$/.test(text) && /^N[NIL]*I/.test(kindsOf(text) ?? '');
}

function isCoveredWords(text: string): boolean {
  if (text.length > 100 * LONGEST || !/^([x*•#█▇■])[ x*•#█▇■]/i.test(text)) return false;
  return COVERED_WORDS.test(text) && text.replaceAll(' ', '').length >= COVERED_LETTERS;
}

/** A letter for each word of a text; undefined where one of them is of no kind. */
function kindsOf(text: string): string | undefined {
  let kinds = '';
  for (const word of text.split(/[^\p{L}\p{N}\p{M}]+/u)) {
    if (word === '') continue;
    const kind = kindOf(word.toLowerCase());
    if (kind === undefined) return undefined;
    kinds += kind;
  }
  return kinds;
}

function kindOf(word: string): string | undefined {
  if (word === 'not') return '!';
  if (word === 'no') return '0';
  if (WITHHELD.has(word)) return 'W';
  if (WITHHELD_THERE.has(word)) return 'T';
  if (NOT_DONE.has(word)) return 'D';
  if (NOUNS.has(word)) return 'N';
  if (LINKS.has(word)) return 'L';
  // numbers and ids: they have a digit, or are long and of hexadecimal letters alone
  return /^(?=\D*\d)[0-9a-z]{1,64}$|^[0-9a-f]{8,64}$/.test(word) ? 'I' : undefined;
}

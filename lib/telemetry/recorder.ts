import { LRUCache } from 'lru-cache';
import { type Asked, askedOf } from './asked.ts';
import { behaviourNames, behavioursOf, bitOf, TRIGGERS } from './behaviours.ts';
import type { Exchange } from './exchange.ts';
import { bounded, MAX_UNITS, TextFolder, withDigitsFolded } from './folded-text.ts';
import { beginsAsTask } from './instruction.ts';
import { accountPseudonym, type EpochKeys, epochKeys, type Keyring, servingEpochs } from './keys.ts';
import { LayoutReader } from './layout.ts';
import { placeOf } from './network.ts';
import { isSound } from './odd-facts.ts';
import { looksLikeCode } from './program-code.ts';
import { digest, type SipKey, sipHash24 } from './siphash.ts';
import { sketchOf } from './sketch.ts';
import type { Prints, UsageEvent } from './usage-event.ts';

/** Turns exchanges into usage events; keeps nothing of an exchange but caches of pseudonyms and system prompts. */
export interface Recorder {
  /**
   * The usage event of one exchange. The exchange must have passed `parseExchange` or be built by code of that type.
   * Synchronous, bounded work, no I/O: safe on a gateway's hot path.
   */
  record(exchange: Exchange): UsageEvent;
  /** The pseudonym under which this recorder's events carry an account. */
  pseudonym(account: string): string;
}

export interface RecorderOptions {
  readonly keys: Keyring;
  /** accounts whose pseudonyms stay in memory; default 100,000 */
  readonly accountCache?: number;
}

interface SystemFacts {
  readonly behaviours: number;
  /** print of the system prompt by epoch id */
  readonly prints: ReadonlyMap<string, string>;
}

const EDGE_WORDS = 5;
const EDGE_UNITS = 512;
const SYSTEM_CACHE = 1024;
const SYSTEM_CACHE_UNITS = 16 * 1024 * 1024;

/**
 * A recorder under a keyring.
 * @throws Error when the keyring has no epoch
 *
 * @example
 * import { createRecorder, developmentKeyring } from '@siphonwatch/recorder';
 *
 * const recorder = createRecorder({ keys: developmentKeyring('for this example only') });
 * const event = recorder.record({
 *   v: 1,
 *   id: 'req-1',
 *   time: '2026-03-01T08:00:00Z',
 *   account: 'acme',
 *   model: 'atlas-2',
 *   messages: [{ role: 'user', content: 'How do tides work?' }],
 *   usage: { inputTokens: 12, outputTokens: 340 },
 *   outcome: 'ok',
 *   customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T00:00:00Z' },
 * });
 * event.shape.question; // => true
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const ring = options.keys;
  const epochs = epochKeys(ring);
  const folder = new TextFolder(TRIGGERS);
  const layouts = new LayoutReader();
  const edge = new Uint16Array(EDGE_UNITS);
  const name = new Uint16Array(8192);
  const pseudonyms = new LRUCache<string, string>({ max: options.accountCache ?? 100_000 });
  const systems = new LRUCache<string, SystemFacts>({
    max: SYSTEM_CACHE,
    maxSize: SYSTEM_CACHE_UNITS,
    sizeCalculation: (_, text) => text.length + 1,
  });

  function pseudonym(account: string): string {
    let known = pseudonyms.get(account);
    if (known === undefined) {
      known = accountPseudonym(ring, account);
      pseudonyms.set(account, known);
    }
    return known;
  }

  function printOfName(key: SipKey, text: string): string {
    const size = Math.min(text.length, name.length);
    for (let i = 0; i < size; i++) name[i] = text.charCodeAt(i);
    return printOf(key, name, 0, size);
  }

  function systemFacts(text: string): SystemFacts {
    let facts = systems.get(text);
    if (facts === undefined) {
      const folded = folder.fold(bounded(text));
      const prints = new Map<string, string>();
      for (const epoch of epochs)
        prints.set(epoch.id, printOf(epoch.print.system, folded.units, 0, folded.length));
      facts = { behaviours: behavioursOf(folded), prints };
      systems.set(text, facts);
    }
    return facts;
  }

  function record(exchange: Exchange): UsageEvent {
    const asked = askedOf(exchange.messages);
    const { prompt, system, turns } = asked;
    const facts = system === undefined ? undefined : systemFacts(system);
    const text = bounded(prompt);
    const layout = layouts.read(text);
    const folded = folder.fold(text);
    const params = exchange.params;
    let behaviours = behavioursOf(folded) | (facts?.behaviours ?? 0);
    if (params !== undefined) {
      if ((params.n ?? 1) > 1) behaviours |= bitOf('multi-sample');
      if (params.logprobs !== undefined && params.logprobs !== false && params.logprobs !== 0)
        behaviours |= bitOf('logprobs');
      if (demandsFormat(params.responseFormat ?? params.response_format)) behaviours |= bitOf('format');
    }
    const time = Date.parse(exchange.time);
    const place = exchange.origin?.ip === undefined ? undefined : placeOf(exchange.origin.ip);
    const words =
      text.length === prompt.length ? folded.words : Math.round((folded.words * prompt.length) / MAX_UNITS);

    const edgeWords = Math.min(EDGE_WORDS, folded.words);
    // After a label that opens a prompt ("Summarize:") comes the slot of a template: an opening that ran on into it would
    // make one application's requests look like many different tasks.
    const opening = Math.min(folded.lead, edgeWords);
    const prints = servingEpochs(epochs, time).map((epoch): Prints => {
      const keys = epoch.print;
      const made: Prints = { epoch: epoch.id, prompt: printOf(keys.prompt, folded.units, 0, folded.length) };
      if (folded.words > 0) {
        made.opening = printOf(keys.opening, edge, 0, withDigitsFolded(folded, 0, opening, edge));
        made.closing = printOf(
          keys.closing,
          edge,
          0,
          withDigitsFolded(folded, folded.words - edgeWords, folded.words, edge),
        );
      }
      if (layout.length > 0) made.layout = printOf(keys.layout, layout.units, 0, layout.length);
      const systemPrint = facts?.prints.get(epoch.id);
      if (systemPrint !== undefined) made.system = systemPrint;
      const sketch = sketchOf(folded, epoch.sketchWord, epoch.sketchPair);
      if (sketch !== undefined) made.sketch = sketch;
      addOrigin(made, epoch, exchange, place);
      return made;
    });

    return {
      v: 1,
      id: eventId(exchange, prints),
      time: isoTime(exchange.time, time),
      account: pseudonym(exchange.account),
      model: cut(exchange.model, MAX_MODEL),
      outcome: exchange.outcome,
      usage: {
        inputTokens: oneDigit(tokenCount(exchange.usage.inputTokens)),
        outputTokens: twoDigits(tokenCount(exchange.usage.outputTokens)),
      },
      params: samplingOf(params),
      customer: {
        plan: cut(exchange.customer.plan, MAX_CUSTOMER),
        product: cut(exchange.customer.product, MAX_CUSTOMER),
        createdAt: toHour(exchange.customer.createdAt),
      },
      shape: {
        turns: Math.min(turns, 1_000_000),
        system: system !== undefined,
        words: lengthClass(1 + words),
        head: lengthClass(1 + folded.head),
        instruction: beginsAsTask(prompt),
        lines: prompt.length === 0 ? 0 : lengthClass(linesOf(prompt, text, layout.lines)),
        script: folded.script,
        question: endsInQuestion(prompt),
        code: looksLikeCode(text, folded.symbolDensity),
        input: layout.input,
        ...agentFacts(asked),
      },
      behaviours: behaviourNames(behaviours),
      prints,
    };
  }

  function addOrigin(
    made: Prints,
    epoch: EpochKeys,
    exchange: Exchange,
    place: ReturnType<typeof placeOf> | undefined,
  ): void {
    const origin = exchange.origin;
    const keys = epoch.print;
    if (place !== undefined) {
      made.address = printOfName(keys.address, place.address);
      if (place.network !== undefined) made.network = printOfName(keys.network, place.network);
    }
    if (origin?.asn !== undefined) made.asn = printOfName(keys.asn, String(origin.asn));
    if (origin?.tls !== undefined) made.tls = printOfName(keys.tls, origin.tls);
    if (origin?.userAgent !== undefined) made.agent = printOfName(keys.agent, origin.userAgent);
    if (origin?.credential !== undefined) made.credential = printOfName(keys.credential, origin.credential);
    if (exchange.customer.payment !== undefined)
      made.payment = printOfName(keys.payment, exchange.customer.payment);
  }

  return { record, pseudonym };
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PAIRS: readonly string[] = Array.from(
  { length: 4096 },
  (_, i) => `${BASE64URL[i >>> 6]}${BASE64URL[i & 63]}`,
);

/** SipHash-2-4 of units[start, end) as base64url of 64 bits: 11 characters. */
function printOf(key: SipKey, units: Uint16Array, start: number, end: number): string {
  sipHash24(key, units, start, end);
  const low = digest[0] as number;
  const high = digest[1] as number;
  return (
    (PAIRS[low >>> 20] as string) +
    PAIRS[(low >>> 8) & 4095] +
    PAIRS[((low & 255) << 4) | (high >>> 28)] +
    PAIRS[(high >>> 16) & 4095] +
    PAIRS[(high >>> 4) & 4095] +
    BASE64URL[(high & 15) << 2]
  );
}

/** UTC with a Z and milliseconds; a canonical time passes as it is. */
function isoTime(text: string, time: number): string {
  return text.length === 24 && text.charCodeAt(23) === 90 ? text : new Date(time).toISOString();
}

/** UTC, to the hour: what links accounts that were opened together; the minute singles out every account of a plan. */
function toHour(text: string): string {
  return text.charCodeAt(text.length - 1) === 90 && text.length >= 17
    ? `${text.slice(0, 13)}:00:00Z`
    : `${new Date(Date.parse(text)).toISOString().slice(0, 13)}:00:00Z`;
}

/**
 * One significant digit, half up: 1,234 tokens become 1,000. With two, a third of the prompts of an exact dictionary could be
 * told by unkeyed fields alone; with one, a sixteenth (docs/telemetry.md).
 */
export function oneDigit(count: number): number {
  let unit = 1;
  while (count / unit >= 10) unit *= 10;
  return Math.round(count / unit) * unit;
}

/** Two significant digits, half up: sums stay right to half a percent, and no invoice is matched by one exact count. */
function twoDigits(count: number): number {
  let unit = 1;
  while (count / unit >= 100) unit *= 10;
  return Math.round(count / unit) * unit;
}

function lengthClass(count: number): number {
  return Math.min(40, Math.round(2 * Math.log2(count)));
}

/** Line breaks that are counted one by one; a text of more has as many as its beginning promises. */
const COUNTED_LINES = 10_000;

function linesOf(prompt: string, text: string, counted: number): number {
  if (prompt.length === text.length) return Math.max(1, counted);
  let lines = 1;
  for (let at = prompt.indexOf('\n'); at >= 0; at = prompt.indexOf('\n', at + 1))
    if (++lines > COUNTED_LINES) return Math.round((lines / (at + 1)) * prompt.length);
  return lines;
}

/** Ends in a question mark of any script, closing quotes, brackets and white space apart. */
function endsInQuestion(text: string): boolean {
  for (let at = text.length - 1, looked = 0; at >= 0 && looked < 256; at--, looked++) {
    const unit = text.charCodeAt(at);
    if (unit === 63 || unit === 0xff1f || unit === 0x61f || unit === 0x37e || unit === 0x203d) return true;
    if (
      !(
        unit <= 32 ||
        unit === 34 ||
        unit === 39 ||
        unit === 41 ||
        unit === 93 ||
        unit === 42 ||
        unit === 0x201d ||
        unit === 0x2019 ||
        unit === 0x300d ||
        unit === 0x3000 ||
        unit === 0xa0
      )
    )
      return false;
  }
  return false;
}

function demandsFormat(format: unknown): boolean {
  if (typeof format === 'string') return format !== '' && format !== 'text';
  return typeof format === 'object' && format !== null && 'type' in format && format.type !== 'text';
}

/** Parameters that an event can carry; a caller chooses them, and an odd one must not make an event that `score` refuses. */
function samplingOf(params: Exchange['params']): UsageEvent['params'] {
  const sampling: UsageEvent['params'] = {};
  if (params === undefined) return sampling;
  for (const name of ['temperature', 'topP', 'maxTokens', 'n'] as const) {
    const value = params[name];
    if (value !== undefined && isSound(name, value)) sampling[name] = value;
  }
  if (params.seed !== undefined) sampling.seeded = true;
  return sampling;
}

const MAX_ID = 512;
const MAX_MODEL = 256;
const MAX_CUSTOMER = 64;
const MAX_TOKENS = 1e9;

/** At most so many characters, and at least one: an event's names are never empty. */
function cut(text: string, longest: number): string {
  if (text.length <= longest) return text === '' ? '?' : text;
  return text.slice(0, longest);
}

function tokenCount(count: number): number {
  return count >= 0 ? Math.min(Math.round(count), MAX_TOKENS) : 0;
}

/** Ids that come again for other requests (three digits, of servers that draw them) get the print of the prompt. */
function eventId(exchange: Exchange, prints: readonly Prints[]): string {
  const id = cut(exchange.id, MAX_ID);
  return exchange.reusedId === true ? `${cut(id, MAX_ID - 12)}-${prints.at(-1)?.prompt ?? ''}` : id;
}

/** Facts of agents' work, where there are any. */
function agentFacts(asked: Asked): Pick<UsageEvent['shape'], 'steps' | 'fromTools' | 'askedByTool'> {
  if (asked.steps === 0 && asked.fromTools === 0) return {};
  return {
    steps: Math.min(asked.steps, 1_000_000),
    fromTools: asked.fromTools,
    ...(asked.askedByTool ? { askedByTool: true } : {}),
  };
}

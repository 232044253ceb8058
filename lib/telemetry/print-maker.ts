import type { Exchange } from './exchange.ts';
import { type FoldedText, withDigitsFolded } from './folded-text.ts';
import type { EpochKeys } from './keys.ts';
import type { LayoutReader } from './layout.ts';
import { placeOf } from './network.ts';
import { digest, type SipKey, sipHash24 } from './siphash.ts';
import { sketchOf } from './sketch.ts';
import type { Prints } from './usage-event.ts';

const EDGE_WORDS = 5;
const EDGE_UNITS = 512;
const NAME_UNITS = 8192;

/** A text as prints are made of it. */
export interface PrintedText {
  readonly folded: FoldedText;
  readonly layout: ReturnType<LayoutReader['read']>;
}

/** Makes keyed prints; holds two buffers, so that no request costs an allocation. */
export class PrintMaker {
  readonly #edge = new Uint16Array(EDGE_UNITS);
  readonly #name = new Uint16Array(NAME_UNITS);

  /** Print of a system prompt by epoch. */
  system(folded: FoldedText, epochs: readonly EpochKeys[]): ReadonlyMap<string, string> {
    return new Map(
      epochs.map(({ id, print }) => [id, printOf(print.system, folded.units, 0, folded.printed)] as const),
    );
  }

  /** Prints of a prompt, of where it came from and of who pays, under the keys of one epoch. */
  of(
    { folded, layout }: PrintedText,
    exchange: Exchange,
    epoch: EpochKeys,
    system: ReadonlyMap<string, string> | undefined,
  ): Prints {
    const keys = epoch.print;
    const made: Prints = { epoch: epoch.id, prompt: printOf(keys.prompt, folded.units, 0, folded.printed) };
    if (folded.words > 0) {
      const edgeWords = Math.min(EDGE_WORDS, folded.words);
      // After a label that opens a prompt ("Summarize:") comes the slot of a template: an opening that ran on into it would
      // make one application's requests look like many different tasks.
      made.opening = this.#edgeOf(keys.opening, folded, 0, Math.min(folded.lead, edgeWords));
      made.closing = this.#edgeOf(keys.closing, folded, folded.words - edgeWords, folded.words);
    }
    if (layout.length > 0) made.layout = printOf(keys.layout, layout.units, 0, layout.length);
    const systemPrint = system?.get(epoch.id);
    if (systemPrint !== undefined) made.system = systemPrint;
    const sketch = sketchOf(folded, epoch.sketchWord, epoch.sketchPair);
    if (sketch !== undefined) made.sketch = sketch;
    this.#addOrigin(made, epoch, exchange);
    return made;
  }

  #edgeOf(key: SipKey, folded: FoldedText, from: number, to: number): string {
    return printOf(key, this.#edge, 0, withDigitsFolded(folded, from, to, this.#edge));
  }

  #ofName(key: SipKey, text: string): string {
    const size = Math.min(text.length, NAME_UNITS);
    for (let i = 0; i < size; i++) this.#name[i] = text.charCodeAt(i);
    return printOf(key, this.#name, 0, size);
  }

  #addOrigin(made: Prints, { print: keys }: EpochKeys, { origin, customer }: Exchange): void {
    if (origin?.ip !== undefined) {
      const place = placeOf(origin.ip);
      made.address = this.#ofName(keys.address, place.address);
      if (place.network !== undefined) made.network = this.#ofName(keys.network, place.network);
    }
    if (origin?.asn !== undefined) made.asn = this.#ofName(keys.asn, String(origin.asn));
    if (origin?.tls !== undefined) made.tls = this.#ofName(keys.tls, origin.tls);
    if (origin?.userAgent !== undefined) made.agent = this.#ofName(keys.agent, origin.userAgent);
    if (origin?.credential !== undefined) made.credential = this.#ofName(keys.credential, origin.credential);
    if (customer.payment !== undefined) made.payment = this.#ofName(keys.payment, customer.payment);
  }
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

import { LIMITS } from '../limits.ts';

/**
 * Container runtimes cut lines of more than 16 KiB into pieces: CRI marks a piece with `P` and the last one with `F`
 * (https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md), Docker's json-file driver
 * leaves out the line end in all but the last (https://docs.docker.com/engine/logging/drivers/json-file/), and Fluent Bit hands
 * CRI's mark on as `_p` or `logtag`.
 */
export interface HeldPieces {
  /** text so far, by stream (stdout, stderr) */
  readonly pieces: Readonly<Record<string, string>>;
}

const CRI = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([PF])(?::\S*)? (.*)$/s;
/** How a line of JSON around a piece begins: Docker's own order of fields, and the marks of Fluent Bit and Fluentd. */
const DOCKER = /^\{"log":"/;
const MARK = /"(?:_p|logtag)":"[PF]"/;
const MAX_JOINED = LIMITS.documentCharacters.most;

/** Puts the pieces of cut lines together. */
export class PartialLines {
  #pieces: Record<string, string>;

  /** @param held what another reader of the same lines had not ended */
  constructor(held?: HeldPieces) {
    this.#pieces = { ...held?.pieces };
  }

  /** Pieces without their end: plain data, to go on from in another reader; undefined where there are none. */
  get held(): HeldPieces | undefined {
    return Object.keys(this.#pieces).length === 0 ? undefined : { pieces: { ...this.#pieces } };
  }

  /** The line, whole; undefined while pieces of it are still to come. A line that was never cut comes back as it is. */
  take(raw: string): string | undefined {
    const cri = CRI.exec(raw);
    if (cri !== null) {
      const [, stream = '', mark, text = ''] = cri;
      if (mark === 'P') return this.#hold(stream, text);
      return stream in this.#pieces ? this.#end(stream, text) : raw;
    }
    if (!DOCKER.test(raw) && !MARK.test(raw.slice(0, 300)) && !MARK.test(raw.slice(-300))) return raw;
    const piece = pieceIn(raw);
    if (piece === undefined) return raw;
    const { stream, log, isLast } = piece;
    if (!isLast) return this.#hold(stream, log);
    return stream in this.#pieces ? JSON.stringify({ log: this.#end(stream, log) }) : raw;
  }

  /** What is left of cut lines when the input ends. */
  finish(): readonly string[] {
    const left = Object.values(this.#pieces);
    this.#pieces = {};
    return left;
  }

  /** Longer than may be held: handed on as it is, to be refused as the document that it is not. */
  #hold(stream: string, text: string): string | undefined {
    const whole = (this.#pieces[stream] ?? '') + text;
    if (whole.length > MAX_JOINED) {
      delete this.#pieces[stream];
      return whole;
    }
    this.#pieces[stream] = whole;
    return undefined;
  }

  #end(stream: string, text: string): string {
    const whole = (this.#pieces[stream] ?? '') + text;
    delete this.#pieces[stream];
    return whole;
  }
}

/** What a line of JSON says of a piece; undefined where it is none. */
function pieceIn(raw: string): { stream: string; log: string; isLast: boolean } | undefined {
  const held = objectIn(raw);
  if (held === undefined || typeof held.log !== 'string') return undefined;
  const stream = typeof held.stream === 'string' ? held.stream : '';
  const mark = held._p ?? held.logtag;
  if (mark === 'P' || mark === 'F') return { stream, log: held.log, isLast: mark === 'F' };
  // Docker: the end of a line ends the piece; a log without line ends is whole where it is JSON by itself
  return { stream, log: held.log, isLast: held.log.endsWith('\n') || objectIn(held.log) !== undefined };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON: then it is no piece of a line, or one that is still cut.
    return undefined;
  }
}

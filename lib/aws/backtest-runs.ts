import { deserialize, serialize } from 'node:v8';
import type { S3Client } from '@aws-sdk/client-s3';
import { fromExactJson, toExactJson } from '../backtest/shards/exact-json.ts';
import {
  type BacktestRequest,
  type ObjectList,
  objectName,
  type StepName,
  type Turn,
  type WholeRequest,
} from '../backtest/shards/turns.ts';
import { BACKTEST_DAYS, BACKTEST_PREFIX } from '../contract/backtest-steps.ts';
import type { Frame } from '../profile/resumable.ts';
import { CODE_VERSION } from '../version.ts';
import { OtherVersion, RunParts } from './run-parts.ts';

/** A stream's frames are put as objects of about so many bytes before they are packed, some of them together. */
const OBJECT_BYTES = 8 * 1024 * 1024;
const TOGETHER = 4;
/** Of reports an object of each shard is held at the same time: they are smaller. */
const REPORTS_SMALLER = 8;
/** All that is gathered never takes more than this. */
const GATHERED_BYTES = 96 * 1024 * 1024;
/** Objects that are put at the same time. */
const PUTS = 16;

/** Names of objects in one list: what a turn holds of them is two such lists, some MB. */
const LISTED = 10_000;

/** The one owner of `backtest-runs/` in the state bucket: what is asked, what turns hand each other, and the outcome. */
export class BacktestRuns {
  readonly #parts: RunParts;
  readonly #listed: number;

  /** @param listed names in a list; a test makes short ones */
  constructor(client: S3Client, bucket: string, listed: number = LISTED) {
    this.#parts = new RunParts(client, bucket, BACKTEST_PREFIX);
    this.#listed = listed;
  }

  async ask(run: string, { files, ...request }: WholeRequest): Promise<void> {
    const lists = Array.from({ length: Math.ceil(files.length / this.#listed) }, (_, list) => list);
    for (let at = 0; at < lists.length; at += PUTS)
      await Promise.all(
        lists.slice(at, at + PUTS).map((list) => {
          const names = files.slice(list * this.#listed, (list + 1) * this.#listed);
          return this.#parts.keepText(run, listName(list), JSON.stringify(names));
        }),
      );
    await this.#parts.keepText(run, 'request', toExactJson({ ...request, objects: files.length }));
  }

  /** What is divided, in order of arrival: lists of it are read as they are needed. */
  files(run: string, { objects }: Pick<BacktestRequest, 'objects'>): ObjectList {
    const held = new Map<number, Promise<string[]>>();
    return {
      length: objects,
      at: async (index) => {
        const list = Math.floor(index / this.#listed);
        const names = held.get(list) ?? this.#list(run, list);
        held.set(list, names);
        // reading looks ahead, never back by more
        held.delete(list - 2);
        return (await names)[index % this.#listed];
      },
    };
  }

  async #list(run: string, list: number): Promise<string[]> {
    const text = await this.#parts.text(run, listName(list));
    if (text === undefined) throw new Error(`${run}: a list of its objects is gone: start the run anew`);
    return JSON.parse(text) as string[];
  }

  /** undefined where there is none: it expired, or its outcome was told */
  async request(run: string): Promise<BacktestRequest | undefined> {
    const text = await this.#parts.text(run, 'request');
    // what was written here
    return text === undefined ? undefined : (fromExactJson(text) as BacktestRequest);
  }

  /** @throws OtherVersion where another version of the code asked */
  async needRequest(run: string): Promise<BacktestRequest> {
    const request = await this.request(run);
    if (request === undefined)
      throw new Error(
        `${run}: nothing is asked under this name, or it expired after ${BACKTEST_DAYS} days: start a new run`,
      );
    if (request.code !== CODE_VERSION)
      throw new OtherVersion(
        `${run} was asked by version ${request.code}, this is ${CODE_VERSION}: deploy what asks, or ask with what is deployed`,
      );
    return request;
  }

  /** What a turn came to; undefined where it has not ended. */
  async turn(run: string, step: StepName, turn: number): Promise<Turn | undefined> {
    const text = await this.#parts.text(run, turnName(step, turn));
    return text === undefined ? undefined : (fromExactJson(text) as Turn);
  }

  /** Keeps what a turn came to, unless another attempt at it did so before. @returns what stands */
  async keepTurn(run: string, step: StepName, turn: number, made: Turn): Promise<Turn> {
    return fromExactJson(await this.#parts.keepText(run, turnName(step, turn), toExactJson(made))) as Turn;
  }

  /** All turns of a step that is done. @throws Error where it is not */
  async turns(run: string, step: StepName): Promise<Turn[]> {
    const turns: Turn[] = [];
    while (turns.at(-1)?.done !== true) {
      const held = await this.turn(run, step, turns.length);
      if (held === undefined)
        throw new Error(`${run}: ${turnName(step, turns.length)} is not there: the step has not ended`);
      turns.push(held);
    }
    return turns;
  }

  /** The frames of an object that a turn has put. @throws Error where it is gone */
  async frames(run: string, name: string): Promise<Frame[]> {
    return (await this.packed(run, name)).map(frameOf);
  }

  /** The same, each still packed (frameOf). */
  async packed(run: string, name: string): Promise<readonly Uint8Array[]> {
    return this.#parts.need<readonly Uint8Array[]>(run, name);
  }

  async putFrames(run: string, name: string, packed: readonly Uint8Array[]): Promise<void> {
    await this.#parts.put(run, name, packed);
  }

  /** Frames that another Node may read than wrote them. */
  async putTold(run: string, name: string, frames: readonly Frame[]): Promise<void> {
    await this.#parts.keepText(run, name, toExactJson(frames));
  }

  /** @throws Error where they are gone */
  async told(run: string, name: string): Promise<Frame[]> {
    const text = await this.#parts.text(run, name);
    if (text === undefined) throw new Error(`${run}: ${name} is gone: start the run anew`);
    return fromExactJson(text) as Frame[];
  }

  /** Takes away all of a run. */
  async drop(run: string): Promise<void> {
    await this.#parts.drop(run);
  }
}

/** One attempt at a turn. */
export interface AttemptAt {
  readonly run: string;
  readonly step: StepName;
  readonly turn: number;
  readonly attempt: string;
}

/** Gathers the frames of one attempt at a turn by stream, and puts them as objects. */
export class TurnObjects {
  readonly #objectBytes: number;
  readonly #put: (stream: string, index: number, packed: readonly Uint8Array[]) => Promise<void>;
  readonly #held = new Map<string, { packed: Uint8Array[]; bytes: number }>();
  readonly #objects: Record<string, number> = {};
  #bytes = 0;

  /** @param objectBytes of an object, about; a test makes small ones */
  constructor(
    runs: BacktestRuns,
    { run, step, turn, attempt }: AttemptAt,
    objectBytes: number = OBJECT_BYTES,
  ) {
    this.#objectBytes = objectBytes;
    this.#put = (stream, index, packed) =>
      runs.putFrames(run, objectName(step, turn, attempt, stream, index), packed);
  }

  /** by stream, objects that were put */
  get objects(): Readonly<Record<string, number>> {
    return this.#objects;
  }

  /** Takes a frame without putting it yet. */
  add(stream: string, frame: Frame): void {
    const bytes = serialize(frame);
    const held = this.#held.get(stream) ?? { packed: [], bytes: 0 };
    this.#held.set(stream, held);
    held.packed.push(bytes);
    held.bytes += bytes.length;
    this.#bytes += bytes.length;
  }

  /** Puts what makes some objects, and all where too much is gathered. @param all whatever there is */
  async flush(all = false): Promise<void> {
    const everything = all || this.#bytes >= GATHERED_BYTES;
    const due: (readonly [stream: string, index: number, packed: readonly Uint8Array[]])[] = [];
    for (const [stream, { packed, bytes }] of this.#held) {
      const most = stream === 'report' ? this.#objectBytes / REPORTS_SMALLER : this.#objectBytes;
      if (!everything && bytes < TOGETHER * most) continue;
      for (const object of objectsOf(packed, most)) {
        const index = this.#objects[stream] ?? 0;
        this.#objects[stream] = index + 1;
        due.push([stream, index, object]);
      }
      this.#held.delete(stream);
      this.#bytes -= bytes;
    }
    for (let i = 0; i < due.length; i += PUTS)
      await Promise.all(due.slice(i, i + PUTS).map((object) => this.#put(...object)));
  }

  async addAll(stream: string, frames: Iterable<Frame>): Promise<void> {
    for (const frame of frames) {
      this.add(stream, frame);
      await this.flush();
    }
  }
}

/** In their order, as many to an object as make it full. */
function* objectsOf(packed: readonly Uint8Array[], most: number): Generator<readonly Uint8Array[]> {
  let object: Uint8Array[] = [];
  let bytes = 0;
  for (const frame of packed) {
    object.push(frame);
    bytes += frame.length;
    if (bytes < most) continue;
    yield object;
    object = [];
    bytes = 0;
  }
  if (object.length > 0) yield object;
}

/** A frame as `TurnObjects` packs it. */
export function frameOf(packed: Uint8Array): Frame {
  // what was written here
  return deserialize(packed) as Frame;
}

const listName = (list: number): string => `files/${list}`;

const turnName = (step: StepName, turn: number): string => `turns/${step}/${turn}`;

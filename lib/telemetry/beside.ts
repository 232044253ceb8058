import { createHash, type Hash } from 'node:crypto';
import { LIMITS } from '../limits.ts';

/**
 * What a call asks besides its prompt's words: what stood before them, what came with them and has none, what a tool's question took the
 * place of. It makes no prompt of its own, but two calls that differ in it are two questions: a customer who sends the question one turn
 * earlier, as a picture, or beside a document that always asks the same, would have one prompt for a thousand of them.
 */
export class Beside {
  /** most calls have nothing beside */
  #hash: Hash | undefined;
  #left: number = LIMITS.besideUnits.most;
  #values: number = LIMITS.besideValues.most;

  /** A text as it stands, and its length where more than is read has been added. */
  add(text: string): this {
    this.#hash ??= createHash('sha256');
    this.#hash.update(Uint32Array.of(text.length));
    const read = text.length <= this.#left ? text : text.slice(0, this.#left);
    this.#left -= read.length;
    if (read !== '') this.#hash.update(read, 'utf16le');
    return this;
  }

  /** What a part holds that a model reads or hears, with the names under which it stands. */
  addPart(value: unknown, depth = 0): this {
    if (typeof value === 'string') return this.add(value);
    if (--this.#values < 0 || depth > MAX_DEPTH) return this;
    if (typeof value !== 'object' || value === null) return this;
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length && this.#values >= 0; at++) this.addPart(value[at], depth + 1);
      return this;
    }
    for (const name of READ) {
      const held = (value as Readonly<Record<string, unknown>>)[name];
      if (held !== undefined && held !== null) this.add(name).addPart(held, depth + 1);
    }
    return this;
  }

  /** The first 64 bits of SHA-256 over what was added, as four code units; none where nothing was. */
  units(): readonly number[] {
    if (this.#hash === undefined) return [];
    const digest = this.#hash.digest();
    return [0, 2, 4, 6].map((at) => digest.readUInt16LE(at));
  }
}

/** Parts within parts that are followed. */
const MAX_DEPTH = 6;

/**
 * Fields of parts that a model reads, and of files that somebody keeps for it: OpenAI's (https://platform.openai.com/docs/api-reference/chat/create),
 * Anthropic's (https://docs.anthropic.com/en/api/messages), Gemini's (https://ai.google.dev/api/caching#Part) and Converse's
 * (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html). A list and not all names: an object may
 * have any number of them.
 */
const READ = [
  ...['image_url', 'imageUrl', 'url', 'image', 'input_audio', 'audio', 'video', 'video_url', 'transcript'],
  ...['file', 'filename', 'file_data', 'file_id', 'file_url', 'document', 'source', 'data', 'bytes'],
  ...['title', 'context', 'name', 'content', 'text', 'inlineData', 'inline_data', 'fileData'],
  ...['fileUri', 'file_uri', 's3Location', 'uri', 'executableCode', 'executable_code', 'code', 'input'],
] as const;

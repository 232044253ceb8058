import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXIT } from '../shared/failure.ts';

const SIGNALS = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

/**
 * The temporary folder of a hunt, in which prints may lie. It goes at the end, and at Ctrl-C and SIGTERM as well: then at
 * once and in one go, so that nothing under way puts anything back.
 */
export class Scratch {
  readonly folder: string;
  #stop: (() => void) | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, this.#onSignal);
  }

  static async make(): Promise<Scratch> {
    return new Scratch(await mkdtemp(join(tmpdir(), 'siphonwatch-hunt-')));
  }

  /** @param stop ends what uses the folder; undefined: nothing does any more */
  onStop(stop: (() => void) | undefined): void {
    this.#stop = stop;
  }

  remove(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, this.#onSignal);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }

  readonly #onSignal = (signal: keyof typeof SIGNALS): void => {
    this.#stop?.();
    this.remove();
    process.exit(SIGNALS[signal]);
  };
}

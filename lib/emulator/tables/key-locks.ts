/** One lock a name: work on the same name runs one after the other, in the order of asking. */
export class KeyLocks {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` after all earlier work on any of the names. */
  run<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const unique = [...new Set(names)];
    const run = Promise.all(unique.map((name) => this.#last.get(name))).then(work);
    const done = run.then(
      () => undefined,
      () => undefined,
    );
    for (const name of unique) this.#last.set(name, done);
    void done.then(() => {
      for (const name of unique) if (this.#last.get(name) === done) this.#last.delete(name);
    });
    return run;
  }
}

/** How long a request works before it lets probes of health and other senders in, ms; what is parsed or read in one go is not cut. */
const LONGEST = 50;

/** The time for which one request has worked; what takes long lets others in between. */
export class Turn {
  #began = performance.now();

  /** Lets others in where the turn has been long enough. */
  async end(): Promise<void> {
    if (performance.now() - this.#began < LONGEST) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#began = performance.now();
  }
}

import type { UsageEvent } from './usage-event.ts';

/** Newest prompts that are compared. */
const COMPARED = 200;

/** The newest prompts of a gateway: how many are one and the same, of many accounts. */
export class NewestPrompts {
  readonly #newest: { readonly prompt: string; readonly account: string }[] = [];
  readonly #many: number;
  readonly #each: number;
  #added = 0;
  share = 0;

  /**
   * @param many accounts by which one prompt counts as that of many
   * @param each events after which they are compared
   */
  constructor(many: number, each: number) {
    this.#many = many;
    this.#each = each;
  }

  add({ prints: [prints], account, shape }: UsageEvent): void {
    // without words there is no prompt, which is a loss of its own
    if (prints === undefined || shape.words === 0) return;
    this.#newest[this.#added++ % COMPARED] = { prompt: prints.prompt, account };
    if (this.#added % this.#each === 0) this.share = this.#compared();
  }

  #compared(): number {
    const counts = new Map<string, number>();
    for (const { prompt } of this.#newest) counts.set(prompt, (counts.get(prompt) ?? 0) + 1);
    let most = 0;
    // hardly ever one of so many events as many accounts would make
    for (const [prompt, events] of counts)
      if (events >= this.#many && events > most && this.#accountsOf(prompt) >= this.#many) most = events;
    return most / this.#newest.length;
  }

  #accountsOf(prompt: string): number {
    return new Set(this.#newest.filter((held) => held.prompt === prompt).map(({ account }) => account)).size;
  }
}

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
    const prompts = new Map<string, { events: number; readonly accounts: Set<string> }>();
    for (const { prompt, account } of this.#newest) {
      const held = prompts.get(prompt) ?? { events: 0, accounts: new Set<string>() };
      held.events++;
      held.accounts.add(account);
      prompts.set(prompt, held);
    }
    const many = [...prompts.values()].filter(({ accounts }) => accounts.size >= this.#many);
    return Math.max(0, ...many.map(({ events }) => events)) / this.#newest.length;
  }
}

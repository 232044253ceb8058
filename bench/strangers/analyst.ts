import { writeFile } from 'node:fs/promises';
import { random } from '../random.ts';
import type { Learnt } from './product.ts';

/** A person who answers the review, simulated by the labels; by and by also wrongly, or not at all. */
export interface Analyst {
  /** share of the accounts asked about that are answered the other way round */
  readonly wrong: number;
  /** share that is not answered */
  readonly missing: number;
  /** share of the entries that is called an attack though nobody in it is: the largest ones */
  readonly wrongGroups?: number;
}

export const RIGHT: Analyst = { wrong: 0, missing: 0 };

/** Verdicts that were given so far, as rows of a labels file. */
export class Verdicts {
  readonly #rows = new Map<string, string>();
  readonly #head: string;
  readonly #labels: ReadonlyMap<string, string>;
  readonly #analyst: Analyst;
  readonly #uniform = random(7);

  /** @param labels account, as the review names it -> row */
  constructor(head: string, labels: ReadonlyMap<string, string>, analyst: Analyst) {
    this.#head = head;
    this.#labels = labels;
    this.#analyst = analyst;
  }

  /** accounts with a verdict */
  get size(): number {
    return this.#rows.size;
  }

  /** One verdict for every entry: accounts of one entry are answered together, rightly or wrongly. */
  answer(review: Learnt['review'] = []): void {
    const fooled = new Set(this.#fooling(review));
    for (const entry of review) {
      const { accounts } = entry;
      const draw = this.#uniform();
      if (draw < this.#analyst.missing) continue;
      const wrongly = fooled.has(entry) || draw > 1 - this.#analyst.wrong;
      for (const account of accounts) {
        const row = this.#labels.get(account);
        if (row !== undefined) this.#rows.set(row.split(',')[0] ?? '', wrongly ? turned(row) : row);
      }
    }
  }

  #fooling(review: NonNullable<Learnt['review']>): NonNullable<Learnt['review']> {
    const { wrongGroups = 0 } = this.#analyst;
    const honest = (account: string): boolean => this.#labels.get(account)?.split(',')[1] !== 'extraction';
    return review
      .filter(({ accounts }) => accounts.length > 1 && accounts.every(honest))
      .sort((a, b) => b.accounts.length - a.accounts.length)
      .slice(0, Math.round(wrongGroups * review.length));
  }

  async write(file: string): Promise<readonly string[]> {
    if (this.#rows.size === 0) return [];
    await writeFile(file, `${[this.#head, ...this.#rows.values()].join('\n')}\n`);
    return ['--labels', file];
  }
}

function turned(row: string): string {
  const [account, label, ...rest] = row.split(',');
  return [account, label === 'extraction' ? 'benign' : 'extraction', ...rest].join(',');
}

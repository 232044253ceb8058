import { decodeSlices, encodeSlices } from '../profile/codec.ts';
import type { CustomerFacts } from '../profile/profile.ts';
import type { Slice } from '../profile/slice.ts';
import type { PastAccount } from './looks.ts';

/** A past account as plain data, that structured cloning keeps: slices as they are stored. */
export interface SentAccount extends Omit<PastAccount, 'slices'> {
  readonly slices: Uint8Array;
}

/**
 * A past account that holds its slices as they are stored, three kilobytes, and decodes them, eighty kilobytes, every time they are asked for
 * (`npm run bench:learning`). Who asks often keeps the answer.
 */
export class StoredPast implements PastAccount {
  readonly account: string;
  readonly customer: CustomerFacts;
  readonly #encoded: Uint8Array;

  constructor({ account, customer, slices }: SentAccount) {
    this.account = account;
    this.customer = customer;
    this.#encoded = slices;
  }

  static of(held: PastAccount): StoredPast {
    return new StoredPast({ ...held, slices: encodeSlices(held.slices) });
  }

  /** Decoded anew at every access. */
  get slices(): readonly Slice[] {
    return decodeSlices(this.#encoded);
  }

  sent(): SentAccount {
    return { account: this.account, customer: this.customer, slices: this.#encoded };
  }
}

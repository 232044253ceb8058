import type { RunMember } from '../../campaigns/run-member.ts';
import { decodeSlices } from '../../profile/codec.ts';
import { chunksOf, type Frame, type Resumable } from '../../profile/resumable.ts';
import type { Slice } from '../../profile/slice.ts';
import { recentlyUsed } from '../../recently-used.ts';
import type { MemberChange } from './messages.ts';

/** Encoded slices from a start on (ms), as far as the next part goes. */
interface Part {
  readonly from: number;
  readonly bytes: Uint8Array;
}

interface Held {
  readonly change: MemberChange;
  readonly parts: readonly Part[];
}

interface Decoded {
  readonly parts: readonly Part[];
  readonly slices: readonly Slice[];
}

/** Accounts whose slices stay decoded; about those whose windows a run remembers. */
const DECODED = 2048;
/** A month of slices is some kilobytes. */
const MEMBERS_PER_FRAME = 250;

/** The accounts of all shards as they were when campaigns were looked for last, put together from what changed. */
export class ShardMembers implements Resumable {
  readonly #held = new Map<string, Held>();
  readonly #decoded = recentlyUsed<string, Decoded>(DECODED);

  take(change: MemberChange): void {
    const before = this.#held.get(change.account)?.parts ?? [];
    const kept = before.filter(({ from }) => from < change.from);
    const part = { from: change.from, bytes: change.slices };
    this.#held.set(change.account, { change: { ...change, slices: NO_BYTES }, parts: [...kept, part] });
  }

  /** The account as a run over campaigns needs it; undefined where nothing is held of it. */
  memberOf(account: string): RunMember | undefined {
    const held = this.#held.get(account);
    if (held === undefined) return undefined;
    const { customer, firstSeen, lastSeen, arrived, samples, evidence } = held.change;
    const slices = (): readonly Slice[] => this.#slicesOf(account, held);
    let known: readonly Slice[] | undefined;
    return {
      account,
      customer,
      firstSeen,
      lastSeen,
      arrived,
      get slices() {
        known ??= slices();
        return known;
      },
      sampleEvents: samples,
      evidence,
    };
  }

  *frames(): Generator<Frame> {
    for (const chunk of chunksOf(this.#held, MEMBERS_PER_FRAME)) yield ['members', chunk];
  }

  restore(_: string, value: unknown): void {
    for (const [account, held] of value as [string, Held][]) this.#held.set(account, held);
  }

  /** Slices that did not change stay the same objects: what a run remembers is told by that. */
  #slicesOf(account: string, { change: { oldest }, parts }: Held): readonly Slice[] {
    const before = this.#decoded.get(account);
    let same = 0;
    while (same < parts.length && before?.parts[same] === parts[same]) same++;
    const end = (part: number): number => parts[part]?.from ?? Number.POSITIVE_INFINITY;
    const slices = before === undefined ? [] : before.slices.filter(({ start }) => start < end(same));
    for (let i = same; i < parts.length; i++)
      for (const slice of decodeSlices((parts[i] as Part).bytes))
        if (slice.start < end(i + 1)) slices.push(slice);
    const found = slices.filter(({ start }) => start >= oldest);
    this.#decoded.set(account, { parts, slices: found });
    return found;
  }
}

const NO_BYTES = new Uint8Array();

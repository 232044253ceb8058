import { encodedSlices } from '../profile/codec.ts';
import { hash48 } from '../profile/hashes.ts';
import { type Profile, sealable, type TimeRules } from '../profile/profile.ts';
import { afterSealing, countPrompts, MOST_PENDING, type PromptSamples } from '../profile/prompt-sample.ts';
import { encodePromptSamples } from '../profile/prompt-sample-codec.ts';
import type { Slice } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import type { AccountState } from './account-state.ts';
import { outgrows, WRITE_UNIT_BYTES } from './hot-size.ts';

/** What leaves the hot item, to be stored as part `number` before the hot item is written. */
export interface Seal {
  readonly number: number;
  /** by the content: whoever seals something else under the same number writes another item */
  readonly name: string;
  /** name of the part before; empty for the first */
  readonly before: string;
  readonly slices: readonly Slice[];
  /** sampled prompts that waited in the hot item */
  readonly prompts: PromptSamples;
}

function sealOf({ sealed, sealedName }: Profile, slices: readonly Slice[], prompts: PromptSamples): Seal {
  const [bytes, samples] = [encodedSlices(slices), encodePromptSamples(prompts)];
  const text = (part: Uint8Array): string => Buffer.from(part).toString('latin1');
  const content = hash48(`${sealedName} ${text(bytes)}${prompts.length > 0 ? ` ${text(samples)}` : ''}`);
  return { number: sealed + 1, name: content.toString(36), before: sealedName, slices, prompts };
}

/** Bytes that the size of an item may be wrong by. */
const DOUBT_BYTES = 12;
/** A part is worth a write of its own from so many bytes on. */
const LEAST_BYTES = 120;
/** With fewer bytes than these the newest slice leaves, too: a part is billed as a kilobyte, and holds what the hot item has room for again. */
const SMALL_BYTES = 400;
/** Fewest slices that ended long ago and are worth a part of their own. */
const SEAL_AT_LEAST = 4;

/**
 * A state whose hot item would be billed as more than one kilobyte, with what can leave it sealed: a part costs one write, and one
 * kilobyte more in the hot item costs one with every flush. The newest slice stays, unless there is too little else; what is added
 * to a slice that is sealed begins it anew, and both are one when they are read. Slices that ended long ago leave in any case.
 */
export function sealed(
  state: AccountState,
  time: TimeRules & { readonly sealAge: number },
): { readonly state: AccountState; readonly seal: Seal | undefined } {
  const { profile, asked } = state;
  const leaving = outgrown(state) ?? aged(profile, time);
  if (leaving === undefined) return { state, seal: undefined };
  const seal = sealOf(profile, leaving, asked.pending);
  return {
    seal,
    state: {
      ...state,
      profile: {
        ...profile,
        slices: profile.slices.filter((slice) => !leaving.includes(slice)),
        sealed: seal.number,
        sealedName: seal.name,
      },
      sealed: joinSlices([state.sealed, leaving]),
      asked: afterSealing(asked),
    },
  };
}

function outgrown(state: AccountState): readonly Slice[] | undefined {
  const { slices } = state.profile;
  const waiting = countPrompts(state.asked.pending);
  if (waiting <= MOST_PENDING && !outgrows(state, WRITE_UNIT_BYTES - DOUBT_BYTES)) return undefined;
  const old = slices.slice(0, -1);
  const prompts = encodePromptSamples(state.asked.pending).length;
  const bytes = (held: readonly Slice[]) => prompts + encodedSlices(held).length;
  if (bytes(old) >= SMALL_BYTES) return old;
  // the ids of a busy account fill its item whatever leaves: a part with every write would gain no room, and be read with every look
  const bare = { ...state, profile: { ...state.profile, slices: [] } };
  if (waiting <= MOST_PENDING && outgrows(bare, WRITE_UNIT_BYTES - DOUBT_BYTES)) return undefined;
  return bytes(slices) >= LEAST_BYTES ? slices : undefined;
}

function aged(
  profile: Profile,
  time: TimeRules & { readonly sealAge: number },
): readonly Slice[] | undefined {
  if (profile.slices.length < SEAL_AT_LEAST) return undefined;
  const old = sealable(profile, time, time.sealAge);
  return old.length < SEAL_AT_LEAST ? undefined : old;
}

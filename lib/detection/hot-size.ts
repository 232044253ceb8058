import { encodedSlices, likelyBytes } from '../profile/codec.ts';
import { packedBytes, packedTextsBytes } from '../profile/packed.ts';
import type { Profile } from '../profile/profile.ts';
import { countPrompts } from '../profile/prompt-sample.ts';
import { encodePromptSamples, PROMPT_BYTES } from '../profile/prompt-sample-codec.ts';
import { countIds } from '../profile/recent-ids.ts';
import type { AccountState } from './account-state.ts';

/** A write of an item is billed by so many bytes of it (amazondynamodb/latest/developerguide/CapacityUnitCalculations.html). */
export const WRITE_UNIT_BYTES = 1024;

/** Names of attributes, the sort key, version, expiry, and the numbers of the account's meta. */
const FIXED_BYTES = 130;
/** A level and a finding, deflated. */
const JUDGED_BYTES = 90;
const ID_BYTES = 6;
/** A sequence number of 56 digits. */
const SEQUENCE_BYTES = 26;

/** Texts of an account's meta take hardly more: ids of events, a stream's name, a sequence number. */
const TEXT_BYTES = 320;

/**
 * Whether an account's hot item takes more bytes than `most`, within a few, whichever store that is: what is sealed is decided by it.
 * Without notices: they are delivered within seconds, and leave then.
 */
export function outgrows(state: AccountState, most: number): boolean {
  const { profile, judgement, asked } = state;
  const { account, recent, redriven, slices } = profile;
  let bytes = FIXED_BYTES + account.length;
  bytes += ID_BYTES * (countIds(recent.tail) + countIds(redriven.tail));
  if (judgement.numbered > 0) bytes += JUDGED_BYTES;
  // most items are small, and a replay encodes none
  const prompts = PROMPT_BYTES * countPrompts(asked.pending);
  if (bytes + TEXT_BYTES + prompts + likelyBytes(slices) <= most) return false;
  bytes += textBytes(profile) + encodePromptSamples(asked.pending).length;
  return bytes + encodedSlices(slices).length > most;
}

function textBytes({ customer, guard, samples }: Profile): number {
  let bytes = packedBytes(customer.plan) + packedBytes(customer.product) + packedTextsBytes(samples);
  for (const { epoch } of guard) bytes += packedBytes(epoch) + SEQUENCE_BYTES;
  return bytes;
}

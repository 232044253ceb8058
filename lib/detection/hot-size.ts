import { encodeSlices } from '../profile/codec.ts';
import { packedBytes } from '../profile/packed.ts';
import { countPrompts, PENDING_BYTES } from '../profile/prompt-sample.ts';
import { countIds } from '../profile/recent-ids.ts';
import type { AccountState } from './account-state.ts';

/** A write of an item is billed by so many bytes of it (amazondynamodb/latest/developerguide/CapacityUnitCalculations.html). */
export const WRITE_UNIT_BYTES = 1024;

/** Names of attributes, the sort key, version, expiry, and the numbers of the account's meta. */
const FIXED_BYTES = 130;
/** A level and a finding, deflated. */
const JUDGED_BYTES = 90;
const ID_BYTES = 6;

/**
 * Bytes of an account's hot item as it will be stored, within a few, whichever store that is: what is sealed is decided by it. Without
 * notices: they are delivered within seconds, and leave then.
 */
export function hotBytes({ profile, judgement, asked }: AccountState): number {
  const { account, customer, guard, recent, redriven, samples } = profile;
  let bytes = FIXED_BYTES + account.length + encodeSlices(profile.slices).length;
  bytes += ID_BYTES * (countIds(recent.tail) + countIds(redriven.tail));
  bytes += PENDING_BYTES * countPrompts(asked.pending);
  bytes += packedBytes(customer.plan) + packedBytes(customer.product);
  for (const { epoch, sequence } of guard)
    bytes += packedBytes(epoch) + Math.ceil(sequence.replace(/^0+/, '').length / 2.4);
  for (const id of samples) bytes += packedBytes(id);
  if (judgement.numbered > 0) bytes += JUDGED_BYTES;
  return bytes;
}

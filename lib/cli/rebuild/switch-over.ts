import type { RebuiltTable } from '../../aws/rebuilt-table.ts';
import type { AccountState } from '../../detection/account-state.ts';
import { encodeSlices } from '../../profile/codec.ts';
import { isApplied } from '../../profile/position.ts';
import { joinSlices } from '../../profile/window.ts';
import type { ProfileStore } from '../../stores/profile-store.ts';

/** How the rebuilt accounts stand beside the live ones. */
export interface Compared {
  accounts: number;
  /** the same slices, bit for bit, and the same judgement */
  same: number;
  different: number;
  /** live items that are missing or cannot be read */
  lost: number;
  /** live accounts that had events since: rebuild again, with `score` paused where they never stop */
  behind: number;
  switched: number;
}

export interface SwitchPorts {
  readonly table: Pick<RebuiltTable, 'accounts' | 'liveVersion' | 'switchOver'>;
  readonly live: ProfileStore;
  readonly rebuilt: ProfileStore;
  /** of the policy, ms: older slices are judged by nothing, and may have expired */
  readonly longestWindow: number;
}

/**
 * Compares every rebuilt account with the live one and, where `replace`, puts it in its place. An account that has
 * events which the rebuild has not, or that somebody writes meanwhile, stays as it is and counts as behind.
 */
export async function compareAccounts(
  { table, live, rebuilt, longestWindow }: SwitchPorts,
  replace: boolean,
  progress: (so: Compared) => void = () => undefined,
): Promise<Compared> {
  const sum: Compared = { accounts: 0, same: 0, different: 0, lost: 0, behind: 0, switched: 0 };
  for await (const accounts of table.accounts()) {
    for (const account of accounts) {
      const version = await table.liveVersion(account);
      const [stands, made] = [await stateOf(live, account), await stateOf(rebuilt, account)];
      sum.accounts++;
      const what = made === undefined ? 'lost' : comparison(stands, made, longestWindow);
      sum[what]++;
      if (replace && (what === 'different' || what === 'lost')) {
        if ((await table.switchOver(account, version)) === 'switched') sum.switched++;
        else {
          sum[what]--;
          sum.behind++;
        }
      }
    }
    progress(sum);
  }
  return sum;
}

/** undefined: it cannot be read */
async function stateOf(store: ProfileStore, account: string): Promise<AccountState | undefined> {
  return (await store.load([account], () => undefined)).get(account);
}

function comparison(
  live: AccountState | undefined,
  rebuilt: AccountState,
  longestWindow: number,
): 'same' | 'different' | 'lost' | 'behind' {
  if (live === undefined || live.profile.version === 0) return 'lost';
  // records are archived whole; their events stand elsewhere in them once `forget` has taken others out
  const whole = live.profile.guard.map((position) => ({ ...position, index: 0 }));
  if (whole.some((position) => !isApplied(rebuilt.profile.guard, position))) return 'behind';
  const since = rebuilt.profile.lastSeen - longestWindow;
  return essence(live, since) === essence(rebuilt, since) ? 'same' : 'different';
}

/** What an account is judged by and how: without what depends on where a write ended. */
function essence({ sealed, profile, judgement }: AccountState, since: number): string {
  const { version, guard, slices, sealed: parts, sealedName, recent, redriven, ...rest } = profile;
  const { notices, ...judged } = judgement;
  const looked = joinSlices([sealed, slices]).filter(({ start }) => start >= since);
  const bits = Buffer.from(encodeSlices(looked)).toString('base64');
  return JSON.stringify([rest, judged, bits]);
}

import type { RebuiltTable } from '../../aws/rebuilt-table.ts';
import type { AccountState } from '../../detection/account-state.ts';
import { wholeAccount } from '../../detection/lanes.ts';
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
  readonly table: Pick<RebuiltTable, 'accounts' | 'liveVersions' | 'switchOver'>;
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
      const versions = await table.liveVersions(account);
      const [stands, made] = [await stateOf(live, account), await stateOf(rebuilt, account)];
      sum.accounts++;
      const what = made === undefined ? 'lost' : comparison(stands, made, longestWindow);
      sum[what]++;
      if (replace && (what === 'different' || what === 'lost')) {
        if ((await table.switchOver(account, versions)) === 'switched') sum.switched++;
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
  if (live === undefined || profilesOf(live).length === 0) return 'lost';
  const made = new Map(profilesOf(rebuilt).map((state) => [state.profile.account, state]));
  if (profilesOf(live).some((state) => hasMore(state, made.get(state.profile.account)))) return 'behind';
  const since = wholeAccount(rebuilt).profile.lastSeen - longestWindow;
  return essence(live, since) === essence(rebuilt, since) ? 'same' : 'different';
}

/** The account's own profile and those of its lanes, as far as they are stored. */
function profilesOf(state: AccountState): readonly AccountState[] {
  return [state, ...(state.lanes?.states ?? [])].filter(({ profile }) => profile.version > 0);
}

/** Whether a live profile has events that the rebuilt one has not. */
function hasMore({ profile: live }: AccountState, rebuilt: AccountState | undefined): boolean {
  // records are archived whole; their events stand elsewhere in them once `forget` has taken others out
  const whole = live.guard.map((position) => ({ ...position, index: 0 }));
  return whole.some((position) => !isApplied(rebuilt?.profile.guard ?? [], position));
}

/** What an account is judged by and how: without what depends on where a write ended. */
function essence(state: AccountState, since: number): string {
  return JSON.stringify(
    profilesOf(state).map(({ sealed, profile, judgement }) => {
      const { version, guard, slices, sealed: parts, sealedName, recent, redriven, ...rest } = profile;
      const { notices, ...judged } = judgement;
      const looked = joinSlices([sealed, slices]).filter(({ start }) => start >= since);
      return [rest, judged, Buffer.from(encodeSlices(looked)).toString('base64')];
    }),
  );
}

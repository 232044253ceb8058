import { mergePromptSamples, NO_PROMPTS, sampleOf } from '../profile/prompt-sample.ts';
import { sliceStart } from '../profile/slice.ts';
import { joinSlices } from '../profile/window.ts';
import type { AccountState } from './account-state.ts';

/**
 * A lane whose newest event is so much older than the account's newest is not waited for, ms: it fell silent, its shard is far behind, or only a
 * gateway feeds it that sends what is old. What it has later counts in the windows of later looks, as late events do.
 */
export const LANE_WAIT_MS = 15 * 60_000;

/** The profiles of an account that have any event, lane 0 first. */
function partsOf(state: AccountState): readonly AccountState[] {
  return [state, ...(state.lanes?.states ?? [])].filter(({ profile }) => profile.totals.events > 0);
}

/**
 * The account with its lanes as one, to be read and never stored: slices, counts and samples are those of the same events in one
 * profile, bit for bit, because all of them merge in any order. An account without lanes, or whose lanes were not read, is itself.
 */
export function wholeAccount(state: AccountState): AccountState {
  const parts = partsOf(state);
  const [first] = parts;
  if (first === undefined || (parts.length === 1 && first === state)) return state;
  const profiles = parts.map(({ profile }) => profile);
  const newest = profiles.reduce((a, b) => (b.lastSeen > a.lastSeen ? b : a));
  const sum = (pick: (totals: typeof newest.totals) => number): number =>
    profiles.reduce((total, { totals }) => total + pick(totals), 0);
  return {
    ...state,
    profile: {
      ...state.profile,
      customer: newest.customer,
      firstSeen: Math.min(...profiles.map(({ firstSeen }) => firstSeen)),
      lastSeen: newest.lastSeen,
      arrived: Math.max(...profiles.map(({ arrived }) => arrived)),
      slices: [
        ...joinSlices(
          parts.flatMap(({ sealed, profile }) => [sealed, profile.slices]).filter(({ length }) => length > 0),
        ),
      ],
      totals: {
        events: sum(({ events }) => events),
        late: sum(({ late }) => late),
        repeated: sum(({ repeated }) => repeated),
      },
      samples: first.profile.samples,
    },
    sealed: [],
    asked: {
      written: '',
      sealed: parts.reduce((all, { asked }) => mergePromptSamples(all, sampleOf(asked)), NO_PROMPTS),
      pending: NO_PROMPTS,
    },
  };
}

/** Newest arrival of the account in any lane that was read, and the newest moment that any says of itself, ms. */
export function newestOf({ profile, lanes }: AccountState): {
  readonly arrived: number;
  readonly latest: number;
} {
  const profiles = [profile, ...(lanes?.states ?? []).map((lane) => lane.profile)];
  const arrived = Math.max(...profiles.map((held) => held.arrived));
  return { arrived, latest: Math.max(arrived, ...profiles.map(({ lastSeen }) => lastSeen)) };
}

/**
 * Event time up to which all lanes are folded that are waited for, ms: the start of the slice in which the one furthest behind is. Slices
 * before it are over in every lane, so what they are judged by does not rest on which lane was faster.
 */
export function foldedUntil(state: AccountState): number {
  const newest = partsOf(state).map(({ profile }) => profile.lastSeen);
  const latest = Math.max(...newest);
  return sliceStart(Math.min(...newest.filter((lastSeen) => lastSeen >= latest - LANE_WAIT_MS)));
}

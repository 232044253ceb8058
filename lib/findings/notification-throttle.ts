import * as z from 'zod';

/**
 * The storm brake: a few openings are told one by one; when more come than a person can take in, one message says so,
 * and the rest are recorded and come as lists. A bucket of tokens, and a storm that ends when nothing has been held
 * for a while. Times in ms since 1970, processing time.
 */
export const THROTTLE = {
  /** openings that may be told at once one by one */
  burst: 5,
  /** one more for each, ms */
  refill: 10 * 60_000,
  /** a storm is over when nothing was held for so long, ms */
  quiet: 30 * 60_000,
  /** the first list comes after, ms */
  firstList: 10 * 60_000,
  /** and the following ones, ms */
  nextList: 60 * 60_000,
} as const;

export const throttleState = z.strictObject({
  v: z.literal(1),
  tokens: z.number(),
  at: z.number().describe('when tokens were counted'),
  storm: z
    .strictObject({
      id: z.string(),
      since: z.number(),
      lastHeld: z.number(),
      list: z.number().int().describe('number of the list that is being filled'),
      listSince: z.number(),
      listDue: z.number(),
      empty: z.boolean().describe('nothing was put into the current list'),
    })
    .optional(),
  owed: z
    .array(
      z.strictObject({
        /** 0 says that a storm began */
        list: z.number().int(),
        storm: z.string(),
        from: z.number(),
        to: z.number(),
      }),
    )
    .describe('messages that are due and not known to be published'),
});
export type ThrottleState = z.infer<typeof throttleState>;
export type PendingMessage = ThrottleState['owed'][number];

export const IDLE_THROTTLE: ThrottleState = { v: 1, tokens: THROTTLE.burst, at: 0, owed: [] };

export interface Admission {
  readonly state: ThrottleState;
  /** undefined: tell it by itself; else the list that it goes into */
  readonly list: string | undefined;
}

export function listName(storm: string, list: number): string {
  return `storm#${storm}#${list}`;
}

/** Admits one opening. */
export function tryAcquire(state: ThrottleState, now: number): Admission {
  const { storm } = state;
  if (storm !== undefined) {
    const next = { ...storm, lastHeld: Math.max(storm.lastHeld, now), empty: false };
    return { state: { ...state, storm: next }, list: listName(storm.id, storm.list) };
  }
  const tokens = Math.min(THROTTLE.burst, state.tokens + Math.max(0, now - state.at) / THROTTLE.refill);
  if (tokens >= 1) return { state: { ...state, tokens: tokens - 1, at: now }, list: undefined };
  const id = new Date(now).toISOString();
  return {
    state: {
      ...state,
      tokens,
      at: now,
      storm: {
        id,
        since: now,
        lastHeld: now,
        list: 1,
        listSince: now,
        listDue: now + THROTTLE.firstList,
        empty: false,
      },
      owed: [...state.owed, { list: 0, storm: id, from: now, to: now }],
    },
    list: listName(id, 1),
  };
}

/** What time does to a storm: closes lists that are due, ends it when it is over. Unchanged state: same object. */
export function advanceTime(state: ThrottleState, now: number): ThrottleState {
  const { storm } = state;
  if (storm === undefined) return state;
  const over = now - storm.lastHeld >= THROTTLE.quiet;
  if (!over && (now < storm.listDue || storm.empty)) return state;
  const closed: PendingMessage[] = storm.empty
    ? []
    : [{ list: storm.list, storm: storm.id, from: storm.listSince, to: now }];
  const owed = [...state.owed, ...closed];
  if (over) return { v: 1, tokens: 0, at: storm.lastHeld, owed };
  return {
    ...state,
    owed,
    storm: {
      ...storm,
      list: storm.list + 1,
      listSince: now,
      listDue: now + THROTTLE.nextList,
      empty: true,
    },
  };
}

export function acknowledge(state: ThrottleState, told: PendingMessage): ThrottleState {
  return {
    ...state,
    owed: state.owed.filter((held) => !(held.storm === told.storm && held.list === told.list)),
  };
}

import * as z from 'zod';

/** Bounds of what is kept of a review: at most some 90 KB. */
export const REVIEW_KEPT = { entries: 20, accounts: 50, reasons: 12, characters: 300 } as const;

/** The accounts and groups of the past whose verdict helps most, as the daily calibration found them. */
export const storedReview = z.strictObject({
  v: z.literal(1),
  calibration: z.string().min(1).max(128),
  at: z.iso.datetime().describe('event time of the newest event that was learnt from'),
  entries: z
    .array(
      z.strictObject({
        accounts: z
          .array(z.string().max(64))
          .max(REVIEW_KEPT.accounts)
          .describe('pseudonyms, highest score first'),
        why: z.array(z.string().max(REVIEW_KEPT.characters)).max(REVIEW_KEPT.reasons),
      }),
    )
    .max(REVIEW_KEPT.entries)
    .describe('most helpful first'),
  curve: z
    .array(z.strictObject({ answered: z.number().int().min(0), recall: z.number().min(0).max(1) }))
    .max(20)
    .describe(
      'expected recall at the false-positive rate of suspect, against entries answered (learning-curve.ts)',
    ),
});
export type StoredReview = z.infer<typeof storedReview>;
export type ReviewQuestion = StoredReview['entries'][number];

/** What is kept, within its bounds. */
export function keptReview(
  { calibration, at, curve }: Pick<StoredReview, 'calibration' | 'at' | 'curve'>,
  entries: readonly ReviewQuestion[],
): StoredReview {
  return {
    v: 1,
    calibration,
    at,
    entries: entries.slice(0, REVIEW_KEPT.entries).map(({ accounts, why }) => ({
      accounts: accounts.slice(0, REVIEW_KEPT.accounts),
      why: why.slice(0, REVIEW_KEPT.reasons).map((line) => line.slice(0, REVIEW_KEPT.characters)),
    })),
    curve,
  };
}

/** The review without accounts, and without questions that nobody is left in. */
export function reviewWithout(held: StoredReview, accounts: ReadonlySet<string>): StoredReview {
  return {
    ...held,
    entries: held.entries
      .map(({ accounts: asked, why }) => ({
        accounts: asked.filter((account) => !accounts.has(account)),
        why,
      }))
      .filter(({ accounts: left }) => left.length > 0),
  };
}

/** The curve in a sentence; undefined where there is none. */
export function curveSentence(curve: StoredReview['curve']): string | undefined {
  const [now] = curve;
  const last = curve.at(-1);
  if (now === undefined || last === undefined) return undefined;
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const today = `of attacks like those of the library ${percent(now.recall)} would be flagged today, each account by itself`;
  if (last.answered === 0) return today;
  const first = last.answered === 1 ? 'the first question' : `the first ${last.answered} questions`;
  return last.recall > now.recall
    ? `${today}; up to ${percent(last.recall)} with answers to ${first}, if these are extraction`
    : `${today}; answers to ${first} change little of that`;
}

import type { SuspectReport } from './report.ts';

/** Fewest equal wrong answers that can speak for one source. */
const LEAST_SHARED = 5;
/**
 * Share of equal wrong answers that may be the key written in another way, and fewest that show it. Documented pairs on code
 * output have .10 to .19; two strangers that were made to write as JSON has it, .41.
 */
const MOST_WRITTEN = 0.3;
const LEAST_WRITTEN = 10;

type Shared = Pick<SuspectReport, 'mode' | 'sameWrong' | 'coWrong' | 'strangersShare' | 'writtenOtherwise'>;

/** Whether so many equal wrong answers are the key written in another way that a habit of writing makes the likeness. */
export function madeByWriting({ mode, sameWrong, writtenOtherwise: n }: Shared): boolean {
  if (mode !== 'free-form' || sameWrong === null || n === null) return false;
  return n >= LEAST_WRITTEN && n > MOST_WRITTEN * sameWrong;
}

/**
 * Whether equal wrong answers speak for a likeness of free-form answers: some are equal, as many of those at which both
 * err as unrelated models have, and they are no keys in another writing. A file whose errors are a habit of writing errs where
 * all err, with answers of its own.
 */
export function spokenForByErrors(report: Shared): boolean {
  const { mode, sameWrong, coWrong, strangersShare } = report;
  if (mode !== 'free-form' || sameWrong === null || !coWrong) return true;
  if (madeByWriting(report)) return false;
  return sameWrong >= LEAST_SHARED && sameWrong / coWrong >= (strangersShare ?? 0);
}

import type { SuspectReport } from './report.ts';

/** Fewest equal wrong answers that can speak for one source. */
const LEAST_SHARED = 5;

/**
 * Whether equal wrong answers speak for a likeness of free-form answers: some are equal, and as many of those at which both
 * err as unrelated models have. A file whose errors are a habit of writing errs where all err, with answers of its own.
 */
export function spokenForByErrors(
  report: Pick<SuspectReport, 'mode' | 'sameWrong' | 'coWrong' | 'strangersShare'>,
): boolean {
  const { mode, sameWrong, coWrong, strangersShare } = report;
  if (mode !== 'free-form' || sameWrong === null || !coWrong) return true;
  return sameWrong >= LEAST_SHARED && sameWrong / coWrong >= (strangersShare ?? 0);
}

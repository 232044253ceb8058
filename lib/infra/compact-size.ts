/** How large `compact` is and how often it runs: the stack deploys it so, `plan` prices it, an alarm waits for it. */
export const COMPACT = {
  /** parts hold some 200,000 events, which are objects in memory while they are sorted */
  memoryMb: 3008,
  timeoutSeconds: 900,
  /** longer than a run may take; a retry of a failed one may overlap with the next, and makes the same parts */
  everyMinutes: 20,
} as const;

import type { Disposition } from './finding.ts';

/** What became of a notice, for people. */
export const DISPOSITION_WORDS: Readonly<Record<Disposition, string>> = {
  told: 'notified at once',
  digest: "in the day's digest",
  storm: 'in a list of many',
  quiet: 'notification suppressed',
  shadow: 'shadow policy, nobody notified',
};

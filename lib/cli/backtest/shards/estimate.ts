/** How far a backtest in shards has come after its first seconds. */
export interface FirstSeconds {
  readonly shards: number;
  readonly atOnce: number;
  readonly seconds: number;
  /** events a second in them: dividing and replaying go on at the same time, of which the slower one decides */
  readonly rate: number;
  /** events that were divided so far, and those of them that were replayed */
  readonly divided: number;
  readonly replayed: number;
  /** share of the input that was read; undefined where nobody knows how much there is */
  readonly share: number | undefined;
}

/** What a whole run comes to, by its first seconds. */
export function estimateOf(first: FirstSeconds): string {
  const { shards, atOnce, seconds, rate, divided, replayed, share } = first;
  const pace = `${Math.round(rate).toLocaleString('en-US')} events a second in the first ${Math.round(seconds)} s, ${shards} shards, ${Math.min(shards, atOnce)} at once`;
  if (share === undefined || share <= 0 || rate <= 0) return `${pace}; how many there are is not known`;
  const events = divided / Math.min(1, share);
  return `${pace}: about ${rounded(events)} events, ${durationOf(Math.max(0, (events - replayed) / rate))} more`;
}

/** To two digits: more is not known. */
function rounded(count: number): string {
  return Number(count.toPrecision(2)).toLocaleString('en-US');
}

function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

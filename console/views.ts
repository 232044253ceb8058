/** The views of the page, in the order of their tabs; their names stand in its address. */
export const VIEWS = [
  'findings',
  'campaigns',
  'accounts',
  'thresholds',
  'reasons',
  'policy',
  'review',
  'trends',
  'health',
] as const;

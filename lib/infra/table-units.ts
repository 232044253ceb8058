/** Most that `tableUnits` may keep provisioned of each table and index: what the index scales up to, within the account's default quota. */
export const MOST_LEAST_UNITS = 10_000;

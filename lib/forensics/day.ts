/** Years that a date of a model or an answer may lie in: no model is older, and a year behind them is a placeholder. */
const FIRST_YEAR = 1990;
const LAST_YEAR = 2100;

/** Whether a day, month or year as `2025-01-20`, `2025-01` or `2025` exists and can be meant. */
export function dayExists(date: string): boolean {
  const [year = 0, month = 1, day = 1] = date.split('-').map(Number);
  return (
    year >= FIRST_YEAR &&
    year <= LAST_YEAR &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
  );
}

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

const MS_A_DAY = 86_400_000;
const DAY = /^\d{4}-\d{2}-\d{2}(?=$|[T ])/;
const OFFSET = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*(?:Z|[+-]\d{2}:?\d{2})$/i;

/** The day of a date or a time, in UTC where it says its zone; undefined for another form. The day need not exist. */
export function dayOf(date: string): string | undefined {
  const day = DAY.exec(date)?.[0];
  if (day === undefined || !dayExists(day) || !OFFSET.test(date)) return day;
  const at = Date.parse(date.replace(' ', 'T'));
  return Number.isFinite(at) ? new Date(at).toISOString().slice(0, 10) : day;
}

/**
 * The day after: one moment has two dates on earth, so a time of asking and a day of release contradict each other only
 * from two days on.
 */
export function dayAfter(day: string): string {
  return new Date(Date.parse(day) + MS_A_DAY).toISOString().slice(0, 10);
}

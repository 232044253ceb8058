import { DAY_MS } from '../time.ts';

/** Numbers, times and shares as people read them. */

/** 12,345 */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 12,345 below a million, then 1.2 million, 3.4 billion. */
export function amount(value: number): string {
  for (const [size, name] of [
    [1e12, 'trillion'],
    [1e9, 'billion'],
    [1e6, 'million'],
  ] as const)
    if (value >= size * 0.9995) return `${(value / size).toFixed(value >= size * 99.95 ? 0 : 1)} ${name}`;
  return count(value);
}

/** 12 %, 0.3 %, under 0.1 %; a share of one, [0, 1] */
export function percent(share: number): string {
  const value = share * 100;
  if (value === 0) return '0 %';
  if (value < 0.1) return 'under 0.1 %';
  return value < 9.95 ? `${value.toFixed(1).replace(/\.0$/, '')} %` : `${Math.round(value)} %`;
}

/** The n of "1 in n" for a probability, to two significant digits: 1, 20, 4,200. */
export function oneIn(p: number): string {
  if (!(p > 0)) return 'none';
  return count(Math.max(1, Number((1 / p).toPrecision(2))));
}

/** 640; 1,300; two significant digits, for a number given by its decimal logarithm. */
export function power(log10: number): string {
  if (log10 > 15) return `10^${Math.round(log10)}`;
  const value = 10 ** log10;
  return value >= 10 ? amount(Number(value.toPrecision(2))) : String(Number(value.toPrecision(2)));
}

/** $0.42, $45, $12,345 */
export function usd(value: number): string {
  return value < 10 ? `$${value.toFixed(2)}` : `$${amount(value)}`;
}

/** 2026-03-01 08:00 UTC */
export function when(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

const UNITS = [
  ['day', DAY_MS],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** 3 days, 2 hours 5 minutes; the two largest units */
export function duration(ms: number): string {
  const parts: string[] = [];
  let rest = Math.max(0, ms);
  for (const [name, size] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(plural(whole, name));
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ') || 'under a minute';
}

/** 1 day, 2 days, 1,200 requests */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${Math.round(value) === 1 ? '' : 's'}`;
}

/**
 * Lines of at most `columns` characters; `indent` leads every line but the first, which `lead` leads. A word that is
 * longer than a line stands alone and whole.
 */
export function wrap(text: string, columns = 72, lead = '', indent = lead): string {
  const lines: string[] = [];
  let line = lead;
  let empty = true;
  for (const word of text.split(' ').filter((part) => part !== '')) {
    if (!empty && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  lines.push(line);
  return lines.join('\n');
}

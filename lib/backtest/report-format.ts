import type { AccountOutcome } from './outcome.ts';

/** Numbers and times as a report's reader is given them. */

export const int = (value: number): string => Math.round(value).toLocaleString('en-US');
export const share = (value: number): string =>
  `${(value * 100).toFixed(value !== 0 && Math.abs(value) < 0.01 ? 2 : 1)} %`;
export const time = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
export const chance = (p: number): string => (p >= 0.001 ? p.toPrecision(2) : p.toExponential(1));
export const labelName = (label: AccountOutcome['label']): string => (label === '' ? 'not labelled' : label);

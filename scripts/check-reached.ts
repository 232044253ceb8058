/**
 * Says how many source files the fast tests reach, from the coverage that `npm run coverage` has just written, and
 * which they do not. A file counts as reached when one of its functions ran; files of types alone do not count.
 * Exit 1 below the share that is kept.
 */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const MIN_SHARE = 0.95;

interface FileCoverage {
  readonly lines: { readonly total: number; readonly covered: number };
  readonly functions: { readonly total: number; readonly covered: number };
}

const summary = JSON.parse(readFileSync('coverage/coverage-summary.json', 'utf8')) as Record<
  string,
  FileCoverage
>;
// data (schemas, vectors) has no code that could run
const files = Object.entries(summary).filter(
  ([file, { lines }]) => /\.(?:ts|mjs)$/.test(file) && lines.total > 0,
);
const reached = ({ functions, lines }: FileCoverage) =>
  functions.total > 0 ? functions.covered > 0 : lines.covered > 0;
const missed = files.filter(([, coverage]) => !reached(coverage));
const share = (files.length - missed.length) / files.length;
for (const [file] of missed) console.log(`not reached: ${relative('.', file)}`);
console.log(
  `reached by a fast test: ${files.length - missed.length} of ${files.length} source files (${(100 * share).toFixed(1)} %, at least ${100 * MIN_SHARE} %)`,
);
process.exitCode = share >= MIN_SHARE ? 0 : 1;

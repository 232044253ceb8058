import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { BENCHMARKS } from '../../bench/benchmarks.ts';

it('`npm run bench` runs every benchmark that has a script, and no other', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named = Object.keys(scripts).flatMap((script) => /^bench:(.+)$/.exec(script)?.[1] ?? []);
  expect(Object.keys(BENCHMARKS).sort()).toEqual(named.sort());
});

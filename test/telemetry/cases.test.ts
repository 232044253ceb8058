import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CaseFile, checkCase } from './check-case.ts';

/**
 * What real gateways write, and what it should come to: each case has its source and its right value in expected.json.
 * Names, keys and addresses are made up. `npm run bench:inputs` prints the same, also for other folders of cases.
 */
const folder = new URL('cases/', import.meta.url);

describe('record', () => {
  it.each(readdirSync(folder))('reads %s as it is meant', async (name) => {
    const here = new URL(`${name}/`, folder);
    const input = readdirSync(here).find((file) => file.startsWith('input'));
    const expected = JSON.parse(readFileSync(new URL('expected.json', here), 'utf8')) as CaseFile;
    expect(await checkCase(new URL(input ?? '', here).pathname, expected)).toEqual([]);
  });
});

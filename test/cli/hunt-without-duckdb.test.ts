import { expect, it, vi } from 'vitest';
import { HuntDatabase } from '../../lib/cli/hunt/duckdb.ts';

vi.mock('@duckdb/node-api', () => {
  throw Object.assign(new Error("Cannot find package '@duckdb/node-api'"), { code: 'ERR_MODULE_NOT_FOUND' });
});

it('hunt says in one sentence what is missing where DuckDB is not installed', async () => {
  await expect(HuntDatabase.open([], '/tmp')).rejects.toMatchObject({
    name: 'InputError',
    message: expect.stringMatching(/^hunt needs DuckDB, .* npm install --include=optional .*--athena$/),
  });
});

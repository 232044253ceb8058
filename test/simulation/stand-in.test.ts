import { afterAll, beforeAll, describe, it } from 'vitest';
import { type EmulatedTables, emulatedTables } from '../tables.ts';
import { answersLike, TableName } from './stand-in-requests.ts';

let emulated: EmulatedTables;

beforeAll(async () => {
  emulated = await emulatedTables();
  await emulated.create('link', TableName);
});
afterAll(() => emulated.close());

describe('the stand-in of DynamoDB', () => {
  it('answers and refuses as dynalite does', { timeout: 120_000 }, () => answersLike(emulated.client, 12));
});

import { describe, expect, it } from 'vitest';
import { mayKeepHeader, mayKeepLine } from '../../lib/telemetry/kept-line.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { usageEvent } from '../events.ts';

const kept = (change: object) => {
  const json = { ...usageEvent(), ...change };
  return mayKeepLine(JSON.stringify(json), json);
};

describe('a line that is set aside', () => {
  it.each([
    ['an event with a field too many', { extra: 1 }, true],
    ['an event of another version', { v: 2 }, true],
    ['a customer under its name', { account: 'acme' }, false],
    ['what somebody wrote', { note: 'My name is Jo' }, false],
    ['what somebody wrote as the name of a field', { 'My name is Jo': 1 }, false],
    ['messages', { messages: ['hi'] }, false],
    ['no version', { v: undefined }, false],
  ])('is kept where it holds facts alone: %s', (_, change, expected) => {
    expect(kept(change)).toBe(expected);
  });
});

describe('a record with a header of another version', () => {
  const record = (header: object) =>
    decodeRecord(Buffer.from(`${JSON.stringify(header)}\n${JSON.stringify(usageEvent())}\n`));

  it('is kept for a later build where its header holds facts alone', () => {
    expect(record({ siphonwatch: 2, bucket: 3 }).withheld).toBeUndefined();
    expect(mayKeepHeader({ siphonwatch: 2, said: { by: 'My name is Jo' } })).toBe(false);
    expect(record({ siphonwatch: 2, said: { by: 'My name is Jo' } }).withheld).toBe(true);
  });
});

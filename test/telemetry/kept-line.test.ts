import { describe, expect, it } from 'vitest';
import { keptLine, mayKeepHeader } from '../../lib/telemetry/kept-line.ts';
import { openValue } from '../../lib/telemetry/reason.ts';
import { decodeRecord } from '../../lib/telemetry/record-codec.ts';
import { usageEvent } from '../events.ts';

const kept = (change: object) => {
  const line = keptLine({ ...usageEvent(), ...change });
  if (line !== '')
    expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify({ ...usageEvent(), ...change })));
  return line !== '';
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
    ['a model by another provider', { model: 'claude-3-5-sonnet@20240620' }, true],
    ['an outcome of a later build', { outcome: 'blocked', v: 2 }, true],
    ['a plan of two words', { customer: { ...usageEvent().customer, plan: 'Free tier', seats: 3 } }, true],
    ['an address', { origin: { ip: '203.0.113.7' } }, false],
    ['an address of six', { ip: '2001:0:3238::63' }, false],
    ['a credential', { credential: 'sk-live-51Habcdef' }, false],
    ['a credential in place of its print', { prints: [{ epoch: '1', credential: 'sk-live-51Habc' }] }, false],
    ['a family name', { customer: { plan: 'payg', contact: 'Miller' } }, false],
    ['a telephone', { phone: '+49-171-5551234' }, false],
    ['a telephone as a number', { phone: 491_715_551_234 }, false],
    ['a count that is no telephone', { usage: { inputTokens: 1e30, outputTokens: 1 } }, true],
    ['an account at a bank', { customer: { payment: 'DE89370400440532013000' } }, false],
    ['a sentence as an id', { id: 'My name is Jo Miller' }, false],
    ['a mail address as an id', { id: 'jo@example.com' }, false],
    ['a sentence as a model', { model: 'tell me how Jo Miller died' }, false],
    ['words of a list', { tags: ['Jo', 'has', 'cancer'] }, false],
  ])('is kept where it holds facts alone: %s', (_, change, expected) => {
    expect(kept(change)).toBe(expected);
  });
});

describe('a text behind a name that stands twice', () => {
  const hidden = (line: object, text: string) => JSON.stringify(line).replace('{', `{"id":"${text}",`);

  it('is not kept with the line, nor with a record of another version', () => {
    const line = hidden({ ...usageEvent(), extra: 1 }, 'My name is Jo');
    const [alone] = decodeRecord(Buffer.from(`${line}\n`)).lines;
    expect(alone?.raw).toContain('"extra":1');
    expect(alone?.raw).not.toContain('Jo');
    expect(decodeRecord(Buffer.from(`{"siphonwatch":2}\n${line}\n`)).withheld).toBe(true);
    const header = '{"siphonwatch":2,"said":"My name is Jo","said":1}';
    expect(decodeRecord(Buffer.from(`${header}\n`)).withheld).toBe(true);
    expect(decodeRecord(Buffer.from(`{"siphonwatch": 2}\n`)).withheld).toBeUndefined();
  });
});

describe('a reason', () => {
  it('says numbers and times, and no address, telephone or card in their place', () => {
    expect(openValue('time', '2031-01-01T00:00:00Z')).toBe('2031-01-01T00:00:00Z');
    expect(openValue('usage.inputTokens', '12')).toBe('12');
    expect(openValue('time', 1_772_352_000_000)).toBe('1772352000000');
    expect(openValue('usage.inputTokens', 4_242_424_242_424_242)).toBe('a number');
    for (const text of ['203.0.113.7', '+49 171 5551234', '4242 4242 4242 4242', '4242424242424242'])
      expect(openValue('time', text)).toBe(`a text of ${text.length} characters`);
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

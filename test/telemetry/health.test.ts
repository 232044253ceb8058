import { describe, expect, it } from 'vitest';
import { TelemetryHealth } from '../../lib/telemetry/health.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });

function warningsOf(prompt: (i: number) => string, id: (i: number) => string = String) {
  const health = new TelemetryHealth();
  for (let i = 0; i < 300; i++)
    health.event(
      recorder.record(
        anExchange({
          ...{ id: id(i), account: `acct-${i % 60}`, prompt: prompt(i) },
          time: new Date(Date.UTC(2026, 2, 1) + i * 60_000).toISOString(),
          origin: { ip: `203.0.113.${i % 60}` },
        }),
      ),
    );
  return health.warnings().map(({ share, severe }) => [share, severe]);
}

describe('telemetry health', () => {
  it('has no warning for traffic that can be judged', () => {
    expect(
      warningsOf((i) => (i % 10 === 0 ? 'hi' : `Question ${'abcdefghij'[i % 10]} about tides ${i}`)),
    ).toEqual([]);
  });

  it.each([
    ['prompts are missing', () => '', ['withoutPrompt', true]],
    [
      'one text stands where prompts should',
      () => 'content removed by our gateway',
      ['samePromptAccounts', true],
    ],
  ])('says that detection is blind where %s', (_, prompt, warning) => {
    expect(warningsOf(prompt)).toContainEqual(warning);
  });

  const prompt = (i: number) => `Question ${'abcdefghij'[i % 10]} about tides ${i}`;
  const event = (i: number, over: Parameters<typeof anExchange>[0] = {}) =>
    recorder.record(
      anExchange({
        ...{ id: String(i), account: `acct-${i % 60}`, prompt: prompt(i) },
        time: new Date(Date.UTC(2026, 2, 1) + i * 60_000).toISOString(),
        origin: { ip: `203.0.113.${i % 60}`, credential: `key-${i % 60}` },
        ...over,
      }),
    );
  const warningsAfter = (
    good: number,
    bad: number,
    over: (i: number) => Parameters<typeof anExchange>[0],
  ) => {
    const health = new TelemetryHealth();
    for (let i = 0; i < good + bad; i++) health.event(event(i, i < good ? {} : over(i)));
    return health.warnings();
  };

  it.each([
    [
      'ids with a word before',
      'shortPrompts',
      (i: number) => ({ prompt: `Prompt ${(i * 7919).toString(16)} withheld` }),
    ],
    ['one address for all', 'sameOrigin', () => ({ origin: { ip: '10.0.0.1' } })],
    ['one time for all', 'sameTime', () => ({ time: '2026-03-01T00:00:00Z' })],
    [
      'times of 1970',
      'oddTime',
      (i: number) => ({ time: `1970-01-01T00:00:00.${String(i).padStart(3, '0')}Z` }),
    ],
    ['as many models as events', 'models', (i: number) => ({ model: `request-${i}` })],
    ['nothing but errors', 'failed', () => ({ outcome: 'error' as const })],
    ['no origin', 'withoutOrigin', () => ({ origin: {} })],
  ])('warns of %s', (_, share, over) => {
    expect(warningsAfter(0, 300, over).map((warning) => warning.share)).toEqual([share]);
  });

  it('warns of one account for all customers only where there are many events', () => {
    expect(warningsAfter(0, 900, () => ({ account: 'gateway' }))).toEqual([]);
    expect(warningsAfter(0, 1100, () => ({ account: 'gateway' })).map(({ share }) => share)).toEqual([
      'oneAccount',
    ]);
  });

  it('is blind where a placeholder stands in the calls of half of the customers', () => {
    const half = (i: number) =>
      i % 2 === 0 ? {} : { prompt: 'geschwärzt von unserem Gateway', account: `b-${i % 40}` };
    expect(warningsAfter(0, 600, half)).toMatchObject([{ share: 'samePrompt', severe: true }]);
  });

  it('says when it was blind, though most of what it saw was well', () => {
    const [warning, ...others] = warningsAfter(2000, 1999, (i) => (i < 3000 ? { prompt: '' } : {}));
    expect(others).toEqual([]);
    expect(warning).toMatchObject({
      share: 'withoutPrompt',
      severe: true,
      from: event(2000).time,
      until: event(2999).time,
    });
    expect(warning?.text).toContain('of 1000 events from 2026-03-02T09:20:00.000Z');
  });

  it('says that ids come again', () => {
    expect(
      warningsOf(
        (i) => `Question ${i}`,
        (i) => `chatcmpl-${i % 100}`,
      ),
    ).toContainEqual(['repeatedIds', false]);
  });

  it.each([
    ['of many accounts', 60, [['unreadablePrompts', true]]],
    ['of one of many', 1, []],
  ])('is blind where nothing can be read in the prompts %s', (_, accounts, expected) => {
    const health = new TelemetryHealth();
    for (let i = 0; i < 300; i++) {
      const unreadable = i % 60 < accounts || i > 240;
      const over = {
        prompt: `${prompt(i)} and the moon`,
        account: `acct-${accounts === 1 && unreadable ? 0 : i % 60}`,
      };
      health.event(event(i, over), accounts === 60 || over.account === 'acct-0');
    }
    expect(health.warnings().map(({ share, severe }) => [share, severe])).toEqual(expected);
  });

  it('counts what could not be used', () => {
    const health = new TelemetryHealth();
    health.unused({ rejected: 50, skipped: 3 });
    expect(health.warnings()).toMatchObject([{ share: 'rejected', severe: true }]);
    health.unused({ rejected: 0, skipped: 100_000 });
    expect(health.warnings().map(({ share }) => share)).toEqual(['rejected', 'skipped']);
  });
});

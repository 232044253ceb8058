import { describe, expect, it } from 'vitest';
import { promptFacts } from '../../lib/telemetry/adapters/prompt-faults.ts';
import { keepEntryFacts, type ReadFacts } from '../../lib/telemetry/entry-facts.ts';
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

  it('takes five phrases that everybody sends for buttons, and says so, but not that detection is blind', () => {
    const phrases = ['Summarise this page', 'Translate it', 'Explain it', 'Make it shorter', 'Check grammar'];
    // each account comes to each phrase
    const found = warningsOf((i) => phrases[Math.floor(i / 60)] ?? '');
    expect(found).toContainEqual(['recurringPrompts', false]);
    expect(found.filter(([, severe]) => severe)).toEqual([]);
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
    ['dates for times', 'dateOnly', (i: number) => ({ time: `2026-03-0${1 + (i % 7)}T00:00:00Z` })],
    [
      'times of one minute',
      'sameMinute',
      (i: number) => ({ time: `2026-03-01T08:00:${String(i % 60).padStart(2, '0')}Z` }),
    ],
    ['a request id for an account', 'singleAccounts', (i: number) => ({ account: `r-${i}` })],
    [
      'a pod for an account',
      'crossedOrigins',
      (i: number) => ({ account: `pod-${i % 4}`, origin: { ip: `203.0.113.${(i >> 2) % 40}` } }),
    ],
    [
      'a mail domain for an account',
      'coarseAccounts',
      (i: number) => ({
        account: `domain-${i % 3}`,
        origin: { ip: `203.0.113.${i % 60}` },
      }),
    ],
    ['a session for an account', 'crowdedOrigins', (i: number) => ({ account: `s-${i >> 1}` })],
    [
      'one account from many addresses',
      'crowdedAccount',
      (i: number) => ({ account: 'svc', origin: { ip: `203.0.113.${i % 60}` } }),
    ],
    [
      'a health check of one account',
      'repeatedPrompt',
      (i: number) =>
        i % 20 === 0
          ? {}
          : { account: 'probe', prompt: 'Are you there? Say yes.', origin: { ip: '203.0.113.1' } },
    ],
  ])('warns of %s', (_, share, over) => {
    expect(
      warningsAfter(0, share === 'crowdedOrigins' ? 1300 : 600, over).map((warning) => warning.share),
    ).toEqual([share]);
  });

  it('warns of one account for all customers where there are many events, or many credentials', () => {
    const own = () => ({ account: 'gateway', origin: { credential: 'one' } });
    expect(warningsAfter(0, 900, () => ({ account: 'gateway' })).map(({ share }) => share)).toEqual([
      'crowdedAccount',
    ]);
    expect(warningsAfter(0, 900, own)).toEqual([]);
    expect(warningsAfter(0, 1100, own).map(({ share }) => share)).toEqual(['oneAccount']);
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
      const fault = accounts === 60 || over.account === 'acct-0' ? ('unreadable' as const) : undefined;
      health.event(event(i, over), { prompt: { length: 30, ...(fault && { fault }) } });
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

  const people = (field: string, value: string) => [[field, value] as const];
  const warned = (count: number, one: (i: number) => [Parameters<typeof anExchange>[0], ReadFacts]) => {
    const health = new TelemetryHealth();
    for (let i = 0; i < count; i++) {
      const [over, read] = one(i);
      health.event(event(i, over), read);
    }
    return health.warnings();
  };

  it.each(['gateway', 'route', 'model'] as const)(
    'says which %s is blind inside of a whole that is well',
    (by) => {
      const found = warned(600, (i) => {
        const name = i % 10 === 3 ? 'lost' : 'well';
        const entry = { format: 'openai', people: [], ...(by === 'model' ? {} : { [by]: name }) };
        const fault = name === 'lost' ? { fault: 'unreadable' as const } : {};
        return [
          { account: `acct-${i % 61}`, ...(by === 'model' ? { model: name } : {}) },
          { entry, prompt: { length: 30, ...fault } },
        ];
      });
      expect(found.filter(({ severe }) => severe)).toMatchObject([
        {
          share: 'unreadablePrompts',
          slice: { by, name: 'lost' },
          text: expect.stringContaining('100 % of 60 events'),
        },
      ]);
    },
  );

  it('says which gateway loses all of its entries', () => {
    const health = new TelemetryHealth();
    const facts = (gateway: string) => ({ format: 'openai', gateway, people: [] });
    for (let i = 0; i < 570; i++) health.event(event(i), { entry: facts('well') });
    for (let i = 0; i < 30; i++) {
      const reason = { field: 'messages', value: '', message: 'a placeholder' };
      keepEntryFacts(reason, facts('lost'));
      health.unused({ rejected: 1, skipped: 0 }, [reason]);
    }
    expect(health.warnings()).toMatchObject([
      { share: 'rejected', severe: true, slice: { by: 'gateway', name: 'lost' } },
    ]);
  });

  it('does not blame a part for what one customer sends', () => {
    const found = warned(600, (i) => [
      i % 10 === 3 ? { account: 'one', model: 'his' } : {},
      { prompt: { length: 30, ...(i % 10 === 3 ? { fault: 'unreadable' as const } : {}) } },
    ]);
    expect(found).toEqual([]);
  });

  it('says that some accounts are blind', () => {
    const found = warned(600, (i) => [
      {},
      { prompt: { length: 30, ...(i % 60 < 6 ? { fault: 'cut' as const } : {}) } },
    ]);
    expect(found.map(({ share }) => share)).toEqual(['blindAccounts']);
  });

  it.each([
    ['dots behind one length', 37, true, 600, ['cutPrompts']],
    ['a limit that somebody set', 200, false, 600, ['cutPrompts']],
    ['a length that is nobody’s limit', 37, false, 600, []],
    ['lengths that differ', 200, true, 1, []],
  ])('knows prompts that are cut at one length, by %s', (_, length, dots, same, expected) => {
    const found = warned(600, (i) => [{}, { prompt: { length: i < same ? length : 20 + (i % 400), dots } }]);
    expect(found.map(({ share }) => share)).toEqual(expected);
  });

  it('knows them where a logger counts code points, and where most end at any one length', () => {
    const opening = (i: number) => `${i.toString(36)} asks whether the tides turn ${i}`;
    const cut = (lengths: (i: number) => { length: number; points?: number }) =>
      warned(600, (i) => [{ prompt: opening(i) }, { prompt: lengths(i) }]).map(({ share }) => share);
    expect([
      cut((i) => (i % 20 === 0 ? { length: 1001, points: 1000 } : { length: 1000 })),
      cut((i) => ({ length: i % 10 === 0 ? 60 : 87 })),
      cut((i) => ({ length: i % 3 === 0 ? 87 : 20 + (i % 60) })),
    ]).toEqual([['cutPrompts'], ['cutPrompts'], []]);
  });

  it('knows prompts that are cut after some words or tokens; short ones that people end, and templates, are none', () => {
    const spread = (i: number) => (i % 10 === 0 ? i % 9 : 15 + (i % 3));
    const of = (prompt: (i: number) => string, open: boolean) =>
      warned(600, (i) => [
        { prompt: prompt(i) },
        { prompt: { length: 50 + (i % 70), words: spread(i), open } },
      ]);
    const varied = (i: number) =>
      `${i.toString(36)} ${i % 31} asks about tides and ends with ${(i * 7).toString(36)}`;
    const forms = (i: number) => ({ letters: i, head: i, pairs: undefined });
    const cut = warned(600, (i) => [
      { prompt: varied(i) },
      { prompt: { length: 50 + (i % 70), words: spread(i), open: true, forms: forms(i) } },
    ]);
    expect(cut).toMatchObject([{ share: 'cutPrompts', severe: true }]);
    expect([...of(varied, false), ...of((i) => `What is the capital city of ${i}`, true)]).toMatchObject([
      { severe: false },
    ]);
  });

  it('warns of invented texts that differ in numbers alone', () => {
    const found = warned(600, (i) => {
      const text = `${i % 2 === 0 ? 'Jane asked for report' : 'Max has lost order'} ${i}`;
      return [{ prompt: text }, { prompt: promptFacts(text).facts }];
    });
    expect(found.map(({ share, severe }) => [share, severe])).toEqual([['fewTexts', false]]);
  });

  it('warns of a few labels that stand where many customers ask', () => {
    const found = warned(600, (i) => {
      const text = `topic: ${['law', 'music', 'cooking', 'travel'][i % 4]}, language: en, tone: ${'abcd'[i % 3]}`;
      return [{ prompt: text }, { prompt: promptFacts(text).facts }];
    });
    expect(found.map(({ share, severe }) => [share, severe])).toContainEqual(['fewTexts', false]);
  });

  it('knows times in the future by the clock that it is given', () => {
    const clock = Date.UTC(2026, 1, 20);
    const severe = [clock, Date.UTC(2026, 3, 1)].map((now) => {
      const health = new TelemetryHealth(() => now);
      for (let i = 0; i < 100; i++) health.event(event(i));
      return health.warnings().map(({ share }) => share);
    });
    expect(severe).toEqual([['futureTime'], []]);
  });

  it('says which gateway cuts prompts where others are longer', () => {
    const found = warned(600, (i) => [
      {},
      {
        entry: { format: 'openai', people: [], gateway: `gw-${i % 7 === 0 ? 1 : 2}` },
        prompt: { length: i % 7 === 0 ? 200 : 150 + (i % 400) },
      },
    ]);
    expect(found).toMatchObject([
      { share: 'cutPrompts', severe: true, slice: { by: 'gateway', name: 'gw-1' } },
    ]);
  });

  it('does not take JSON or HTML that all begin alike for what a logger wrote', () => {
    const markup = warned(300, (i) => [
      { prompt: `{"task": "Say what the text is", "n": ${i}}` },
      { prompt: { length: 20 + (i % 60), markup: true } },
    ]);
    expect(markup).toEqual([]);
  });

  it('says that one account stands for many, and which field names them', () => {
    const found = warned(600, (i) => [
      { account: 'svc' },
      { entry: { format: 'openai', people: people('end_user', `u${i % 60}`) } },
    ]);
    expect(found).toMatchObject([{ share: 'sharedAccount', severe: true }]);
    expect(found[0]?.text).toContain('60 values of end_user');
  });

  it('says so of an account that has a third, and not of one with many sessions', () => {
    const of = (field: string) =>
      warned(900, (i) => [
        i % 3 === 0 ? { account: 'svc' } : {},
        { entry: { format: 'openai', people: i % 3 === 0 ? people(field, `u${i % 90}`) : [] } },
      ]).map(({ share, severe }) => [share, severe]);
    expect([of('user'), of('session_id')]).toEqual([[['sharedAccount', false]], []]);
  });

  it('warns where what a logger wrote begins all prompts', () => {
    const found = warned(300, (i) => [
      { prompt: `Envelope of our gateway says Question ${i} about ${i * 7}` },
      {},
    ]);
    expect(found.map(({ share, severe }) => [share, severe])).toEqual([['sameOpening', false]]);
  });
});

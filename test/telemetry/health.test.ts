import { describe, expect, it } from 'vitest';
import { TelemetryHealth } from '../../lib/telemetry/health.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });

function warningsOf(prompt: (i: number) => string, id: (i: number) => string = String) {
  const health = new TelemetryHealth();
  for (let i = 0; i < 300; i++)
    health.event(recorder.record(anExchange({ id: id(i), account: `acct-${i % 60}`, prompt: prompt(i) })));
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

  it('says that ids come again', () => {
    expect(
      warningsOf(
        (i) => `Question ${i}`,
        (i) => `chatcmpl-${i % 100}`,
      ),
    ).toContainEqual(['repeatedIds', false]);
  });

  it('counts what could not be used', () => {
    const health = new TelemetryHealth();
    health.unused({ rejected: 50, skipped: 3 });
    expect(health.warnings().map(({ share }) => share)).toEqual(['rejected']);
  });
});

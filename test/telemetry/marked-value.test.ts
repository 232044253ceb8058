import { describe, expect, it } from 'vitest';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { markedValue } from '../../lib/telemetry/marked-value.ts';
import { parseExchange } from '../../lib/telemetry/parse-exchange.ts';
import { anExchange } from './exchanges.ts';

const show = markedValue(developmentKeyring('for this example only'));

describe('a value in a reason', () => {
  it('is known again by a keyed hash, and not said', () => {
    const secret = 'My name is Jo. '.repeat(20);
    const reason = (model: string, how = show) => {
      const parsed = parseExchange(
        { ...anExchange(), account: { name: model }, model, id: model.repeat(9) },
        how,
      );
      return parsed.ok ? undefined : parsed.reason;
    };
    const said = show('model', secret);
    expect(said).toMatch(/^a text of 300 characters, #[\w-]{8}$/);
    expect(show('model', secret)).toBe(said);
    expect(show('model', `${secret}!`).slice(-8)).not.toBe(said.slice(-8));
    expect(markedValue(developmentKeyring('another'))('model', secret)).not.toBe(said);
    expect(JSON.stringify(reason(secret))).not.toContain('Jo');
  });

  it('is said as it is where it is a number or a time of ours', () => {
    expect(show('time', '2026-03-01 08:00')).toBe('2026-03-01 08:00');
    expect(show('time', 'noon')).toMatch(/^a text of 4 characters, #/);
    expect(show('usage.inputTokens', -1)).toBe('-1');
    expect(show('messages', undefined)).toBe('nothing');
  });
});

import { describe, expect, it } from 'vitest';
import { fieldLine } from '../../lib/input/field-lines.ts';

const HEAD = '2026-03-01T08:00:00.123456Z\tinfo\trequest gateway=default/gw src.addr=[::1]:61586';
const CALL = 'gen_ai.request.model=m-1 gen_ai.usage.input_tokens=12';

/** Lines of agentgateway; the form stands in lib/input/field-lines.ts. */
describe('a line of fields', () => {
  it('is read with values that are words, texts, JSON and addresses', () => {
    const line = `${HEAD} ${CALL} jwt.sub=acct-1 llm.prompt=[{"role": "user", "content": "a ] \\" b=c"}] llm.completion="By the moon. x=1" duration=12ms`;
    expect(JSON.parse(fieldLine(line) ?? '')).toEqual({
      timestamp: '2026-03-01T08:00:00.123456Z',
      gateway: 'default/gw',
      'src.addr': '[::1]:61586',
      'gen_ai.request.model': 'm-1',
      'gen_ai.usage.input_tokens': '12',
      'jwt.sub': 'acct-1',
      'llm.prompt': [{ role: 'user', content: 'a ] " b=c' }],
      'llm.completion': 'By the moon. x=1',
      duration: '12ms',
    });
  });

  it.each([
    ['names a field twice, as a client may make it', `${HEAD} ${CALL} jwt.sub=victim jwt.sub=acct-1`],
    ['tells of no call', `${HEAD} http.status=200`],
    ['has words between its fields', `${HEAD} ${CALL} by the moon`],
    ['ends within a text', `${HEAD} ${CALL} llm.completion="By the`],
    ['ends within JSON', `${HEAD} ${CALL} llm.prompt=[{"role": "user"`],
    ['does not begin with a time', `${CALL}`],
  ])('is none that %s', (_, line) => {
    expect(fieldLine(line)).toBeUndefined();
  });

  it.each([
    ['brackets', `${HEAD} ${CALL} llm.prompt=${'['.repeat(16_000_000)}`],
    ['a text that does not end', `${HEAD} ${CALL} llm.completion="${'\\\\'.repeat(8_000_000)}`],
    ['a word', `${HEAD} ${CALL} x=${'a'.repeat(16_000_000)}`],
    ['names', `${HEAD} ${CALL} ${Array.from({ length: 30_000 }, (_, i) => `n${i}=1`).join(' ')}`],
  ])('costs no more than its length: %s', (_, line) => {
    const start = performance.now();
    fieldLine(line);
    expect(performance.now() - start).toBeLessThan(1500);
  });
});

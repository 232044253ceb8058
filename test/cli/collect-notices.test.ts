import { describe, expect, it } from 'vitest';
import { Notices } from '../../lib/cli/collect/notices.ts';

describe('a listener', () => {
  it('says once each what comes, why entries cannot be used, and that it is blind; an endless list of reasons hides no blindness', () => {
    const said: string[] = [];
    const notices = new Notices((line) => said.push(line));
    const reason = { field: 'account', value: '', message: 'missing' };
    for (let i = 0; i < 3; i++) notices.counted('litellm', 2, [reason, reason]);
    expect(said).toEqual(['first event of litellm', expect.stringContaining('account: missing')]);
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...reason, message: `odd ${i}` }));
    notices.counted('otel', 0, many);
    expect(said.length).toBeLessThan(60);
    const blind = { share: 'withoutPrompt' as const, value: 1, severe: true, text: '100 % have no prompt' };
    notices.warned([blind]);
    notices.warned([blind]);
    expect(said.filter((line) => line.startsWith('WARNING: BLIND'))).toHaveLength(1);
  });
});

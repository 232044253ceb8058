import { expect, it } from 'vitest';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';

const read = (entry: object) => {
  const { exchanges, reasons, skipped } = new EntryReader('auto').read(entry);
  return { read: exchanges.length, refused: reasons.map(({ field }) => field), skipped };
};

const bifrost = {
  ...{
    id: 'l-1',
    timestamp: '2026-03-01T08:00:00Z',
    object: 'chat.completion',
    model: 'm-1',
    status: 'success',
  },
  ...{ selected_key_id: 'k', virtual_key_id: 'acct-1', input_history: [{ role: 'user', content: 'Why?' }] },
};

it('a call of Bifrost whose bodies lie in another store is refused with words, not taken for none', () => {
  expect(read(bifrost)).toEqual({ read: 1, refused: [], skipped: 0 });
  const apart = { ...bifrost, input_history: [], content_summary: 'Why?' };
  expect(read(apart)).toMatchObject({ read: 0, refused: [expect.anything()], skipped: 0 });
  expect(read({ ...apart, object: 'embedding' })).toEqual({ read: 0, refused: [], skipped: 1 });
});

it.each([
  ['http://chat.example.org/api/chat/completions', 1],
  ['/ollama/api/chat', 1],
  ['/ollama/api/chat?x=1', 1],
  ['/openai/responses', 1],
  ['/api/v1/chats/new', 0],
  ['/api/v1/auths/signin', 0],
])('a request to %s in the audit log of Open WebUI is a call: %i', (uri, calls) => {
  const request = { model: 'm-1', messages: [{ role: 'user', content: 'Why?' }], input: 'Why?' };
  const entry = {
    ...{
      audit_level: 'REQUEST',
      verb: 'POST',
      request_uri: uri,
      timestamp: 1772352000,
      user: { id: 'acct-1' },
    },
    request_object: JSON.stringify(request),
  };
  expect(read(entry)).toEqual({ read: calls, refused: [], skipped: 1 - calls });
});

it('events of an agent in BigQuery that are no calls are none, and a call without its span is said', () => {
  const event = { event_type: 'TOOL_STARTING', agent: 'a', invocation_id: 'i', user_id: 'acct-1' };
  expect(read(event)).toEqual({ read: 0, refused: [], skipped: 1 });
  const asked = { prompt: [{ role: 'user', content: 'Why?' }] };
  const request = { ...event, event_type: 'LLM_REQUEST', content: JSON.stringify(asked) };
  expect(read(request).skipped).toBe(0);
});

import { expect, it } from 'vitest';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';

const request = { model: 'm-1', messages: [{ role: 'user', content: 'Why do tides differ?' }] };
const outcome = (beside: object, response: unknown = null) => {
  const entry = { time: '2026-03-01T08:00:00Z', tenant_id: 'acct-1', request, response, ...beside };
  return new EntryReader('auto').read(entry).exchanges.map((exchange) => exchange.outcome);
};

it.each([
  [{ status: 'error' }, 'error'],
  [{ status: 'failed' }, 'error'],
  [{ state: 'failure' }, 'error'],
  [{ status: 'content_filter' }, 'refused'],
  [{ error_message: 'rate limited' }, 'error'],
  [{ error_details: { error: { message: 'blocked by guardrail' } } }, 'refused'],
  [{ errorInfo: { message: 'x' } }, 'error'],
  [{ status: 'success', error: null }, 'ok'],
  [{ status: 'success', error_message: '' }, 'ok'],
  [{ status: 'completed', error: {} }, 'ok'],
])('a logger that writes %j beside a call without an answer says how it ended', (beside, ending) => {
  expect(outcome(beside)).toEqual([ending]);
});

it('an answer that says how it ended is believed before that', () => {
  const response = {
    id: 'r',
    choices: [{ message: { role: 'assistant', content: 'a' }, finish_reason: 'length' }],
  };
  expect(outcome({ status: 'error' }, response)).toEqual(['truncated']);
});

it('in an entry into which the body of the request was spread, a customer says nothing of the end', () => {
  const entry = {
    time: '2026-03-01T08:00:00Z',
    tenant_id: 'acct-1',
    ...request,
    status: 'error',
    completion: 'a',
  };
  expect(new EntryReader('auto').read(entry).exchanges.map((exchange) => exchange.outcome)).toEqual(['ok']);
});

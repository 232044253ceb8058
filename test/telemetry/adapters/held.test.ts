import { expect, it } from 'vitest';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';
import { logs } from './gateway-shapes/shape.ts';

/** Calls that are told in two parts, more of them than are held: what falls out is said, not left out. */
it('log events of more calls than are held are set aside with a reason', () => {
  const reader = new EntryReader('auto');
  const [first] = logs([{ name: 'gen_ai.user.message', body: { content: 'Why?' } }]).resourceLogs;
  const [record] = first?.scopeLogs[0]?.logRecords ?? [];
  const logRecords = Array.from({ length: 10_003 }, (_, i) => ({
    ...record,
    spanId: String(i + 1).padStart(16, '0'),
  }));
  const { late } = reader.read({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  expect(late).toHaveLength(3);
  expect(late[0]).toMatchObject({
    reason: { field: 'spanId', message: expect.stringContaining('10,000 calls behind') },
  });
});

it('lines of more batches than are held are set aside with a reason', () => {
  const reader = new EntryReader('auto');
  const request = (i: number) => ({
    custom_id: `c-${i}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { messages: [] },
  });
  reader.read({ requests: Array.from({ length: 200_000 }, (_, i) => request(i)) });
  expect(reader.read(request(200_000)).late).toMatchObject([{ reason: { field: 'response' } }]);
});

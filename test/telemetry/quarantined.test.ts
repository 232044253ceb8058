import { expect, it } from 'vitest';
import { readQuarantined } from '../../lib/telemetry/quarantined.ts';
import { encodeRecord } from '../../lib/telemetry/record-codec.ts';
import { account, harvest } from '../events.ts';

it('brings back what was set aside alone and what Lambda gave up on, and says why of the rest', () => {
  const [first, ...others] = harvest({ account: account(1), events: 4 });
  const data = Buffer.from(encodeRecord({ bucket: 1 }, others)).toString('base64');
  const lines = [
    { reason: {}, payload: JSON.stringify(first), encoding: 'utf8' },
    { requestContext: {}, payload: JSON.stringify({ Records: [{ kinesis: { data } }] }) },
    { payload: '{"v":1}', encoding: 'utf8' },
    { payload: Buffer.from([0xff, 0x00]).toString('base64'), encoding: 'base64' },
    { other: true },
  ];
  const { events, refused } = readQuarantined(
    'day.ndjson',
    `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{`,
  );
  expect(events.map(({ event }) => event)).toEqual([first, ...others]);
  expect(refused).toEqual([
    expect.stringMatching(/^day\.ndjson:3: .*missing/),
    expect.stringMatching(/^day\.ndjson:4: /),
    'day.ndjson:5: neither a quarantined event nor a batch that Lambda gave up on',
    'day.ndjson:6: not JSON (a text of 1 characters)',
  ]);
});

it('says in which lane of its account an event had stood, that it may be put back there: only there is known that it was applied', () => {
  const all = harvest({ account: account(1), events: 3 });
  const Records = all.map((event, i) => ({
    kinesis: {
      data: Buffer.from(encodeRecord({ bucket: 1 }, [event])).toString('base64'),
      partitionKey: ['b1-256/001', 'b1-256/001/3', 'b1-256/001/99'][i],
    },
  }));
  const { events } = readQuarantined('day.ndjson', JSON.stringify({ payload: JSON.stringify({ Records }) }));
  expect(events.map(({ lane }) => lane)).toEqual([0, 3, 0]);
});

import { expect, it } from 'vitest';
import { HeldWeight } from '../../../lib/telemetry/adapters/held-weight.ts';
import { OwnersApartReader } from '../../../lib/telemetry/adapters/owners-apart.ts';

it('weighs what waits by its texts, however deep they lie, and forgets what waits no more', () => {
  const weight = new HeldWeight(10_000);
  let deep: unknown = 'x'.repeat(6_000);
  for (let i = 0; i < 50; i++) deep = { a: [deep] };
  weight.add('one', deep);
  expect(weight.isOver).toBe(false);
  weight.add('two', { text: 'y'.repeat(5_000) });
  expect(weight.isOver).toBe(true);
  weight.drop('one');
  weight.drop('one');
  expect(weight.isOver).toBe(false);
});

/** A line of API Management, whose owner is in another one. */
const call = (id: string, size: number) => ({
  CorrelationId: id,
  ModelName: 'm-1',
  RequestMessages: JSON.stringify([{ role: 'user', content: 'a'.repeat(size) }]),
  Type: 'ApiManagementGatewayLlmLog',
});

it('calls that wait for their owner are bounded by their texts: the oldest go on without it', () => {
  const reader = new OwnersApartReader(undefined, 10_000);
  const read = (id: string, size: number) => reader.read('azure-apim-llm', call(id, size), undefined)?.late;
  expect(read('c-1', 4_000)).toEqual([]);
  expect(read('c-2', 4_000)).toEqual([]);
  expect(read('c-3', 4_000)).toMatchObject([{ entry: { CorrelationId: 'c-1' } }]);
  // one above all that may wait takes the others with it, and goes itself
  expect(read('c-4', 12_000)).toHaveLength(3);
  expect(read('c-5', 4_000)).toEqual([]);
  expect(reader.finish()).toHaveLength(1);
});

it('what another reader held is weighed too', () => {
  const first = new OwnersApartReader(undefined, 10_000);
  first.read('azure-apim-llm', call('c-1', 8_000), undefined);
  const second = new OwnersApartReader(first.held, 10_000);
  const { late } = second.read('azure-apim-llm', call('c-2', 4_000), undefined) ?? { late: [] };
  expect(late).toMatchObject([{ entry: { CorrelationId: 'c-1' } }]);
});

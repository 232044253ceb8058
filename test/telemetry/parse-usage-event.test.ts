import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSlices, encodeSlices } from '../../lib/profile/codec.ts';
import { addEvent, emptySlice, sliceStart } from '../../lib/profile/slice.ts';
import { developmentKeyring } from '../../lib/telemetry/keys.ts';
import { parseUsageEvent, surelyValid } from '../../lib/telemetry/parse-usage-event.ts';
import { openValue } from '../../lib/telemetry/reason.ts';
import { createRecorder } from '../../lib/telemetry/recorder.ts';
import { BEHAVIOURS, SCRIPTS, type UsageEvent, usageEvent } from '../../lib/telemetry/usage-event.ts';
import { anExchange } from './exchanges.ts';

const recorder = createRecorder({ keys: developmentKeyring('test') });
const valid = (): UsageEvent =>
  recorder.record(
    anExchange({ system: 'Be brief.', params: { temperature: 0.5, topP: 1, maxTokens: 9, n: 2, seed: 1 } }),
  );

/** Values that are near the edges of some field, or of the wrong type. */
const edges = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    1,
    -1,
    2,
    40,
    41,
    1.5,
    1e6,
    1e6 + 1,
    1e9,
    1e9 + 1,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'x',
    [],
    {},
    undefined,
  ),
  fc.constantFrom(
    '2026-02-29T00:00:00Z',
    '2024-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01T00:00:00.1Z',
    '2026-01-01T00:00:00.123456789Z',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00+00:00',
    '2026-13-01T00:00:00.000Z',
    '2026-1-01T00:00:00.000Z',
    '2026-01-01T00:00:00.00:Z',
    '20a6-01-01T00:00:00.000Z',
  ),
  fc.constantFrom(
    `a_${'a'.repeat(26)}`,
    `a_${'A'.repeat(26)}`,
    `a_${'1'.repeat(26)}`,
    `a_${'é'.repeat(26)}`,
    'AbCdEf-_',
    'AbCdEf+/',
    'a'.repeat(22),
    'a'.repeat(23),
    'a'.repeat(7),
    '😀'.repeat(8),
    '😀'.repeat(257),
    'x'.repeat(513),
    'x'.repeat(64),
    'x'.repeat(65),
  ),
  fc.constantFrom(...BEHAVIOURS, ...SCRIPTS, 'ok', 'refused', 'nonsense'),
  fc.jsonValue({ maxDepth: 1 }),
);

/** Every path of a valid event, to lists' members. */
function pathsOf(value: unknown, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [[...path]];
  const here = path.length === 0 ? [] : [[...path]];
  return [
    ...here,
    ...Object.entries(value).flatMap(([key, inner]) =>
      pathsOf(inner, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
}

function changed(
  path: readonly (string | number)[],
  change: (parent: Record<string | number, unknown>, key: string | number) => void,
): unknown {
  const copy: unknown = structuredClone(valid());
  let parent = copy as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<string | number, unknown>;
  change(parent, path[path.length - 1] as string | number);
  return copy;
}

const paths = pathsOf(valid());
const mutation = fc.oneof(
  fc.record({ path: fc.constantFrom(...paths), value: edges }).map(({ path, value }) =>
    changed(path, (parent, key) => {
      parent[key] = value;
    }),
  ),
  fc.constantFrom(...paths).map((path) =>
    changed(path, (parent, key) => {
      delete parent[key];
    }),
  ),
  fc
    .record({
      path: fc.constantFrom(...paths),
      name: fc.constantFrom('extra', '__proto__x', 'Prompt', 'text'),
    })
    .map(({ path, name }) =>
      changed(path, (parent) => {
        if (!Array.isArray(parent)) parent[name] = 'x';
      }),
    ),
);

describe('parseUsageEvent', () => {
  it('takes the fast way for what the recorder makes', () => {
    expect(surelyValid(valid())).toBe(true);
    const event = valid();
    expect(parseUsageEvent(event)).toEqual({ ok: true, event });
  });

  it('agrees with the schema on any mutation of a valid event', () => {
    fc.assert(
      fc.property(mutation, (json) => {
        const byZod = usageEvent.safeParse(json).success;
        if (surelyValid(json)) expect(byZod).toBe(true);
        expect(parseUsageEvent(json).ok).toBe(byZod);
      }),
      { numRuns: 1500 },
    );
  });

  it('agrees with the schema on any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(parseUsageEvent(json).ok).toBe(usageEvent.safeParse(json).success);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['time', '2026-03-01 08:00', /Invalid ISO datetime/],
    ['account', 'acct-1', /pattern/],
    ['outcome', 'great', /expected one of/],
  ])("names the field, and the value where it is no person's text: %s", (field, value, message) => {
    const parsed = parseUsageEvent({ ...valid(), [field]: value });
    expect(parsed).toMatchObject({ ok: false, reason: { field, value: openValue(field, value) } });
    expect(parsed.ok ? '' : parsed.reason.message).toMatch(message);
  });

  it('says what is missing, unknown, absurd, of another version', () => {
    const { model: _, ...without } = valid();
    expect(parseUsageEvent(without)).toEqual({
      ok: false,
      reason: { field: 'model', value: 'nothing', message: 'missing' },
    });
    expect(parseUsageEvent({ ...valid(), prompt: 'text!' })).toEqual({
      ok: false,
      reason: { field: 'prompt', value: 'a text of 5 characters', message: 'unknown field' },
    });
    expect(parseUsageEvent({ ...valid(), usage: { inputTokens: 1e12, outputTokens: 1 } })).toMatchObject({
      ok: false,
      reason: { field: 'usage.inputTokens', value: '1000000000000' },
    });
    expect(parseUsageEvent({ ...valid(), v: 2 })).toMatchObject({
      ok: false,
      reason: { field: 'v', value: '2' },
    });
    expect(parseUsageEvent('nonsense')).toMatchObject({
      ok: false,
      reason: { field: '(whole)', value: 'a text of 8 characters' },
    });
  });

  it('prints hostile values safely', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (hostile) => {
        const parsed = parseUsageEvent({ ...valid(), account: `\u001b[31m${hostile}\n\u202e` });
        expect(parsed.ok).toBe(false);
        if (parsed.ok) return;
        expect(parsed.reason.value.length).toBeLessThanOrEqual(120);
        expect(parsed.reason.value).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
      { numRuns: 200 },
    );
  });

  it('counts names with half a surrogate pair as they are stored', () => {
    const names = (tail: string) => ({
      id: `i${tail}`,
      model: `gpt-${tail}`,
      customer: { ...valid().customer, plan: `p${tail}`, product: `a${tail}` },
    });
    const recorded = recorder.record(anExchange({ ...names('\ud83d'), id: `${'i'.repeat(127)}😀` }));
    expect([recorded.model, recorded.customer.plan]).toEqual(['gpt-\ufffd', 'p\ufffd']);
    expect(JSON.stringify(recorded)).not.toMatch(/\\ud/);
    const slice = emptySlice(sliceStart(Date.parse(valid().time)));
    for (const tail of ['\ud801', '\ud802', '\udc00', '\ufffd', '😀']) {
      const parsed = parseUsageEvent({ ...valid(), ...names(tail) });
      if (!parsed.ok) throw new Error(parsed.reason.message);
      expect(JSON.stringify(parsed.event)).not.toMatch(/\\ud/);
      addEvent(slice, parsed.event, Date.parse(parsed.event.time));
    }
    expect(slice.models).toEqual(decodeSlices(encodeSlices([slice]))[0]?.models);
    expect([...slice.models.values()]).toEqual([4, 1]);
  });

  it('checks for the future only against an arrival time', () => {
    const event = valid();
    const arrival = Date.parse(event.time);
    expect(parseUsageEvent(event).ok).toBe(true);
    expect(parseUsageEvent(event, { arrival: arrival - 60_000 }).ok).toBe(true);
    expect(parseUsageEvent(event, { arrival: arrival - 301_000 })).toMatchObject({
      ok: false,
      reason: { field: 'time' },
    });
    expect(parseUsageEvent(event, { arrival: arrival - 60_000, permittedSkew: 1000 }).ok).toBe(false);
    expect(parseUsageEvent(event, { arrival: arrival + 3e10 }).ok).toBe(true);
  });
});

import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../lib/limits.ts';
import { describeFault, MAX_POLICY_BYTES, parsePolicy } from '../../lib/policy/parse-policy.ts';
import { budgetFor, defaultPolicy, type Policy } from '../../lib/policy/policy.ts';
import { policyDocument } from '../../lib/policy/policy-document.ts';
import { policyJsonSchema } from '../../lib/policy/schema/json-schema.ts';
import { MADE_FILES, madeText } from '../../scripts/policy-schema.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');

function faults(text: string, now?: number): string[] {
  const parsed = parsePolicy(text, now);
  return parsed.ok ? [] : parsed.faults.map((fault) => describeFault(fault, 'p.yaml'));
}

describe('a policy file that is wrong', () => {
  it.each([
    [
      'an unknown field',
      'v: 1\nid: a\ncolour: red\n',
      /^p\.yaml:3:1: colour: is not a field of a policy \(got red\); remove it; known here are v, id,/,
    ],
    [
      'a misspelt field',
      'v: 1\nid: a\nbudget:\n  suspekt: 0.1\n',
      /^p\.yaml:4:3: budget\.suspekt: .* \(got 0\.1\); did you mean suspect\?$/,
    ],
    [
      'a negative window',
      'v: 1\nid: a\nwindows:\n  - 24\n  - -6\n',
      /^p\.yaml:5:5: windows\.1: .*>0 \(got -6\); give more than 0$/,
    ],
    [
      'a window that is no run of slices',
      'v: 1\nid: a\nwindows: [7]\n',
      /^p\.yaml:3:11: windows\.0: must be a multiple of the slice, 6 hours \(got 7\)/,
    ],
    [
      'thresholds out of order',
      'v: 1\nid: a\nbudget:\n  watch: 0.001\n  suspect: 0.01\n',
      /^p\.yaml:3:1: budget: must not grow from watch \(0\.001\) over suspect \(0\.01\)/,
    ],
    [
      'thresholds of a peer group out of order with the rest',
      'v: 1\nid: a\npeerGroups:\n  api/payg:\n    suspect: 0.05\n',
      /^p\.yaml:4:3: peerGroups\.api\/payg: must not grow from watch \(0\.01\) over suspect \(0\.05\)/,
    ],
    [
      'a policy from a newer version',
      'id: a\nv: 2\nwhoKnows: 1\n',
      /^p\.yaml:2:1: v: is from a newer version of Siphonwatch; this one reads version 1 \(got 2\); upgrade/,
    ],
    ['a missing id', 'v: 1\n', /id: is missing \(got nothing\); add it: version of the policy/],
    [
      'retention below the longest window',
      'v: 1\nid: a\nretentionDays: 5\n',
      /^p\.yaml:3:1: retentionDays: must be at least 7: the longest window is 168 hours \(got 5\)/,
    ],
    [
      'a route that says nothing to anybody',
      'v: 1\nid: a\nnotifications:\n  routes:\n    - name: Pager 1\n',
      /^p\.yaml:5:7: notifications\.routes\.0\.name: .* \(got Pager 1\); give each route a name of its own/,
    ],
    [
      'a route with a field of another world',
      'v: 1\nid: a\nnotifications:\n  routes:\n    - {name: p, level: critical}\n',
      /^p\.yaml:5:17: notifications\.routes\.0\.level: is not a field of a policy \(got critical\); did you mean levels\?/,
    ],
    [
      'two routes of one name',
      'v: 1\nid: a\nnotifications: {routes: [{name: p}, {name: p, delivery: digest}]}\n',
      /notifications\.routes\.1\.name: is the name of another route too \(p\)/,
    ],
    ['a field twice', 'v: 1\nid: a\nid: b\n', /^p\.yaml:3:1: \(syntax\): names a field twice \(got id: b\)/],
    ['broken YAML', 'v: 1\nid: "a\n', /^p\.yaml:\d+:\d+: \(syntax\): /],
    ['nothing', '', /\(whole\): is empty .*start from examples\/policy\.yaml$/],
    ['a list', '- 1\n', /\(whole\): is not a mapping of fields/],
  ])('%s: says line, field, value and remedy', (_, text, expected) => {
    const told = faults(text);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(expected);
  });

  it('tells all faults at once', () => {
    expect(faults('v: 1\nid: a\nretentionDays: 0\ncalmHours: never\nextra: 1\n')).toHaveLength(3);
  });

  it('an exception that has expired is refused when it is written, not when it runs', () => {
    const text = `v: 1\nid: a\nexceptions:\n  - account: a_${'a'.repeat(26)}\n    until: '2026-05-01T00:00:00Z'\n    reason: audit\n`;
    expect(faults(text, NOW)).toEqual([
      'p.yaml:5:5: exceptions.0.until: has expired (got 2026-05-01T00:00:00Z); remove the exception, or decide anew and give a later date',
    ]);
    expect(parsePolicy(text)).toMatchObject({ ok: true });
  });

  it('an exception that would outlast a year is refused when it is written', () => {
    const text = `v: 1\nid: a\nexceptions:\n  - account: a_${'a'.repeat(26)}\n    until: '2096-01-01T00:00:00Z'\n    reason: trust me\n`;
    expect(faults(text, NOW)).toEqual([expect.stringContaining('is more than 366 days away')]);
  });

  it('an alias bomb and a prototype are no way in', () => {
    const bomb = `v: 1\nid: a\na: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`;
    expect(faults(bomb).length).toBeGreaterThan(0);
    expect(faults('v: 1\nid: a\n__proto__: {v: 1}\n').join()).toContain('__proto__');
    expect(({} as { v?: number }).v).toBeUndefined();
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'grapheme' })), (text) => {
        const parsed = parsePolicy(text, NOW);
        if (!parsed.ok) for (const fault of parsed.faults) expect(fault.remedy).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });
});

describe('what is made from the schema', () => {
  it.each(['schema', 'example'] as const)('%s is current: run `tsx scripts/policy-schema.ts`', (name) => {
    expect(readFileSync(MADE_FILES[name], 'utf8')).toBe(madeText(name));
  });

  it('the example is the shipped policy, and the schema for editors accepts it', () => {
    const text = readFileSync(MADE_FILES.example, 'utf8');
    expect(parsePolicy(text)).toEqual({ ok: true, policy: defaultPolicy });
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(policyJsonSchema('draft-7')) as object);
    expect(validate(defaultPolicy), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...defaultPolicy, colour: 'red' })).toBe(false);
    expect(validate({ ...defaultPolicy, stepCap: -1 })).toBe(false);
  });

  it('every field says what it is', () => {
    const silent: string[] = [];
    const visit = (held: unknown, path: string): void => {
      if (typeof held !== 'object' || held === null) return;
      const { properties, items, additionalProperties } = held as Record<string, unknown>;
      for (const [name, field] of Object.entries(
        (properties ?? {}) as Record<string, { description?: string }>,
      )) {
        if ((field.description ?? '') === '') silent.push(`${path}${name}`);
        visit(field, `${path}${name}.`);
      }
      visit(items, `${path}*.`);
      visit(additionalProperties, `${path}*.`);
    };
    visit(JSON.parse(policyJsonSchema('draft-7')), '');
    expect(silent).toEqual([]);
  });

  it('a policy written out for people reads back as itself', () => {
    const changed: Policy = {
      ...defaultPolicy,
      id: 'b-2',
      peerGroups: { 'api/payg': { suspect: 0.002 } },
      exceptions: [
        {
          account: `a_${'b'.repeat(26)}`,
          until: '2027-01-01T00:00:00Z',
          reason: 'a: "quote" # not a comment',
        },
      ],
    };
    expect(parsePolicy(policyDocument(changed))).toEqual({ ok: true, policy: changed });
  });

  it('a text of a megabyte that is all marks is refused before it is parsed, and of very many faults the first are told', () => {
    for (const mark of ['}\n', '[', '{a: ', '- ', 'a: 1\n', '\ta: [\n']) {
      const parsed = parsePolicy(mark.repeat(Math.floor(MAX_POLICY_BYTES / mark.length)));
      expect(parsed).toMatchObject({ ok: false, faults: [{ field: '(whole)' }] });
    }
    const parsed = parsePolicy('}\n'.repeat(500));
    expect(parsed.ok ? [] : parsed.faults).toHaveLength(LIMITS.policyFaults.most);
  });

  it('the narrowest named group sets the budget', () => {
    const held: Policy = {
      ...defaultPolicy,
      peerGroups: { api: { suspect: 0.002 }, 'api/payg': { suspect: 0.005 } },
    };
    expect(budgetFor(held, ['api/payg/new', 'api/payg', 'api', 'everyone']).suspect).toBe(0.005);
    expect(budgetFor(held, ['api/team/new', 'api/team', 'api', 'everyone']).suspect).toBe(0.002);
    expect(budgetFor(held, ['chat/free/new', 'chat/free', 'chat', 'everyone'])).toEqual(held.budget);
  });
});

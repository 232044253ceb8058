import fc from 'fast-check';
import { type Notice, TRANSITIONS } from '../../lib/findings/finding.ts';
import { LEVELS } from '../../lib/scoring/level.ts';

/** What an adversary puts into names: each has broken some renderer somewhere. */
export const NASTIES: readonly string[] = [
  'plan\r\nBcc: everyone@example.com\r\n\r\n<b>hello</b>',
  'Subject: spoofed\nX: y',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '<!channel> <!here> <@U123ABC> <https://evil.example|click me>',
  '@here @channel @everyone @admin',
  '[click](https://evil.example) ![i](http://evil.example/x.png)',
  '**bold** _it_ ~gone~ `code` ```block``` > quote # head',
  'https://evil.example/login?x=1',
  'www.evil.example evil.example mailto:a@evil.example javascript:alert(1)',
  'hxxp:\\\\evil.example\\share file:///etc/passwd',
  "=cmd|' /C calc'!A0",
  '+1+1',
  '-2+3+cmd|x',
  '@SUM(1+9)*cmd|x',
  '\t=1+1',
  '\u001b[2J\u001b[1;31mred\u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  '\u009b31mcsi \u0007bell \u0008\u0008back',
  '2026-01-01T00:00:00Z INFO fake log line\n2026-01-01 ERROR another',
  '{"level":"ERROR"}\r\n{"_aws":{"CloudWatchMetrics":[]}}',
  '\u202egnp.exe\u202c \u2066isolated\u2069 \u200f\u200e',
  'zero\u200bwidth\u200djoin\ufefff \u2060word',
  'Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334a\u0316\u0317\u0318l\u0319\u031ago',
  '\ud800 lone \udc00',
  '\u2028line\u2029para\u0085nel\u000bvt\u000cff',
  '\u0000nul\u0000',
  '\u{e0041}\u{e0042}tags',
  '$(rm -rf ~) `id` ; rm x && y || z | w > f',
  '%0d%0aHeader: x %s%n {{7*7}} #{7} $' + '{7*7}',
  '&lt;script&gt; &amp; &#60;',
  ':smile: :skull_and_crossbones: :+1:',
  '。evil。example ．evil．example ＠here',
  '\u3164\u115f\uffa0',
  'a'.repeat(5000),
  '\u{1f600}'.repeat(300),
  '日本語のプラン',
  '',
];

export const nasty: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTIES),
  fc.tuple(fc.constantFrom(...NASTIES), fc.constantFrom(...NASTIES)).map(([a, b]) => a + b),
  fc.string({ unit: 'binary', maxLength: 200 }),
);

const iso = fc
  .integer({ min: Date.parse('2025-01-01T00:00:00Z'), max: Date.parse('2027-01-01T00:00:00Z') })
  .map((ms) => new Date(ms).toISOString());
const share = fc.double({ min: 0, max: 1, noNaN: true });
const tokens = fc.integer({ min: 0, max: 1e13 });

/** A notice in which every string that somebody else chose is nasty; our own (finding, subject ids) too, to be sure. */
export const hostileNotice: fc.Arbitrary<Notice> = fc.record({
  v: fc.constant(1 as const),
  number: fc.integer({ min: 1, max: 9999 }),
  transition: fc.constantFrom(...TRANSITIONS),
  finding: fc.oneof(fc.constant('f-mzxw6ytboi2dkmrr-1'), nasty),
  subject: fc.record(
    {
      type: fc.constantFrom('account' as const, 'campaign' as const),
      id: fc.oneof(fc.constant('a_mzxw6ytboi2dkmrrgq4tsmjvgm'), nasty),
      plan: nasty,
      product: nasty,
      accountAgeDays: fc.nat(4000),
      members: fc.array(
        fc.record(
          {
            account: nasty,
            role: nasty,
            plan: nasty,
            ageDays: fc.nat(4000),
            firstSeen: iso,
            lastSeen: iso,
            events: fc.nat(),
            outputTokens: tokens,
            links: fc.array(nasty, { maxLength: 2 }),
            requestsPerDay: fc.double({ min: 0, max: 1e7, noNaN: true }),
            trafficShare: share,
            models: fc.array(fc.record({ model: nasty, share }), { maxLength: 3 }),
            atRisk: fc.record(
              { share, requestsPerDay: share, outputTokensPerDay: tokens, listPriceUsdPerDay: share },
              { requiredKeys: ['share', 'requestsPerDay', 'outputTokensPerDay'] },
            ),
          },
          { requiredKeys: ['account', 'role', 'firstSeen', 'lastSeen', 'events', 'outputTokens', 'links'] },
        ),
        { maxLength: 50 },
      ),
      memberCount: fc.integer({ min: 1, max: 100_000 }),
    },
    { requiredKeys: ['type', 'id', 'plan', 'product'] },
  ) as fc.Arbitrary<Notice['subject']>,
  at: iso,
  since: iso,
  level: fc.constantFrom(...LEVELS),
  previous: fc.constantFrom(...LEVELS),
  score: fc.double({ min: 0, max: 1000, noNaN: true }),
  log10E: fc.double({ min: -2, max: 40, noNaN: true }),
  p: fc.double({ min: 1e-9, max: 1, noNaN: true }),
  peers: fc.record({ group: nasty, accounts: fc.nat() }),
  promise: fc.constantFrom(0.01, 0.001, 0.0002),
  window: fc.record({ hours: fc.constantFrom(24, 168), from: iso, to: iso, events: fc.nat() }),
  reasons: fc.array(
    fc.record({
      signal: nasty,
      title: nasty,
      value: fc.double({ noNaN: true, noDefaultInfinity: true }),
      p: fc.double({ min: 1e-9, max: 1, noNaN: true }),
      points: share,
      evidence: nasty,
    }),
    { maxLength: 4 },
  ),
  explanations: fc.array(fc.record({ id: nasty, title: nasty, fits: fc.boolean(), because: nasty }), {
    maxLength: 6,
  }),
  links: fc.array(fc.record({ kind: nasty, members: fc.nat(), others: fc.nat(), evidence: nasty }), {
    maxLength: 6,
  }),
  stake: fc.record(
    {
      requests: fc.nat(),
      inputTokens: tokens,
      outputTokens: tokens,
      models: fc.array(fc.record({ model: nasty, share }), { maxLength: 5 }),
      listPriceUsd: fc.double({ min: 0, max: 1e9, noNaN: true }),
      trafficShare: share,
    },
    { requiredKeys: ['requests', 'inputTokens', 'outputTokens', 'models'] },
  ) as fc.Arbitrary<Notice['stake']>,
  oneByOne: fc.option(
    fc.record({
      accounts: fc.integer({ min: 1, max: 100_000 }),
      log10E: fc.double({ min: -2, max: 5, noNaN: true }),
      found: fc.nat(100_000),
    }),
    { nil: undefined },
  ),
  sampleEvents: fc.array(nasty, { maxLength: 8 }),
  versions: fc.record({ policy: nasty, calibration: nasty, code: nasty }),
  shadow: fc.constant(false),
});

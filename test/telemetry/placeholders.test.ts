import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ADAPTERS } from '../../lib/telemetry/adapters/index.ts';
import { isPlaceholder, isWithheldName } from '../../lib/telemetry/adapters/placeholders.ts';
import { isUnreadable } from '../../lib/telemetry/adapters/unreadable.ts';

/** As gateways, instrumentations and languages write them; sources stand in placeholders.ts. */
const WITHHELD = [
  ...[
    'redacted-by-litellm',
    'default-message-value',
    '__REDACTED__',
    '[Filtered]',
    '***REDACTED***',
    '%REDACTED%',
  ],
  ...[
    '<REDACTED BY POLICY>',
    '[message content omitted]',
    '{{redacted}}',
    '(redacted)',
    '•••••',
    '****',
    '####',
    '<omitted>',
  ],
  ...[
    '[no content]',
    'content not captured',
    '[Content redacted for privacy]',
    'logging disabled',
    'logging is turned off',
  ],
  ...[
    '[object Object]',
    'None',
    'null',
    'undefined',
    '<nil>',
    'N/A',
    '-',
    'hidden',
    'MASKED',
    '[PRIVATE]',
    '[not logged]',
  ],
  ...[
    'REDACTED REDACTED',
    'prompt_hidden',
    '[truncated]',
    '<sensitive>',
    '[Sensitive data removed]',
    'REMOVED',
  ],
  ...[
    'content_logging_disabled',
    '<not captured>',
    'Message content redacted',
    '[EMAIL] [REDACTED]',
    '<redacted prompt len=42>',
  ],
  ...[
    '[Redacted: 42 chars]',
    'Prompt 3f2a withheld',
    'Prompt deadbeef withheld',
    "[Scrubbed due to 'password']",
    '{"content":"redacted"}',
  ],
  ...[
    '5d41402abc4b2a76b9719d911017c592',
    `sha256:${'0123456789abcdef'.repeat(4)}`,
    `<${'0123456789abcdef'.repeat(8)}>`,
  ],
];

/** Short texts that people do send, in several languages; many are made of the same words. */
const SAID = [
  ...[
    'why was my comment removed?',
    'What does [REDACTED] mean in this file?',
    'redact the names in this letter',
    'private key',
  ],
  ...[
    'hidden gems in Rome',
    'Is "content removed" a sign of moderation?',
    '<b>removed</b> and <i>added</i>',
    '# Title',
    'xxx',
  ],
  ...[
    '* a list',
    '[1, 2, 3]',
    '{"input": "filtered water"}',
    'sensitive data',
    'private message',
    'encrypted email',
    'Deleted files',
  ],
  ...[
    'The message was deleted',
    'the data was hidden',
    'Encrypt the data',
    'is my data encrypted?',
    'remove sensitive data',
    'log off',
  ],
  ...[
    'what is null',
    'null pointer',
    'None of these',
    'default settings',
    'token limit',
    'privacy policy',
    'hash password',
    'filtered',
  ],
  ...[
    'hi',
    'ok',
    'Yes',
    'no',
    '???',
    '...',
    '42',
    '3.14',
    '1+1',
    'GPT-4',
    'API KEY',
    'TCP/IP',
    '#1',
    '/start',
    'SELECT 1',
    '<div></div>',
  ],
  ...[
    'Was heißt „entfernt“?',
    'verborgen',
    'supprimé',
    'masqué',
    '¿Qué significa oculto?',
    'Pourquoi mon message a-t-il été supprimé ?',
  ],
  ...[
    '为什么我的评论被删除了？',
    '隐藏',
    '削除されました',
    'почему скрыто?',
    'لماذا حذفت رسالتي؟',
    '550e8400-e29b-41d4-a716-446655440000',
  ],
];

describe('what stands where a prompt should', () => {
  it.each(WITHHELD)('is a placeholder: %s', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it.each(SAID)('is somebody’s prompt: %s', (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });

  it('hides no question: a word of another kind anywhere makes it a prompt', () => {
    const words = fc.constantFrom('explain', 'raft', 'Kelp', '氷', 'how', 'recursion', 'election');
    fc.assert(
      fc.property(fc.constantFrom(...WITHHELD), words, fc.nat(), (marker, word, place) => {
        const at = place % (marker.length + 1);
        expect(isPlaceholder(`${marker.slice(0, at)} ${word} ${marker.slice(at)}`)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what nobody can read', () => {
  const words = fc
    .array(
      fc.oneof(
        { weight: 2, arbitrary: fc.constant('潮汐') },
        fc.constantFrom('explain', 'how', 'tides', 'доказательство', 'proof'),
      ),
      {
        minLength: 16,
        maxLength: 40,
      },
    )
    .map((list) => new TextEncoder().encode(list.join(' ')));
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  const url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  const FORMS: readonly (readonly [string, (bytes: Uint8Array) => string])[] = [
    ['Vault', (bytes) => `vault:v1:${base64(bytes)}`],
    ['Fernet', (bytes) => `gAAAAABl${base64(bytes)}`.replaceAll('+', '-').replaceAll('/', '_')],
    ['OpenPGP', (bytes) => `-----BEGIN PGP MESSAGE-----\n\n${base64(bytes)}\n-----END PGP MESSAGE-----`],
    [
      'JWE',
      (bytes) =>
        `${url(Buffer.from('{"alg":"dir","enc":"A256GCM"}'))}..NbT3jx0Xy8Lw.${url(bytes)}.x7Lk2QpZr9TnV4Bs8WcYdA`,
    ],
  ];
  // bytes as chance draws them; fast-check's own lean to small ones
  const drawn = fc.integer().map((seed) => {
    let state = seed | 1;
    return Uint8Array.from({ length: 160 }, () => {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
      return (state ^ (state >>> 13)) & 255;
    });
  });

  it.each(FORMS)('is a ciphertext: %s', (_, sealed) => {
    fc.assert(
      fc.property(drawn, (bytes) => {
        expect(isPlaceholder(sealed(bytes))).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('is no ciphertext that decodes to words behind a mark of any length', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 0, max: 5 }), (bytes, more) => {
        expect(isPlaceholder(`gAAAAA${'BlXyz'.slice(0, more)}${url(bytes)}`)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it.each(FORMS)('is no ciphertext that decodes to words: %s', (_, sealed) => {
    fc.assert(
      fc.property(words, (bytes) => {
        expect(isPlaceholder(sealed(bytes))).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    '<Prompt object at 0x7f05b32affbd>',
    'xxxx xx xxxxxx',
    '████ ██ █████',
    'redacted:sha256:5feceb66ffc86f38',
    '@@@langfuseMedia:type=text/plain|id=0a08c971-b2e1-25ef-fc4a-04f3f3b0309b|source=bytes@@@',
  ])('is a placeholder: %s', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it.each([
    's3://acme-llm-prompts/2026/03/01/a5f3cb09-4249-ecb9-b400-a5e2260fc2ea.json',
    'https://acme.blob.core.windows.net/prompts/23490c11-5f75-dbec-42ea-d2b7927f3a56',
    'prompt_ref:0a08c971-b2e1-25ef-fc4a-04f3f3b0309b',
    'X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k=',
    'hash:c4ca4238a0b9',
    '<text: 132 characters>',
    '[57642, 15439, 12153, 91894, 96910, 4886, 43740, 67220]',
    '{"ciphertext":"X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k=","iv":"kq2Vb9Zt0w==","alg":"A256GCM"}',
    '[{"kid":"k1","data":"X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k="}]',
    '<query encrypted="true">X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k=</query>',
    '3fa1b2c4 99ab00cd 1f2e3d4c 5b6a7988 abcdef12',
  ])('is kept, as somebody may have sent it, and told to the health of telemetry: %s', (text) => {
    expect([isPlaceholder(text), isUnreadable(text)]).toEqual([false, true]);
  });

  it('is no text with an ordinary word, and no short number', () => {
    const said = SAID.filter((text) => isUnreadable(text));
    expect(said).toEqual(['xxx', '550e8400-e29b-41d4-a716-446655440000']);
    for (const text of [
      ...[
        'Read https://example.org/a',
        '1, 2, 3',
        'getUserNameFromDatabase',
        '請解釋潮汐',
        '12:30 14:45 16:00 18:15',
      ],
      ...[
        '{"instruction":"explain tides","lang":"en"}',
        '{"id":"k1","n":5}',
        '<p>Explain tides</p>',
        'tides river ocean',
      ],
      ...['2024 2025 2026 2027', 'Decode this: X+zrZv/IbzjZUnhsbWlsecLbwjndTpG0ZynXOif7V+k='],
    ])
      expect(isUnreadable(text)).toBe(false);
  });
});

describe('a name or key that is withheld', () => {
  it.each([
    'REDACTED',
    'Bearer REDACTED',
    'Bearer [Filtered]',
    '****',
    'sk-****',
    'None',
    'null',
    '-',
    '<redacted>',
  ])('is %s', (name) => expect(isWithheldName(name)).toBe(true));

  it.each([
    'acct-1',
    'default',
    'proxy',
    'user',
    'Customer 12',
    'hidden-valley-ranch',
    'sk-proj-abc123def456ghi789',
    'c0ffee00c0ffee00c0ffee00c0ffee00',
    'off',
    'private-bank',
  ])('is not %s', (name) => expect(isWithheldName(name)).toBe(false));
});

it('no credential is shared by customers whose gateway masks it, and no account', () => {
  const call = (account: string, authorization: string) => ({
    ...{ time: '2026-03-01T08:00:00Z', account, headers: { authorization } },
    request: { model: 'm-1', messages: [{ role: 'user', content: 'How do tides work?' }] },
    response: { id: 'r-1' },
  });
  expect(ADAPTERS.openai(call('acct-1', 'REDACTED')).exchanges[0]?.origin?.credential).toBeUndefined();
  expect(ADAPTERS.openai(call('acct-1', 'Bearer k-1')).exchanges[0]?.origin?.credential).toBe('Bearer k-1');
  expect(ADAPTERS.openai(call('[REDACTED]', 'Bearer k-1')).reasons[0]?.message).toContain(
    'a placeholder stands',
  );
});

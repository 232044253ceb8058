import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlaceholder } from '../../lib/telemetry/adapters/placeholders.ts';

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

import { describe, expect, it } from 'vitest';
import { isPlaceholder } from '../../lib/telemetry/adapters/placeholders.ts';

describe('what stands where a prompt should', () => {
  it.each([
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
    ],
    ...[
      '[no content]',
      'content not captured',
      '[Content redacted for privacy]',
      '<omitted>',
      'logging disabled',
    ],
    `sha256:${'0123456789abcdef'.repeat(4)}`,
  ])('is a placeholder: %s', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it.each([
    ...[
      'What does [REDACTED] mean in this file?',
      'redact the names in this letter',
      'N/A',
      'null',
      'hidden gems in Rome',
    ],
    ...[
      'Is "content removed" a sign of moderation?',
      '<b>removed</b> and <i>added</i>',
      '# Title',
      '* a list',
      'xxx',
    ],
    ...['[1, 2, 3]', '{"input": "filtered water"}'],
  ])('is somebody’s prompt: %s', (text) => {
    expect(isPlaceholder(text)).toBe(false);
  });
});

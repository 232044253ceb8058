import { describe, expect, it } from 'vitest';
import { type Ending, endingOf, endingOfError } from '../../../lib/telemetry/adapters/endings.ts';

/** Words as they stand in logs; pages beside the table. What is not here is held by the shapes of gateways. */
const WORDS: Readonly<Record<Ending, readonly string[]>> = {
  ok: ['stop', 'FinishReason.STOP', 'endTurn', 'tool-calls', 'pause_turn', 'eos', 'word', 'COMPLETE'],
  refused: [
    ...[
      'content-filter',
      'FINISH_REASON_SAFETY',
      'guardrailIntervened',
      'ERROR_TOXIC',
      'data_inspection_failed',
      'DataInspectionFailed',
    ],
    ...[
      'content_filter_error',
      'cyber_policy',
      'prompt_blocked',
      'risk_control',
      'SPII',
      'output_flagged',
      'usage_policy_violation',
    ],
  ],
  truncated: [
    'max_tokens',
    'maxTokens',
    'model_length',
    'time_limit',
    'max_thinking_tokens',
    'output_token_limit',
    'max_turns',
    'limit',
  ],
  error: [
    'OTHER',
    'engine_overloaded',
    'malformedToolUse',
    'insufficient_system_resource',
    'rate_limit_exceeded',
  ],
  cancelled: ['USER_CANCEL', 'abort', 'client_disconnected'],
};

describe('how a call ended', () => {
  it.each(Object.entries(WORDS).flatMap(([ending, words]) => words.map((word) => [word, ending] as const)))(
    'is told by a word: %s',
    (word, ending) => {
      expect(endingOf(word)).toBe(ending);
    },
  );

  it.each(['not_finished', 'null', 'unknown word', '', 'rate_limit'])('is not told by %s', (word) => {
    expect(endingOf(word)).toBeUndefined();
  });

  it.each([
    ['1301', '系统检测到输入或生成内容可能包含不安全或敏感内容'],
    ['data_inspection_failed', 'Input data may contain inappropriate content.'],
    ['invalid_request_error', 'Output blocked by content filtering policy'],
    [
      'BadRequestError',
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy",
    ],
  ])('is a refusal where the error says so: %s', (code, message) => {
    expect(endingOfError([code], message)).toBe('refused');
  });

  it.each([
    ['rate_limit_exceeded', 'Rate limit reached for requests'],
    ['invalid_request_error', 'max_tokens is too large'],
    ['context_length_exceeded', "This model's maximum context length is 8192 tokens"],
  ])('is an error otherwise: %s', (code, message) => {
    expect(endingOfError([code], message)).toBe('error');
  });
});

import type { Exchange } from '../exchange.ts';

/** How a call ended. `cancelled` is the client's doing; an event knows it as an error. */
export type Ending = Exchange['outcome'] | 'cancelled';

/**
 * Words by which providers and conventions say how a call ended, as `normal` writes them (lower case, `_` between words).
 * One table for all sources: a word means the same wherever it stands. Sources:
 * OpenAI finish_reason, incomplete_details https://platform.openai.com/docs/api-reference/chat/object ;
 * Azure content filter https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter ;
 * Anthropic stop_reason https://docs.anthropic.com/en/api/handling-stop-reasons ;
 * Gemini FinishReason, BlockReason https://ai.google.dev/api/generate-content#FinishReason ;
 * Bedrock Converse stopReason https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html ;
 * Titan completionReason https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html ;
 * Cohere finish_reason https://docs.cohere.com/reference/chat ; Mistral https://docs.mistral.ai/api ;
 * AI21 https://docs.ai21.com/reference/jamba-api-ref ; DeepSeek https://api-docs.deepseek.com/api/create-chat-completion ;
 * Ollama done_reason https://github.com/ollama/ollama/blob/main/docs/api.md ;
 * Vercel AI SDK FinishReason https://ai-sdk.dev/docs/reference/ai-sdk-core/generate-text ;
 * OpenTelemetry gen_ai.response.finish_reasons https://opentelemetry.io/docs/specs/semconv/registry/attributes/gen-ai/ ;
 * OpenRouter https://openrouter.ai/docs/api-reference/overview ; LiteLLM https://docs.litellm.ai/docs/exception_mapping ;
 * watsonx.ai stop_reason https://cloud.ibm.com/apidocs/watsonx-ai#text-generation ; llama.cpp's stop_type
 * https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md ; DashScope https://help.aliyun.com/zh/model-studio/error-code ;
 * YandexGPT's status https://yandex.cloud/docs/foundation-models/text-generation/api-ref/TextGeneration/completion ;
 * Zhipu https://docs.bigmodel.cn/cn/api/api-code (1301) ; Moonshot https://platform.moonshot.ai/docs/api/chat (engine_overloaded_error) ;
 * Claude's Agent SDK https://docs.claude.com/en/api/agent-sdk/typescript (error_max_turns) .
 */
const WORDS: Readonly<Record<Ending, readonly string[]>> = {
  ok: [
    'stop',
    'end_turn',
    'stop_sequence',
    'tool_use',
    'tool_calls',
    'tool_call',
    'function_call',
    'pause_turn',
    'eos',
    'eos_token',
    'complete',
    'completed',
    'finish',
    'finished',
    'done',
    'success',
    'endoftext',
    'stop_criteria_met',
    'unspecified',
    'finish_reason_unspecified',
    'load',
    'unload',
    'word',
    'normal',
    'compaction',
  ],
  refused: [
    'content_filter',
    'content_filtered',
    'contentfilter',
    'contentfiltered',
    'content_policy',
    'content_policy_violation',
    'contentpolicyviolationerror',
    'contentpolicyviolation',
    'content_policy_violation_error',
    'responsibleaipolicyviolation',
    'refusal',
    'refused',
    'guardrail_intervened',
    'guardrail',
    'guardrails',
    'intervened',
    'guardrailraisedexception',
    'blocked_by_guardrail',
    'safety',
    'safety_violation',
    'recitation',
    'blocklist',
    'prohibited_content',
    'spii',
    'image_safety',
    'image_prohibited_content',
    'image_recitation',
    'model_armor',
    'jailbreak',
    'moderation',
    'moderation_blocked',
    'blocked',
    'error_toxic',
    'sensitive',
    'invalid_prompt',
    'cyber_policy_violation',
    'blockedpiientityerror',
    'rejectedrequesterror',
    'content_moderation',
    'flagged',
    'alternative_status_content_filter',
    'blocked_by_safety',
    'prompt_blocked',
    'risk_control',
    '1301',
  ],
  truncated: [
    'length',
    'max_tokens',
    'max_output_tokens',
    'max_completion_tokens',
    'max_new_tokens',
    'max_length',
    'token_limit',
    'model_length',
    'model_context_window_exceeded',
    'error_limit',
    'limit',
    'max_tokens_reached',
    'maximum_tokens',
    'alternative_status_truncated_final',
    'max_token',
    'incomplete',
    'truncated',
    'context_length',
    'context_window_exceeded',
    'time_limit',
    'max_turns',
    'error_max_turns',
    'length_capped',
    'repetition_truncation',
  ],
  error: [
    'error',
    'failed',
    'failure',
    'timeout',
    'timed_out',
    'expired',
    'malformed_function_call',
    'malformed_tool_use',
    'malformed_model_output',
    'unexpected_tool_call',
    'too_many_tool_calls',
    'missing_thought_signature',
    'malformed_response',
    'insufficient_system_resource',
    'network_error',
    'server_error',
    'no_image',
    'image_other',
    'language',
    'other_error',
    'other',
    'rag_query_when_rag_disabled',
    'engine_overloaded',
    'engine_overloaded_error',
    'rate_limit_exceeded',
    'overloaded_error',
    'internal_server_error',
    'invalid_request_error',
    'api_error',
  ],
  cancelled: [
    'cancelled',
    'canceled',
    'abort',
    'aborted',
    'user_cancel',
    'user_cancelled',
    'client_disconnect',
    'client_disconnected',
    'interrupted',
    'disconnect',
  ],
};

const BY_WORD: ReadonlyMap<string, Ending> = new Map(
  (Object.entries(WORDS) as [Ending, readonly string[]][]).flatMap(([ending, words]) =>
    words.map((word) => [word, ending] as const),
  ),
);

/** `FinishReason.MAX_TOKENS`, `content-filter` and `endTurn` as the table writes them. */
function normal(word: string): string {
  return word
    .slice(word.lastIndexOf('.') + 1)
    .replace(/([a-z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .replace(/^(?:finish_reason|stop_reason|finishreason)_(?=.)/, '');
}

/** What a word says; undefined where no provider documents it. */
export function endingOf(word: string): Ending | undefined {
  const written = normal(word);
  const known = BY_WORD.get(written) ?? BY_WORD.get(written.replaceAll('_', ''));
  return known ?? PARTS.find(([, part]) => part.test(written))?.[0];
}

/**
 * What words have in common that providers will yet make: a word of no row that names a filter, a policy or a limit of tokens
 * says what it is. Words as `normal` writes them.
 */
const PARTS: readonly (readonly [Ending, RegExp])[] = [
  [
    'refused',
    /content_?(?:filter|policy|moderation)|policy_violation|(?:usage|cyber|safety)_policy|data_?inspection|guardrail|(?:prompt|input|output|content|response)_(?:blocked|flagged|filtered|rejected)|inappropriate|unsafe/,
  ],
  [
    'truncated',
    /^(?:max|maximum)_(?:\w+_)?(?:tokens?|length|turns|steps)$|(?:token|length|context|time)_(?:limit|cap)/,
  ],
];

/** Sentences of a refusal, where an error has no code for it: Azure's and OpenAI's own. */
const REFUSING =
  /content management policy|content[ _](?:filter\w*[ _])?policy|inappropriate content|flagged as|flagged for|不安全或敏感内容|敏感内容|ContentPolicyViolation|safety system|usage polic(?:y|ies)|blocked by (?:the )?(?:content filter|guardrail)|guardrail (?:intervened|violation)|ResponsibleAIPolicyViolation/i;

/** What an error's code, class or message says: a refusal, a cancellation, or an error. */
export function endingOfError(words: readonly (string | undefined)[], message: string | undefined): Ending {
  for (const word of words) {
    const ending = word === undefined ? undefined : endingOf(word);
    if (ending === 'refused' || ending === 'cancelled') return ending;
  }
  return message !== undefined && REFUSING.test(message.slice(0, 4000)) ? 'refused' : 'error';
}

/** The outcome of an event from all that was said about the end: a refusal outweighs an error, an error a truncation. */
export function outcomeFrom(endings: Iterable<Ending>): Exchange['outcome'] {
  const said = new Set(endings);
  if (said.has('refused')) return 'refused';
  if (said.has('error') || said.has('cancelled')) return 'error';
  return said.has('truncated') ? 'truncated' : 'ok';
}

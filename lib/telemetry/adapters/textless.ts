import { at, type Json, listOf, objectOf, textAt } from './fields.ts';

/**
 * Well-known logs that tell of model calls and hold no prompts, or not in a form that can be read. Nothing can be recorded of them;
 * what can be done instead is said, so that nobody takes them for a format that is to come.
 */
interface TextlessLog {
  readonly name: string;
  readonly source: string;
  readonly matches: (entry: Json) => boolean;
  /** what to do instead */
  readonly instead: string;
}

const LOGS: readonly TextlessLog[] = [
  {
    name: 'Azure OpenAI’s diagnostic log (RequestResponse, Audit, Trace)',
    source: 'https://learn.microsoft.com/azure/ai-foundry/openai/how-to/monitor-openai',
    matches: ({ category, Category, operationName, properties, properties_s }) =>
      /^(?:RequestResponse|AzureOpenAIRequestUsage|Audit|Trace)$/.test(String(category ?? Category)) &&
      [operationName, properties, properties_s].some((held) => held !== undefined),
    instead: 'put API Management before it and log its LLM messages (ApiManagementGatewayLlmLog)',
  },
  {
    name: 'CloudTrail’s record of a Bedrock call',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html',
    matches: ({ eventSource }) => /^bedrock[\w-]*\.amazonaws\.com$/.test(String(eventSource)),
    instead: 'turn on Bedrock’s model invocation logging with text',
  },
  {
    name: 'Google Cloud’s audit log of a Vertex AI call',
    source: 'https://cloud.google.com/vertex-ai/docs/general/audit-logging',
    // Cloud Logging's envelope may be off already
    matches: (entry) =>
      (textAt(entry, 'protoPayload', 'serviceName') ?? textAt(entry, 'serviceName')) ===
      'aiplatform.googleapis.com',
    instead: 'turn on Vertex AI’s request-response logging to BigQuery',
  },
  {
    name: 'Purview’s audit record of a Copilot interaction',
    source: 'https://learn.microsoft.com/office/office-365-management-api/copilot-schema',
    matches: ({ Operation, CopilotEventData }) =>
      Operation === 'CopilotInteraction' || objectOf(CopilotEventData) !== undefined,
    instead: 'log each request beside its response where the model is called',
  },
  {
    name: 'a listing of stored completions or responses, which holds answers alone',
    source: 'https://platform.openai.com/docs/api-reference/chat/list',
    matches: ({ object, data }) =>
      object === 'list' &&
      listOf(data).some((held) => /^(?:chat\.completion|response)$/.test(textAt(held, 'object') ?? '')),
    instead: 'log each request beside its response at the gateway',
  },
  {
    name: 'a usage report of a provider, sums without calls',
    source:
      'https://platform.openai.com/docs/api-reference/usage, https://docs.claude.com/en/api/usage-cost-api',
    matches: ({ data, has_more }) =>
      has_more !== undefined &&
      listOf(data).some((held) => at(held, 'object') === 'bucket' || at(held, 'starting_at') !== undefined),
    instead: 'log each request beside its response at the gateway',
  },
  {
    name: 'an event of a Realtime session',
    source: 'https://platform.openai.com/docs/api-reference/realtime-server-events',
    matches: ({ type, event_id }) =>
      typeof event_id === 'string' &&
      /^(?:session|conversation|response|input_audio_buffer|output_audio_buffer|rate_limits|error)\b/.test(
        String(type),
      ),
    instead: 'let the gateway write one exchange a response, with the transcript as the user’s message',
  },
  {
    name: 'the facts of a generation by OpenRouter’s API',
    source: 'https://openrouter.ai/docs/api-reference/get-a-generation',
    matches: ({ data }) =>
      objectOf(data) !== undefined &&
      at(data, 'native_tokens_prompt') !== undefined &&
      at(data, 'generation_time') !== undefined,
    instead: 'use Broadcast, which sends spans with their messages',
  },
  {
    name: 'Cloudflare’s list of logs, which holds no bodies',
    source: 'https://developers.cloudflare.com/api/resources/ai_gateway/subresources/logs/methods/list/',
    matches: ({ result }) =>
      listOf(result).some(
        (held) =>
          at(held, 'tokens_in') !== undefined &&
          at(held, 'request_content_type') !== undefined &&
          at(held, 'request_body') === undefined,
      ),
    instead:
      'fetch request and response of each (logs/ID/request, logs/ID/response), or push logs with Logpush',
  },
  {
    name: 'messages of an agent’s memory in OpenSearch, which names no customer and no model',
    source: 'https://docs.opensearch.org/latest/ml-commons-plugin/api/memory-apis/get-message/',
    matches: ({ messages }) =>
      listOf(messages).some(
        (held) => at(held, 'memory_id') !== undefined && at(held, 'message_id') !== undefined,
      ),
    instead: 'log each request beside its response where the model is called',
  },
  {
    name: 'an access log of Envoy AI Gateway, counts without bodies',
    source: 'https://aigateway.envoyproxy.io/docs/capabilities/observability/accesslogs',
    matches: (entry) =>
      !('request' in entry) &&
      Object.keys(entry).some((name) => /^(?:genai_model_name|gen_ai\.request\.model)/.test(name)) &&
      Object.keys(entry).some((name) => /^(?:genai_tokens_input|gen_ai\.usage\.input_tokens)/.test(name)),
    instead: 'turn on its tracing (OpenInference) with messages',
  },
];

/** Log events of coding agents, which tell of a call in several records and from the machine of who asked. */
const AGENT_EVENT = /^(claude_code|gemini_cli|qwen-code|codex)\.(?:user_prompt|api_request|api_response)$/;

/**
 * Why nothing is recorded of a log event of OpenTelemetry that a coding agent wrote
 * (https://code.claude.com/docs/en/monitoring-usage, https://geminicli.com/docs/cli/telemetry).
 * @param names of the event: its own, or its body
 */
export function whyAgentEvent(names: readonly unknown[]): string | undefined {
  const agent = names
    .map((name) => (typeof name === 'string' && name.length < 64 ? AGENT_EVENT.exec(name)?.[1] : undefined))
    .find((found) => found !== undefined);
  return agent === undefined
    ? undefined
    : `an event of ${agent}’s own telemetry: its prompts are not read; record its calls at the gateway that they go through`;
}

/** Why nothing can be recorded of an entry, where it is of a log that is known to hold no prompts; undefined for any other. */
export function whyTextless(entry: Json): string | undefined {
  const log = LOGS.find(({ matches }) => matches(entry));
  return log === undefined ? undefined : `${log.name}: no prompts can be read from it; ${log.instead}`;
}

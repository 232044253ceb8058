import type { Exchange } from '../exchange.ts';
import { printable } from '../reason.ts';
import { ADAPTER_DEFAULTS, type Adapted, type Adapter, type Found, refused, single } from './adapter.ts';
import { at, isoFrom, listOf, numberAt, objectOf, textAt } from './fields.ts';

/**
 * Amazon Bedrock model-invocation logs (schemaType ModelInvocationLog), from CloudWatch Logs or S3: Converse,
 * ConverseStream, InvokeModel and its stream for Anthropic, Llama, Titan and Nova bodies. The account is
 * `requestMetadata.account` where the gateway sets it (it should), else the caller's ARN without its session.
 */
export const fromBedrock: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const entry = objectOf(json);
  if (entry === undefined || textAt(entry, 'modelId') === undefined || entry.input === undefined)
    return refused('schemaType', printable(entry?.schemaType), 'not a Bedrock ModelInvocationLog entry');
  const input = at(entry, 'input', 'inputBodyJson');
  if (input === undefined) {
    const stored = textAt(entry, 'input', 'inputBodyS3Path');
    return refused(
      'input.inputBodyJson',
      printable(stored),
      stored === undefined
        ? 'no request body in the log entry'
        : 'the request body was over 100 KB and lies in S3',
    );
  }
  if (
    /embed|rerank|image|canvas|reel/.test(textAt(entry, 'modelId') ?? '') &&
    at(input, 'messages') === undefined
  )
    return { exchanges: [], reasons: [], skipped: 1 };
  const output = at(entry, 'output', 'outputBodyJson');
  const metadata = entry.requestMetadata;
  const arn = textAt(entry, 'identity', 'arn');
  const found: Found = {
    id: textAt(entry, 'requestId'),
    time: isoFrom(entry.timestamp),
    account:
      textAt(metadata, 'account') ?? (arn === undefined ? textAt(entry, 'accountId') : withoutSession(arn)),
    model: textAt(entry, 'modelId'),
    messages: bedrockMessages(input),
    completion: bedrockCompletion(output),
    inputTokens: numberAt(entry, 'input', 'inputTokenCount') ?? numberAt(output, 'usage', 'inputTokens'),
    outputTokens: numberAt(entry, 'output', 'outputTokenCount') ?? numberAt(output, 'usage', 'outputTokens'),
    params: {
      temperature:
        numberAt(input, 'inferenceConfig', 'temperature') ??
        numberAt(input, 'temperature') ??
        numberAt(input, 'textGenerationConfig', 'temperature'),
      topP:
        numberAt(input, 'inferenceConfig', 'topP') ??
        numberAt(input, 'top_p') ??
        numberAt(input, 'textGenerationConfig', 'topP'),
      maxTokens:
        numberAt(input, 'inferenceConfig', 'maxTokens') ??
        numberAt(input, 'max_tokens') ??
        numberAt(input, 'max_gen_len') ??
        numberAt(input, 'textGenerationConfig', 'maxTokenCount'),
    },
    outcome: bedrockOutcome(entry, output),
    ip: textAt(metadata, 'ip'),
    asn: textAt(metadata, 'asn') === undefined ? undefined : Number(textAt(metadata, 'asn')),
    tls: textAt(metadata, 'tls'),
    userAgent: textAt(metadata, 'userAgent'),
    credential: textAt(metadata, 'credential') ?? arn,
    plan: textAt(metadata, 'plan'),
    product: textAt(metadata, 'product'),
    createdAt: isoFrom(at(metadata, 'createdAt')),
    payment: textAt(metadata, 'payment'),
  };
  return single(found, defaults);
};

/** An assumed role's session name changes with every login; the role is the account. */
function withoutSession(arn: string): string {
  return /^(arn:[^:]*:sts::\d+:assumed-role\/[^/]+)\//.exec(arn)?.[1] ?? arn;
}

function bedrockMessages(input: unknown): Found['messages'] {
  const messages: Found['messages'] = [];
  const system = at(input, 'system');
  if (typeof system === 'string') messages.push({ role: 'system', content: system });
  else if (Array.isArray(system)) messages.push({ role: 'system', content: system });
  for (const message of listOf(at(input, 'messages'))) {
    const role = textAt(message, 'role');
    if (role !== undefined) messages.push({ role, content: at(message, 'content') ?? null });
  }
  const plain = textAt(input, 'prompt') ?? textAt(input, 'inputText');
  if (plain !== undefined) messages.push({ role: 'user', content: plain });
  return messages;
}

function bedrockCompletion(output: unknown): string | undefined {
  const parts = Array.isArray(output)
    ? output.map(
        (chunk) => textAt(chunk, 'delta', 'text') ?? textAt(chunk, 'contentBlockDelta', 'delta', 'text'),
      )
    : [...listOf(at(output, 'output', 'message', 'content')), ...listOf(at(output, 'content'))].map((part) =>
        textAt(part, 'text'),
      );
  const text = parts.filter((part) => part !== undefined).join('');
  return text === ''
    ? (textAt(output, 'generation') ?? textAt(listOf(at(output, 'results'))[0], 'outputText'))
    : text;
}

function bedrockOutcome(entry: unknown, output: unknown): Exchange['outcome'] {
  if (textAt(entry, 'errorCode') !== undefined) return 'error';
  const chunks = Array.isArray(output) ? output : [output];
  for (const chunk of chunks) {
    const reason =
      textAt(chunk, 'stopReason') ??
      textAt(chunk, 'stop_reason') ??
      textAt(chunk, 'delta', 'stop_reason') ??
      textAt(chunk, 'messageStop', 'stopReason') ??
      textAt(listOf(at(chunk, 'results'))[0], 'completionReason');
    if (reason === 'max_tokens' || reason === 'length' || reason === 'LENGTH') return 'truncated';
    if (
      reason === 'guardrail_intervened' ||
      reason === 'content_filtered' ||
      reason === 'CONTENT_FILTERED' ||
      reason === 'refusal'
    )
      return 'refused';
  }
  return 'ok';
}

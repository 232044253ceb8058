import { printable } from '../reason.ts';
import {
  ADAPTER_DEFAULTS,
  type Adapted,
  type Adapter,
  type Found,
  NO_CALL,
  refused,
  single,
} from './adapter.ts';
import { type ReadAnswer, readAnswer, saysWords } from './answer.ts';
import { isAnswerOfModel, readByModel } from './asked-ways.ts';
import { outcomeFrom } from './endings.ts';
import { at, type Json, jsonIn, nameAt, numberAt, objectOf, textAt } from './fields.ts';
import { isOtherAnswer, isOtherModel, isOtherRequest } from './model-calls.ts';
import { wordlessDigest } from './read-message.ts';
import { type ReadRequest, readRequest } from './request.ts';
import { isoFrom } from './times.ts';

/**
 * Amazon Bedrock model-invocation logs (schemaType ModelInvocationLog,
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html), from CloudWatch Logs or S3: Converse,
 * InvokeModel and their streams, with the bodies of the user guide's model parameters. The account is
 * `requestMetadata.account` where the gateway sets it (it should), else the caller's ARN without its session.
 */
export const fromBedrock: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const entry = objectOf(json);
  if (entry === undefined || textAt(entry, 'modelId') === undefined || entry.input === undefined)
    return refused('schemaType', printable(entry?.schemaType), 'not a Bedrock ModelInvocationLog entry');
  const input = objectOf(jsonIn(at(entry, 'input', 'inputBodyJson')));
  if (input === undefined) {
    const stored = textAt(entry, 'input', 'inputBodyS3Path');
    const fault = textAt(entry, 'input', 'fault');
    const why = fault === undefined ? '' : ` (${printable(fault)})`;
    return refused(
      'input.inputBodyJson',
      printable(stored),
      stored === undefined
        ? 'no request body in the log entry'
        : `the request body was over 100 KB and lies in S3: \`record\` fetches it where its credentials may read the bucket${why}`,
    );
  }
  const output = jsonIn(at(entry, 'output', 'outputBodyJson'));
  if (isOther(entry, input, output)) return NO_CALL;
  const asked = readRequest(readByModel(input, output));
  if (asked === undefined)
    return refused(
      'input.inputBodyJson',
      printable(Object.keys(input).slice(0, 8).join(', ')),
      'no messages, prompt, inputText or message in the body: this body is not read',
    );
  return single(foundIn(entry, asked, readAnswer(output)), defaults);
};

/** Operations that call no model: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html */
const OTHER_OPERATIONS = /^(?:CountTokens|ApplyGuardrail)$/;

function isOther(entry: Json, input: Json, output: unknown): boolean {
  if (OTHER_OPERATIONS.test(textAt(entry, 'operation') ?? '')) return true;
  if (isOtherAnswer(output)) return true;
  if (isAnswerOfModel(output)) return false;
  if (isOtherRequest(input)) return !saysWords(output);
  return !('messages' in input) && isOtherModel(textAt(entry, 'modelId') ?? '');
}

/** An assumed role's session name changes with every login; the role is the account, and the credential. */
function withoutSession(arn: string): string {
  return /^(arn:[^:]*:sts::\d+:assumed-role\/[^/]+)\//.exec(arn)?.[1] ?? arn;
}

function foundIn(entry: Json, asked: ReadRequest, answer: ReadAnswer): Found {
  const metadata = entry.requestMetadata;
  const arn = textAt(entry, 'identity', 'arn');
  const principal = arn === undefined ? undefined : withoutSession(arn);
  return {
    id: textAt(entry, 'requestId'),
    time: isoFrom(entry.timestamp),
    account: nameAt(metadata, 'account') ?? principal ?? textAt(entry, 'accountId'),
    model: textAt(entry, 'modelId'),
    messages: asked.messages,
    beside: wordlessDigest(asked.messages),
    completion: answer.text ?? '',
    inputTokens: inputTokens(entry) ?? answer.inputTokens,
    outputTokens: numberAt(entry, 'output', 'outputTokenCount') ?? answer.outputTokens,
    params: asked.params,
    outcome: outcomeFrom([
      ...answer.endings,
      ...(textAt(entry, 'errorCode') === undefined ? [] : (['error'] as const)),
    ]),
    ip: textAt(metadata, 'ip'),
    asn: textAt(metadata, 'asn'),
    tls: textAt(metadata, 'tls'),
    userAgent: textAt(metadata, 'userAgent'),
    credential: textAt(metadata, 'credential') ?? principal,
    plan: textAt(metadata, 'plan'),
    product: textAt(metadata, 'product'),
    createdAt: isoFrom(at(metadata, 'createdAt')),
    payment: textAt(metadata, 'payment'),
  };
}

/** What was read from the cache or written to it is counted apart. */
function inputTokens(entry: Json): number | undefined {
  const input = numberAt(entry, 'input', 'inputTokenCount');
  if (input === undefined) return undefined;
  return (
    input +
    (numberAt(entry, 'input', 'cacheReadInputTokenCount') ?? 0) +
    (numberAt(entry, 'input', 'cacheWriteInputTokenCount') ?? 0)
  );
}

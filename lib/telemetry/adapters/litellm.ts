import { kindOf, printable } from '../reason.ts';
import { liteLlmUser } from './account-names.ts';
import {
  ADAPTER_DEFAULTS,
  type Adapted,
  type Adapter,
  type Found,
  NO_CALL,
  refused,
  single,
} from './adapter.ts';
import { errorEnding, readAnswer } from './answer.ts';
import { bodyOf, readByModel } from './asked-ways.ts';
import { promptMessages } from './chat-templates.ts';
import { accountOf, type ClientTrust, NO_TRUST } from './claimed-accounts.ts';
import { type Ending, outcomeFrom } from './endings.ts';
import { at, type Json, jsonIn, listOf, nameAt, numberAt, objectOf, textAt } from './fields.ts';
import { isCutJson } from './json-texts.ts';
import { printedIn } from './literals.ts';
import { isModelCall, isOtherRequest } from './model-calls.ts';
import { type ReadMessage, wordlessDigest } from './read-message.ts';
import { paramsOf, readMessages, readRequest, saidIn } from './request.ts';
import { isoFrom } from './times.ts';

/** Where plan, product, created_at and payment may stand, and whether the customer can set them (field-control.ts). */
const CUSTOMER_PLACES: readonly (readonly [name: string, isClients: boolean])[] = [
  ['user_api_key_auth_metadata', false],
  ['user_api_key_metadata', false],
  ['requester_metadata', true],
  ['spend_logs_metadata', true],
];

const ACCOUNT_PLACES =
  'metadata.user_api_key_org_id, user_api_key_team_id, user_api_key_user_id, user_api_key_hash, organization_id, team_id, user, end_user';

/**
 * LiteLLM's standard logging payload (`standard_logging_object` of its callbacks,
 * https://docs.litellm.ai/docs/proxy/logging_spec), as its object-storage and generic loggers write it, and rows of its spend
 * logs where those hold prompts. The account is the organisation, team, user or key of the proxy, in that order; the key's
 * hash is the credential. The metadata of the key or team may carry
 * plan, product, created_at, payment; that of the request only where the operator trusts it by name.
 */
export const fromLiteLlm: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const payload = objectOf(jsonIn(at(json, 'standard_logging_object'))) ?? objectOf(json);
  if (payload === undefined || (payload.call_type === undefined && payload.messages === undefined))
    return refused('call_type', printable(payload?.call_type), 'not a LiteLLM standard logging payload');
  if (isModelCall(textAt(payload, 'call_type') ?? 'completion') !== true) return NO_CALL;
  if (isHealthCheck(payload)) return NO_CALL;
  const passed = passedThrough(payload);
  const answer = jsonIn(payload.response);
  const asked = passed === undefined ? undefined : readRequest(readByModel(passed, answer));
  if (passed !== undefined && asked === undefined)
    return isOtherRequest(passed)
      ? NO_CALL
      : refused('messages', kindOf(passed), 'a body that was passed through, of an API that is not known');
  const messages = asked?.messages ?? loggedMessages(payload);
  if (messages === undefined)
    return refused(
      'messages',
      kindOf(payload.messages),
      'no messages: message logging is turned off in the proxy',
    );
  return single(foundIn(payload, messages, defaults.clients ?? NO_TRUST), defaults, ACCOUNT_PLACES);
};

/** The proxy asks its own models whether they live: https://docs.litellm.ai/docs/proxy/health */
function isHealthCheck(payload: Json): boolean {
  return (
    textAt(jsonIn(payload.metadata), 'user_api_key_hash') === 'litellm-internal-health-check' ||
    payload.api_key === 'litellm-internal-health-check'
  );
}

/** Whether a logged text is somebody's, not an empty list or object that stands where messages would. */
function isSaid(text: string): boolean {
  return !/^\s*(?:\[\s*\]|\{\s*\}|null|"")\s*$/.test(text) && !isCutJson(text);
}

/**
 * The body of a call that the proxy passed through: it logs the whole of it as the text of one user message, as JSON or as Python
 * prints it (https://docs.litellm.ai/docs/proxy/pass_through). Undefined for other calls, in which such a text is the customer's.
 */
function passedThrough(payload: Json): Json | undefined {
  if (!/pass_?through/.test(textAt(payload, 'call_type') ?? '')) return undefined;
  const [message, ...others] = listOf(jsonIn(payload.messages));
  const content = jsonIn(at(message, 'content'));
  const body = objectOf(typeof content === 'string' ? printedIn(content) : content);
  return others.length === 0 ? body : undefined;
}

/** Whether JSON is messages, a body, or a list of such; a list of texts is several prompts. */
function isBodies(logged: unknown): boolean {
  return (Array.isArray(logged) ? logged : [logged]).some(
    (held) => typeof held === 'object' && held !== null,
  );
}

/** Messages where they were logged: a list, a text, a body, or the request that spend logs keep. */
function loggedMessages(payload: Json): readonly ReadMessage[] | undefined {
  const isText = /text_completion/.test(textAt(payload, 'call_type') ?? '');
  for (const held of [payload.messages, payload.proxy_server_request, payload.input]) {
    const logged = jsonIn(held);
    // a prompt of Completions that is JSON of its own is what somebody said, but where every word of it is read from messages
    if (isText && held === payload.messages && typeof held === 'string' && isBodies(logged) && isSaid(held))
      return saidIn(held);
    if (Array.isArray(logged) && logged.length > 0) {
      const first: unknown = logged[0];
      const last: unknown = logged.at(-1);
      if (objectOf(first) !== undefined || Array.isArray(first)) return readMessages(logged);
      if (typeof first !== 'string')
        return typeof held === 'string' ? promptMessages(held) : readMessages(logged);
      return promptMessages(typeof last === 'string' ? last : first);
    }
    if (typeof logged === 'string' && logged !== '' && !isCutJson(logged)) return promptMessages(logged);
    const body = bodyOf(logged);
    const asked = body === undefined ? undefined : readRequest(readByModel(body, jsonIn(payload.response)));
    if (asked !== undefined && asked.messages.length > 0) return asked.messages;
    // JSON that is no body
    if (held === payload.messages && typeof held === 'string' && isSaid(held)) return promptMessages(held);
  }
  return undefined;
}

function foundIn(payload: Json, messages: readonly ReadMessage[], clients: ClientTrust): Found {
  const metadata = jsonIn(payload.metadata);
  const places = CUSTOMER_PLACES.filter(([name, isClients]) => !isClients || clients.trusted.has(name))
    .map(([name]) => objectOf(jsonIn(at(metadata, name))))
    .filter((held) => held !== undefined);
  const [requester] = places;
  // of the request and not of its key: in whichever place says it
  const network = places.find((held) => 'asn' in held || 'tls' in held);
  const answer = readAnswer(jsonIn(payload.response));
  const request = bodyOf(jsonIn(payload.proxy_server_request));
  const anthropic = objectOf(jsonIn(payload.messages));
  return {
    id: textAt(payload, 'id') ?? textAt(payload, 'request_id') ?? textAt(payload, 'litellm_call_id'),
    providerId: true,
    time: isoFrom(payload.startTime ?? payload.start_time),
    ...accountOf(
      nameAt(metadata, 'user_api_key_org_id') ??
        nameAt(payload, 'organization_id') ??
        nameAt(metadata, 'user_api_key_team_id') ??
        nameAt(payload, 'team_id') ??
        liteLlmUser(nameAt(metadata, 'user_api_key_user_id')) ??
        liteLlmUser(nameAt(payload, 'user')) ??
        nameAt(metadata, 'user_api_key_hash') ??
        nameAt(payload, 'api_key'),
      { end_user: nameAt(payload, 'end_user') },
      clients,
    ),
    model: textAt(payload, 'model_group') ?? textAt(payload, 'model'),
    messages,
    beside: wordlessDigest(messages),
    completion: answer.text ?? '',
    inputTokens: numberAt(payload, 'prompt_tokens') ?? answer.inputTokens,
    // the answer's own count may hold thoughts that the proxy's does not (xAI)
    outputTokens: most(numberAt(payload, 'completion_tokens'), answer.outputTokens),
    params: paramsOf(
      objectOf(jsonIn(payload.model_parameters)) ??
        objectOf(jsonIn(payload.optional_params)) ??
        request ??
        anthropic,
    ),
    outcome: outcomeFrom([...answer.endings, ...failureOf(payload, metadata)]),
    ip: textAt(metadata, 'requester_ip_address') ?? textAt(payload, 'requester_ip_address'),
    userAgent: textAt(metadata, 'user_agent') ?? textAt(payload, 'user_agent'),
    credential:
      textAt(metadata, 'user_api_key_hash') ?? textAt(payload, 'api_key') ?? textAt(metadata, 'user_api_key'),
    plan: textAt(requester, 'plan'),
    product: textAt(requester, 'product'),
    createdAt: isoFrom(at(requester, 'created_at')),
    payment: textAt(requester, 'payment'),
    asn: numberAt(network, 'asn') ?? textAt(network, 'asn'),
    tls: textAt(network, 'tls'),
  };
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/** A failed call: its class says whether the provider refused it (https://docs.litellm.ai/docs/exception_mapping). */
function failureOf(payload: Json, metadata: unknown): Ending[] {
  const status = textAt(payload, 'status') ?? textAt(metadata, 'status');
  // one guardrail, or a list of them: https://docs.litellm.ai/docs/proxy/logging_spec
  const guardrails = [payload.guardrail_information ?? at(metadata, 'guardrail_information')].flat();
  if (guardrails.some((held) => /intervened|blocked/.test(textAt(held, 'guardrail_status') ?? '')))
    return ['refused'];
  const information = objectOf(payload.error_information) ?? objectOf(at(metadata, 'error_information'));
  if (status !== 'failure') return [];
  const [ending] = [
    errorEnding({
      ...information,
      message: `${textAt(payload, 'error_str') ?? ''} ${textAt(information, 'error_message') ?? ''}`,
    }),
  ];
  return [ending ?? 'error'];
}

import { printable } from '../reason.ts';
import { ADAPTER_DEFAULTS, type Adapted, type Adapter, type Found, refused, single } from './adapter.ts';
import { at, isoFrom, jsonIn, numberAt, objectOf, textAt } from './fields.ts';
import { completionOf, messagesOf, outcomeOf, paramsOf } from './openai.ts';

/**
 * LiteLLM's standard logging payload (`standard_logging_object` of its callbacks), as its object-storage and
 * generic loggers write it. The account is the organisation, team, user or key of the proxy, in that order;
 * the key's hash is the credential. `metadata.requester_metadata` may carry plan, product, created_at, payment.
 */
export const fromLiteLlm: Adapter = (json, defaults = ADAPTER_DEFAULTS): Adapted => {
  const payload = objectOf(at(json, 'standard_logging_object')) ?? objectOf(json);
  if (payload === undefined || (payload.call_type === undefined && payload.messages === undefined))
    return refused('call_type', printable(payload?.call_type), 'not a LiteLLM standard logging payload');
  const call = textAt(payload, 'call_type') ?? 'completion';
  if (!/completion|responses|anthropic_messages|generate_content/.test(call))
    return { exchanges: [], reasons: [], skipped: 1 };
  const metadata = payload.metadata;
  const requester =
    objectOf(at(metadata, 'requester_metadata')) ?? objectOf(at(metadata, 'spend_logs_metadata'));
  const logged = jsonIn(payload.messages);
  if (
    logged === undefined ||
    logged === null ||
    (objectOf(logged) !== undefined && Object.keys(logged as object).length === 0)
  )
    return refused(
      'messages',
      printable(payload.messages),
      'no messages: message logging is turned off in the proxy',
    );
  const response = jsonIn(payload.response);
  const found: Found = {
    id: textAt(payload, 'id') ?? textAt(payload, 'litellm_call_id'),
    time: isoFrom(payload.startTime),
    account:
      textAt(metadata, 'user_api_key_org_id') ??
      textAt(metadata, 'user_api_key_team_id') ??
      textAt(metadata, 'user_api_key_user_id') ??
      textAt(metadata, 'user_api_key_hash') ??
      textAt(payload, 'end_user'),
    model: textAt(payload, 'model_group') ?? textAt(payload, 'model'),
    messages: messagesOf(objectOf(logged) ?? { messages: logged }),
    completion: typeof response === 'string' ? response : completionOf(response),
    inputTokens: numberAt(payload, 'prompt_tokens'),
    outputTokens: numberAt(payload, 'completion_tokens'),
    params: paramsOf(payload.model_parameters),
    outcome: payload.status === 'failure' ? 'error' : outcomeOf(response),
    ip: textAt(metadata, 'requester_ip_address') ?? textAt(payload, 'requester_ip_address'),
    userAgent: textAt(metadata, 'user_agent') ?? textAt(payload, 'user_agent'),
    credential: textAt(metadata, 'user_api_key_hash'),
    plan: textAt(requester, 'plan'),
    product: textAt(requester, 'product'),
    createdAt: isoFrom(at(requester, 'created_at')),
    payment: textAt(requester, 'payment'),
  };
  return single(found, defaults);
};

import { AGENTGATEWAY_MARKS, liteLlmUser } from './account-names.ts';
import { accountOf, type ClientTrust, type NamedAccount } from './claimed-accounts.ts';

/** Attributes that the operator's own instrumentation sets. */
const OPERATORS = ['siphonwatch.account', 'enduser.id'] as const;
/** The same, which instrumentations of a proxy also fill with `user` of the request. */
const OWN = ['user.id', 'enduser.pseudo.id'] as const;

/** Where instrumentations put who asked: association properties of OpenLLMetry and Laminar, Vercel's metadata, LangSmith. */
const BY_INSTRUMENTATION = [
  'traceloop.association.properties.user_id',
  'traceloop.association.properties.userId',
  'traceloop.association.properties.customer_id',
  'lmnr.association.properties.user_id',
  'ai.telemetry.metadata.userId',
  'ai.telemetry.metadata.user_id',
  'ai.telemetry.metadata.account',
  'langsmith.metadata.user_id',
  'metadata.user_id',
] as const;

/** What LiteLLM's proxy says of the key that it authenticated: before all that the request may have said. */
const BY_PROXY = ['metadata.user_api_key_org_id', 'metadata.user_api_key_team_id'] as const;
const PROXY_USER = 'metadata.user_api_key_user_id';
const PROXY_KEY = 'metadata.user_api_key_hash';

/** Of the token that agentgateway verified, before all that the request may have said. Others log claims that nobody has checked. */
const BY_TOKEN = ['jwt.sub'] as const;

/** For the message of a call without an account. */
export const OTEL_ACCOUNT_PLACES = [...OPERATORS, ...OWN, ...BY_INSTRUMENTATION].join(', ');

/**
 * The account of a call.
 * @param fact the first of some attributes that is there
 * @param named attribute that the operator names
 */
export function otelAccount(
  fact: (...names: string[]) => string | undefined,
  clients: ClientTrust,
  named: string | undefined,
): NamedAccount {
  const isVerified = AGENTGATEWAY_MARKS.every((name) => fact(name) !== undefined);
  return accountOf(
    fact(...(named === undefined ? [] : [named]), ...OPERATORS, ...BY_PROXY) ??
      liteLlmUser(fact(PROXY_USER)) ??
      fact(PROXY_KEY, ...(isVerified ? BY_TOKEN : []), ...OWN, ...BY_INSTRUMENTATION),
    { 'gen_ai.request.user': fact('gen_ai.request.user', 'gen_ai.openai.request.user') },
    clients,
  );
}

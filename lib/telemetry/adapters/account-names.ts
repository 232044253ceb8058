import { type Json, jsonIn, nameAt, objectOf } from './fields.ts';

/**
 * What gateways and exports call the account, beside the bodies of a call. The customer comes before one of its people, so that no
 * customer is split; a team or a project comes last, as logs also name their own so.
 */
const CUSTOMERS = ['account', 'customer', 'tenant', 'organization', 'org'].flatMap(withId);
const PEOPLE: readonly (readonly string[])[] = [
  ['metadata', 'account'],
  ['metadata', '_user'],
  ['metadata', 'user_id'],
  ['metadata', 'userId'],
  ['metadata', 'user'],
  ['consumer', 'custom_id'],
  ['consumer', 'username'],
  ['consumer', 'id'],
  ['consumer'],
  ['requester'],
  ['user_id'],
  ['userId'],
  ['user'],
  ['user', 'id'],
  ['user', 'identifier'],
  ['user', 'sub'],
  ['participant', 'identifier'],
  ['thread', 'participant', 'identifier'],
  ['end_user_identifier'],
];
/** Claims of a token that agentgateway verified: https://agentgateway.dev/docs/standalone/latest/reference/cel/ */
const VERIFIED: readonly (readonly string[])[] = [['jwt', 'sub'], ['jwt.sub']];
/** What every request log and span of agentgateway has: https://agentgateway.dev/docs/standalone/latest/reference/observability/logs/ */
export const AGENTGATEWAY_MARKS = ['gateway', 'route', 'http.path'] as const;
const OTHERS = [
  ...['customeridentifier', 'userid', 'clientid', 'client', 'username'],
  // who a web server authenticated (https://nginx.org/en/docs/http/ngx_http_core_module.html#var_remote_user)
  'remoteuser',
  // https://github.com/aschn/drf-tracking (the user's name as it was then)
  'usernamepersistent',
  // https://doc.traefik.io/traefik/observe/logs-and-access-logs/
  'clientusername',
  ...['company', 'workspace', 'team', 'project', 'subscription'].flatMap(withId),
  // https://docs.getbifrost.ai/features/governance/virtual-keys
  ...['virtualkey', 'virtualkeyid'],
  'apikeyid',
  // who called, by the names of gateways and of their developer portals (Apigee, WSO2, Gravitee), the surest first
  ...[
    'developerid',
    'developeremail',
    'developerapp',
    'consumerid',
    'consumername',
    'principal',
    'caller',
    'callerid',
  ],
  ...['applicationid', 'clientapp', 'apikeyname', 'apikeyowner', 'apikeyalias', 'tokenname'],
];

function withId(name: string): string[] {
  return [name, `${name}id`];
}

/** Longest name of a field that is looked at. */
const LONGEST = 40;

/**
 * Whether a field is the id of the workspace that a table of Azure Monitor lies in, one for all its rows:
 * https://learn.microsoft.com/azure/azure-monitor/logs/log-standard-columns (TenantId, TimeGenerated)
 */
function isWorkspace(field: string, entry: Json): boolean {
  return field === 'TenantId' && 'TimeGenerated' in entry;
}

/** The first of some names that is there, however the log spells it: tenantId, TenantID, tenant_id. */
function spelt(entry: Json, names: readonly string[]): string | undefined {
  const fields = new Map<string, string>();
  for (const field of Object.keys(entry))
    if (field.length <= LONGEST && !isWorkspace(field, entry))
      fields.set(field.replaceAll(/[-_.]/g, '').toLowerCase(), field);
  for (const name of names) {
    const field = fields.get(name);
    const found = field === undefined ? undefined : nameAt(entry, field);
    // a web server writes `-` where nobody is
    if (found !== undefined && found !== '-') return found;
  }
  return undefined;
}

/** The account of a pair, as whoever logs it names it beside the bodies. */
export function nameBeside(json: unknown): string | undefined {
  const entry = objectOf(json) ?? {};
  const held: Json = { ...entry, ...asObject(entry, 'metadata'), ...asObject(entry, 'jwt') };
  return (
    spelt(entry, CUSTOMERS) ??
    firstAt(held, PEOPLE) ??
    // another may log the claims of a token that nobody has checked
    (AGENTGATEWAY_MARKS.every((name) => typeof entry[name] === 'string')
      ? firstAt(held, VERIFIED)
      : undefined) ??
    spelt(entry, OTHERS)
  );
}

function firstAt(held: Json, paths: readonly (readonly string[])[]): string | undefined {
  return paths.map((path) => nameAt(held, ...path)).find((name) => name !== undefined);
}

/** A field that may hold an object as text. */
function asObject(entry: Json, name: string): Json {
  const held = objectOf(jsonIn(entry[name]));
  return held === undefined ? {} : { [name]: held };
}

/**
 * A user of LiteLLM's proxy; undefined for its administrator, to whom all keys belong that are made with the master key or in the
 * interface without naming somebody: https://github.com/BerriAI/litellm/blob/main/litellm/constants.py (LITELLM_PROXY_ADMIN_NAME).
 */
export function liteLlmUser(name: string | undefined): string | undefined {
  return name === 'default_user_id' ? undefined : name;
}

/** The account of a flat entry, in which `user` and `metadata` may be the request's own and are not taken. */
export function nameInFlat(entry: Json): string | undefined {
  return spelt(entry, [...CUSTOMERS, ...OTHERS]);
}

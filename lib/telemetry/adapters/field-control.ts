/**
 * Who controls each source field that says who asked, and on what plan, of what age, with which payment. What the watched customer
 * can set by a header or in the body of its request is the client's: with it a customer is a hundred others, or frames one.
 * Printed in docs/security.md.
 */
export type Controller = 'gateway' | 'operator' | 'client';

export interface SourceField {
  readonly format: string;
  /** facts of an exchange that it becomes */
  readonly fact: string;
  readonly field: string;
  readonly controller: Controller;
  readonly because: string;
}

const row = (
  format: string,
  fact: string,
  field: string,
  controller: Controller,
  because: string,
): SourceField => ({ format, fact, field, controller, because });

const CUSTOMER = 'plan, product, createdAt, payment';

export const FIELD_CONTROL: readonly SourceField[] = [
  row(
    'openai, gemini, batch',
    'account',
    'account, customer.id',
    'gateway',
    'written beside the bodies by whoever logs',
  ),
  row('openai, gemini, batch', CUSTOMER, 'customer', 'gateway', 'written beside the bodies by whoever logs'),
  row(
    'openai, gemini, batch',
    'account',
    'consumer, requester, user_id, tenantId, customer_id and the like, remote_user, metadata',
    'gateway',
    'what the gateway authenticated, or its export',
  ),
  row(
    'openai, gemini, batch',
    'account',
    'openai-organization',
    'client',
    'a header of the request: https://platform.openai.com/docs/api-reference/authentication',
  ),
  row(
    'openai, gemini, batch',
    'account',
    'request.user',
    'client',
    'a field of the request: https://platform.openai.com/docs/api-reference/chat/create',
  ),
  row('openai, gemini, batch', 'account', 'request.safety_identifier', 'client', 'a field of the request'),
  row(
    'openai, gemini, batch',
    'account',
    'request.metadata.user_id',
    'client',
    'a field of the request: https://docs.anthropic.com/en/api/messages',
  ),
  row(
    'openai, gemini, batch',
    'ip',
    'x-forwarded-for',
    'client',
    'its first entry; put client_ip beside the bodies',
  ),
  ...['authorization', 'x-api-key', 'api-key'].map((field) =>
    row(
      'openai, gemini, batch',
      'credential',
      field,
      'client',
      'taken where only one of them was sent: which of two the gateway checked, only the operator knows',
    ),
  ),
  row(
    'openai, gemini, batch',
    'tls',
    'x-ja4',
    'client',
    'a header of the request wherever no edge writes it; taken where it is named',
  ),
  row(
    'openai, gemini, batch',
    'id',
    'x-request-id',
    'client',
    'taken only where the answer has no id; the event counts once under the same id and content',
  ),
  row(
    'litellm',
    'account, credential',
    'metadata.user_api_key_*',
    'gateway',
    'of the key that the proxy authenticated: https://docs.litellm.ai/docs/proxy/logging_spec',
  ),
  row(
    'litellm',
    `${CUSTOMER}, asn, tls`,
    'metadata.user_api_key_auth_metadata',
    'operator',
    'set when the key or its team is made: https://docs.litellm.ai/docs/proxy/virtual_keys',
  ),
  row('litellm', `${CUSTOMER}, asn, tls`, 'requester_metadata', 'client', 'metadata of the request body'),
  row(
    'litellm',
    `${CUSTOMER}, asn, tls`,
    'spend_logs_metadata',
    'client',
    'header x-litellm-spend-logs-metadata: https://docs.litellm.ai/docs/proxy/request_headers',
  ),
  row(
    'litellm',
    'account',
    'end_user',
    'client',
    'user of the request body: https://docs.litellm.ai/docs/proxy/customers',
  ),
  row('otel', `account, ${CUSTOMER}`, 'siphonwatch.*', 'operator', 'set by your own instrumentation'),
  row(
    'otel',
    'account',
    'enduser.id, user.id, enduser.pseudo.id',
    'operator',
    'set by your instrumentation; do not copy baggage from outside into them',
  ),
  row(
    'otel',
    'account',
    'traceloop.association.properties.*, lmnr.association.properties.user_id, ai.telemetry.metadata.*',
    'operator',
    'set by the code that calls the model',
  ),
  row(
    'otel',
    'account',
    'metadata.user_api_key_org_id, _team_id, _user_id, _hash',
    'gateway',
    'of the key that LiteLLM’s proxy authenticated; before what the request may have said: https://docs.litellm.ai/docs/proxy/logging_spec',
  ),
  row(
    'otel',
    'account',
    'gen_ai.request.user',
    'client',
    'user of the request body, copied by the instrumentation',
  ),
  row(
    'bedrock',
    `account, ${CUSTOMER}`,
    'requestMetadata',
    'operator',
    'set by the caller of Bedrock, which is the gateway: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html',
  ),
  row('bedrock', 'account, credential', 'identity.arn', 'gateway', 'the principal that AWS authenticated'),
  row(
    'own (auto)',
    'account',
    'account, tenant_id, customer_id, organization_id, team_id, user_id',
    'gateway',
    'written by whoever logs, beside the bodies or in one flat entry',
  ),
  row(
    'own (auto)',
    'account',
    'request.user',
    'client',
    'user and metadata of a flat entry count as fields of the request',
  ),
  row(
    'kong, apisix, higress (auto)',
    'account',
    'consumer.custom_id, consumer.username, consumer.id, consumer',
    'gateway',
    'the consumer that the gateway authenticated: https://developer.konghq.com/gateway/entities/consumer/',
  ),
  row(
    'azure-apim-llm, azure-apim (auto)',
    'account',
    'apimSubscriptionId, productId',
    'gateway',
    'of the subscription key that API Management checked: https://learn.microsoft.com/azure/api-management/api-management-subscriptions',
  ),
  row(
    'cloudflare, cloudflare-api, portkey (auto)',
    'account',
    'Metadata.account, Metadata.user_id, Metadata.user, metadata._user',
    'operator',
    'set by the code that calls the gateway: https://developers.cloudflare.com/ai-gateway/observability/custom-metadata/',
  ),
  row(
    'databricks, snowflake-cortex-analyst, snowflake-agents (auto)',
    'account',
    'requester, user_name, snow.user.name',
    'gateway',
    'the user that the service authenticated: https://docs.databricks.com/aws/en/ai-gateway/inference-tables',
  ),
  row(
    'salesforce (auto)',
    'account',
    'userId__c (never orgId__c, which is the owner’s)',
    'gateway',
    'the user that Salesforce logged in: https://developer.salesforce.com/docs/data/data-cloud-dmo-mapping/guide/c360dm-genai-gateway-request-dmo.html',
  ),
  row(
    'apigee (auto)',
    'account',
    'developer.id, developer.email, client_id, developer.app.id, developer.app.name',
    'gateway',
    'flow variables of the key that the proxy verified: https://cloud.google.com/apigee/docs/api-platform/reference/variables-reference',
  ),
  row(
    'dify, dify-node (auto)',
    'account',
    'from_end_user_id, from_account_id, created_by_end_user, created_by_account, created_by',
    'operator',
    'the user that the application names when it calls Dify: https://docs.dify.ai/api-reference/chat/send-chat-message',
  ),
  row(
    'helicone, helicone-async (auto)',
    'account',
    'Helicone-User-Id, request_user_id',
    'operator',
    'set by the code that calls the model: https://docs.helicone.ai/observability/user-metrics',
  ),
  row(
    'langsmith, mlflow (auto)',
    'account',
    'extra.metadata.user_id, mlflow.trace.user',
    'operator',
    'set by the code that calls the model: https://mlflow.org/docs/latest/genai/tracing/track-users-sessions/',
  ),
  row(
    'datadog-llm-obs, datadog-apm, archive of Datadog (auto)',
    'account',
    'usr.id, user.id, account, user_id and customer_id of tags',
    'operator',
    'whom the application says that it logged in: https://docs.datadoghq.com/standard-attributes/',
  ),
  row(
    'posthog, events of Mixpanel (auto)',
    'account',
    'distinct_id',
    'operator',
    'set by the code that sends the event: https://posthog.com/docs/llm-analytics/generations',
  ),
  row(
    'langfuse (auto)',
    'account',
    'userId, metadata.account, trace.userId',
    'operator',
    'set by the code that calls the model: https://langfuse.com/docs/observability/features/users',
  ),
  row(
    'newrelic (auto)',
    'account',
    'llm.account, llm.customer_id, llm.user_id, llm.user, enduser.id, userId',
    'operator',
    'attributes that your code adds: https://docs.newrelic.com/docs/ai-monitoring/customize-agent-ai-monitoring/',
  ),
  row(
    'ecs (auto)',
    'account',
    'labels.*, organization.id, user.id, client.user.id, user.name, tenant_id, customer_id',
    'gateway',
    'written by whoever logs: https://www.elastic.co/docs/reference/ecs/ecs-user',
  ),
  row(
    'openpipe, tensorzero, sagemaker, lunary, honeyhive, weave, phoenix (auto)',
    'account',
    'tags.user_id, tags.account, customAttributes, user.external_id, user_properties.user_id, attributes.user_id, wb_user_id, user.id',
    'operator',
    'set by the code that calls the model: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html',
  ),
  row(
    'braintrust, opik, openai-agents, langwatch, replicate, n8n, sglang, lm-studio (auto)',
    'account',
    'names as of own (auto), metadata',
    'operator',
    'set by the code that calls the model; user in the metadata of Braintrust and Opik is the request’s own, and counts as request.user',
  ),
  row(
    'openai-stored-response, openai-stored-completion, anthropic-batch-joined (auto)',
    'account',
    'names as of own (auto), beside what the provider stored',
    'gateway',
    'written by the script that fetched the call; user and metadata of what is stored count as fields of the request',
  ),
  row(
    'of no known product (auto)',
    'account',
    'names as of own (auto), outside of headers and of what was asked and answered',
    'gateway',
    'written by whoever logs; where your product copies a field of the request there, name another with --account-field',
  ),
  row(
    'otel, agentgateway (auto)',
    'account',
    'jwt.sub (only where gateway, route and http.path stand beside it, as agentgateway writes them)',
    'gateway',
    'of the token that the gateway verified; others log claims that nobody has checked: https://agentgateway.dev/docs/standalone/latest/reference/cel/ (jwt)',
  ),
  row(
    'weave-agents (auto)',
    'account',
    'custom_attrs_string: siphonwatch.account, enduser.id, user.id, user_id',
    'operator',
    'attributes that the code sets on its spans; wb_user_id wrote the span and is no customer',
  ),
  row(
    'bifrost (auto)',
    'account',
    'customer_id, team_id, user_id, virtual_key_id, virtual_key_name',
    'gateway',
    'of the virtual key that Bifrost checked: https://docs.getbifrost.ai/features/governance/virtual-keys',
  ),
  row(
    'bricksllm (auto)',
    'account',
    'key_id (never userId and custom_id, which the request may say)',
    'gateway',
    'the key that BricksLLM checked: https://github.com/bricks-cloud/BricksLLM/blob/main/internal/event/event.go',
  ),
  row(
    'open-webui-audit (auto)',
    'account',
    'user.id',
    'gateway',
    'the user whom Open WebUI logged in: https://docs.openwebui.com/getting-started/env-configuration (audit logging)',
  ),
  row(
    'mastra (auto)',
    'account',
    'metadata.userId',
    'operator',
    'set by the code that calls the model: https://mastra.ai/docs/observability/tracing/overview',
  ),
  row(
    'adk-agent-events (auto)',
    'account',
    'user_id',
    'operator',
    'the user of the session, whom the application names: https://adk.dev/integrations/bigquery-agent-analytics/',
  ),
  row(
    'records of Tyk Pump (auto)',
    'account',
    'alias, oauth_id, api_key',
    'gateway',
    'of the key that Tyk checked: https://tyk.io/docs/api-management/tyk-pump',
  ),
  row('all', 'account', '--account-field NAME', 'operator', 'named when record or collect is started'),
  row('exchange', `account, ${CUSTOMER}`, 'account, customer', 'gateway', 'written by the gateway'),
];

/** The table in Markdown. */
export function fieldTable(): string {
  const lines = FIELD_CONTROL.map(
    ({ format, fact, field, controller, because }) =>
      `| ${format} | \`${field}\` | ${fact} | ${controller} | ${because} |`,
  );
  return ['| Format | Field | Becomes | Set by | Because |', '|---|---|---|---|---|', ...lines].join('\n');
}

/** Names of the fields that a customer can set: what `--trust-client-fields` takes. */
export const CLIENT_FIELDS: readonly string[] = FIELD_CONTROL.filter(
  ({ controller }) => controller === 'client',
).map(({ field }) => field);

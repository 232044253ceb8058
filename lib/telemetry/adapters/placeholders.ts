/**
 * What gateways and instrumentations write in the place of a prompt when logging of messages is switched off or redacted.
 * Such a text is no prompt: under one print all accounts would look alike, and nobody would notice. The whole text has to be
 * one. Sources: LiteLLM `redacted-by-litellm` (https://docs.litellm.ai/docs/proxy/logging), `default-message-value` of its
 * pass-through; OpenInference `__REDACTED__` (https://github.com/Arize-ai/openinference spec/configuration.md); Sentry
 * `[Filtered]`; Logfire `[Scrubbed due to ...]` (https://logfire.pydantic.dev/docs/how-to-guides/scrubbing/); OpenTelemetry
 * Collector's redaction and transform processors `****`, `[REDACTED]`; Datadog `<REDACTED>`; pydantic-ai `<omitted>`.
 */
const WORD =
  /(?:redacted|filtered|removed|masked|scrubbed|omitted|hidden|obfuscated|suppressed|elided|sanitized)/
    .source;
const PLACEHOLDER = new RegExp(
  `^(?:redacted[-_ ]by[-_ ][\\w-]+|default-message-value|[*]{3,}|x{6,}|` +
    `[•#█]{3,}|(?:sha-?256[:=-])?[0-9a-f]{64}|` +
    `[\\[<({_*%]+\\s*(?:(?:user|content|message|prompt|input|text|data|pii)[-_ :]*){0,3}${WORD}[^\\])>}%]{0,120}[\\])>}_*%]+|` +
    `[\\[<({]?\\s*(?:no (?:content|messages?|prompt)|(?:message |prompt )?content (?:was )?not (?:captured|recorded|logged))\\s*[\\])>}]?|` +
    `(?:content|message|prompt|input)?[-_ ]?redacted|logging (?:is )?(?:disabled|turned off))$`,
  'i',
);

/** Whether a text stands where a prompt should. */
export function isPlaceholder(text: string): boolean {
  return text.length <= 200 && text.length >= 3 && PLACEHOLDER.test(text.trim());
}

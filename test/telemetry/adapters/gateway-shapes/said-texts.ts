import {
  AGENTIC,
  base64,
  bedrock,
  chat,
  type GatewayShape,
  GENAI,
  litellm,
  PROMPT,
  pair,
  RESULT,
  span,
  TIME,
  USER,
} from './shape.ts';

const JSON_PAGE = 'https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/';
const said = (content: string) => ({ messages: [{ role: 'user', content }] });
const input = (messages: unknown) => ({ ...GENAI, 'gen_ai.input.messages': JSON.stringify(messages) });

/** A customer whose message is JSON: quoted as it is, whatever an instrumentation might have meant by it. */
const sent = (what: string, text: string): GatewayShape => ({
  name: `a message of the user that is JSON: ${what}`,
  source: JSON_PAGE,
  entries: [span(input([{ role: 'user', parts: [{ type: 'text', content: text }] }]))],
  expect: said(text),
});
const other = (
  name: string,
  source: string,
  entries: readonly unknown[],
  expect: GatewayShape['expect'],
): GatewayShape => ({
  ...{ name, source, entries, expect },
});

const OBJECT = `{"question":"${PROMPT}","language":"en"}`;
const LONG = { model: 'm-1', messages: [{ role: 'system', content: 'Be brief. '.repeat(80) }, USER] };
const answered = (text: string) =>
  pair({ messages: [USER, { role: 'assistant', content: '' }, { role: 'user', content: text }] }, chat());

export const SAID_SHAPES: readonly GatewayShape[] = [
  sent('a thought', `{"type":"thinking","text":"${PROMPT}"}`),
  sent('a call of a tool', `[{"type":"tool_use","text":"${PROMPT}"}]`),
  sent('a picture that asks', `[{"image":{"note":"${PROMPT}"}}]`),
  sent('a greeting with a question beside it', `[{"type":"text","text":"hi","note":"${PROMPT}"}]`),
  sent('a question of its own fields', OBJECT),
  other(
    'a prompt that is JSON in an attribute',
    JSON_PAGE,
    [span({ ...GENAI, 'gen_ai.prompt': OBJECT })],
    said(OBJECT),
  ),
  other(
    'a prompt of Completions that is JSON, in LiteLLM',
    'https://docs.litellm.ai/docs/proxy/logging_spec',
    [litellm({ call_type: 'atext_completion', messages: OBJECT })],
    said(OBJECT),
  ),
  other(
    'a prompt that is JSON in a flat entry',
    'one flat entry a call: model, messages, answer and counts side by side',
    [
      {
        timestamp: TIME,
        account: 'acct-1',
        model: 'm-1',
        prompt: OBJECT,
        prompt_tokens: 12,
        completion_tokens: 34,
      },
    ],
    said(OBJECT),
  ),
  other(
    'messages in an attribute that was cut',
    'https://opentelemetry.io/docs/specs/otel/common/#attribute-limits',
    [span({ ...GENAI, 'gen_ai.input.messages': JSON.stringify(LONG.messages).slice(0, 256) })],
    /^gen_ai\.input\.messages: JSON that was cut off .*OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT/,
  ),
  other(
    'a body in an attribute that was cut',
    'https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md',
    [span({ ...GENAI, 'input.value': JSON.stringify(LONG).slice(0, 256) })],
    /^input\.value: JSON that was cut off/,
  ),
  other(
    'a result of executed code in a turn of the user',
    'https://ai.google.dev/api/caching#CodeExecutionResult',
    [
      pair(
        {
          contents: [
            { role: 'user', parts: [{ text: PROMPT }] },
            { role: 'model', parts: [{ executableCode: { language: 'PYTHON', code: 'tide()' } }] },
            { role: 'user', parts: [{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: RESULT } }] },
          ],
        },
        {
          candidates: [{ finishReason: 'STOP' }],
          usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 34 },
        },
      ),
    ],
    { messages: AGENTIC },
  ),
  ...[
    `<tool_response>\n${RESULT}\n</tool_response>`,
    `Observation: ${RESULT}`,
    `[tides for 'Cuxhaven'] Result:\n${RESULT}`,
  ].map(
    (text): GatewayShape =>
      other(
        `the result of a tool as text of the user: ${text.slice(0, 15).trim()}`,
        'https://github.com/NousResearch/Hermes-Function-Calling, https://github.com/huggingface/smolagents, https://github.com/cline/cline',
        [answered(text)],
        { messages: [...AGENTIC.slice(0, 2), { role: 'tool', content: text }] },
      ),
  ),
  other(
    'a result without a call is what the user said',
    JSON_PAGE,
    [pair(said(`Observation: ${RESULT}`), chat())],
    said(`Observation: ${RESULT}`),
  ),
  other(
    'a question behind stars: the system prompt asks',
    'a customer who would not be seen',
    [
      pair(
        {
          messages: [
            { role: 'system', content: `Explain this. ${PROMPT}` },
            { role: 'user', content: '***' },
          ],
        },
        chat(),
      ),
    ],
    said(`Explain this. ${PROMPT}`),
  ),
  other(
    'a placeholder after a system prompt',
    'https://docs.litellm.ai/docs/proxy/logging',
    [
      pair(
        {
          messages: [
            { role: 'system', content: 'You are kind.' },
            { role: 'user', content: '[redacted]' },
          ],
        },
        chat(),
      ),
    ],
    /placeholder/,
  ),
  ...[[PROMPT, said(PROMPT)] as const, ['The tides of the north sea.', /placeholder/] as const].map(
    ([before, told]) =>
      other(
        `a placeholder behind what a user said: ${before}`,
        'a customer who would not be seen, or a gateway that hides by message',
        [pair({ messages: [...said(before).messages, { role: 'user', content: '[REDACTED]' }] }, chat())],
        told,
      ),
  ),
  ...[
    { prompt: [PROMPT, 'hello'] },
    { prompt: { id: 'pmpt_1', variables: { q: PROMPT } }, input: '' },
    { messages: [{ role: 'system', content: PROMPT }] },
  ].map((request) =>
    other(
      `a question where few look: ${Object.keys(request).join(' and ')}`,
      'https://platform.openai.com/docs/api-reference/responses/create',
      [pair(request, chat())],
      'messages' in request ? request : said(PROMPT),
    ),
  ),
  other(
    'a suffix, which is asked too',
    'https://platform.openai.com/docs/api-reference/completions/create',
    [pair({ prompt: 'def tides():', suffix: PROMPT }, chat())],
    said(`def tides():\n${PROMPT}`),
  ),
  other(
    "Pegasus's prompt",
    'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-pegasus.html',
    [
      bedrock(
        'InvokeModel',
        { inputPrompt: PROMPT, mediaSource: {} },
        { message: 'A film.', finishReason: 'length' },
      ),
    ],
    { outcome: 'truncated', origin: { credential: 'arn:aws:iam::123456789012:user/gateway' } },
  ),
  other(
    'a batch of CloudEvents with binary data',
    'https://github.com/cloudevents/spec/blob/main/cloudevents/formats/json-format.md#31-handling-of-data',
    [
      [
        {
          specversion: '1.0',
          type: 'call',
          source: '/gw',
          id: '1',
          data_base64: base64(JSON.stringify(pair({ messages: [USER] }, chat()))),
        },
      ],
    ],
    {},
  ),
];

import { ASKED, chat, type GatewayShape, litellm, PROMPT, pair, TIME, USER } from './shape.ts';

const streamed = (
  name: string,
  source: string,
  request: object,
  text: string,
  expect: GatewayShape['expect'] = { outcome: 'truncated' },
): GatewayShape => ({
  name: `a stream kept as text: ${name}`,
  source,
  entries: [pair({ ...request, stream: true }, text)],
  expect,
});
const events = (...data: readonly unknown[]) =>
  data.map((held) => `data: ${typeof held === 'string' ? held : JSON.stringify(held)}\n\n`).join('');
const lines = (...data: readonly unknown[]) => data.map((held) => `${JSON.stringify(held)}\n`).join('');
const chats = { messages: [USER] };

const counted = (name: string, source: string, usage: object, outputTokens: number): GatewayShape => ({
  name: `counts: ${name}`,
  source,
  entries: [pair(chats, { ...chat(), usage })],
  expect: { usage: { inputTokens: 12, outputTokens } },
});

export const STREAM_TEXT_SHAPES: readonly GatewayShape[] = [
  streamed(
    'Ollama, chat',
    'https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-chat-completion',
    chats,
    lines(
      { model: 'm-1', created_at: TIME, message: { role: 'assistant', content: 'By' }, done: false },
      { model: 'm-1', done: true, done_reason: 'length', prompt_eval_count: 12, eval_count: 34 },
    ),
  ),
  streamed(
    'Ollama, generate',
    'https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-completion',
    { prompt: PROMPT },
    lines(
      { model: 'm-1', created_at: TIME, response: 'By', done: false },
      {
        model: 'm-1',
        response: '',
        done: true,
        done_reason: 'length',
        prompt_eval_count: 12,
        eval_count: 34,
      },
    ),
  ),
  streamed(
    'Cohere v2',
    'https://docs.cohere.com/v2/docs/streaming',
    chats,
    events(
      { id: 'x1', type: 'message-start', delta: { message: { role: 'assistant', content: [] } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'By' } } } },
      {
        type: 'message-end',
        delta: {
          finish_reason: 'MAX_TOKENS',
          usage: {
            billed_units: { input_tokens: 2, output_tokens: 34 },
            tokens: { input_tokens: 12, output_tokens: 34 },
          },
        },
      },
      '[DONE]',
    ),
  ),
  streamed(
    'Text Generation Inference',
    'https://huggingface.co/docs/text-generation-inference/reference/api_reference',
    { inputs: PROMPT },
    events(
      { index: 1, token: { id: 1, text: 'By', special: false }, generated_text: null, details: null },
      {
        index: 34,
        token: { id: 2, text: ' the', special: false },
        generated_text: 'By the',
        details: { finish_reason: 'length', generated_tokens: 34, input_length: 12 },
      },
    ),
  ),
  streamed(
    "llama.cpp's server",
    'https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md',
    { prompt: PROMPT },
    events(
      { content: 'By', stop: false },
      { content: '', stop: true, stop_type: 'limit', tokens_predicted: 34, tokens_evaluated: 12 },
    ),
  ),
  streamed(
    'AI SDK, data stream',
    'https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol',
    chats,
    '0:"By"\n0:" the"\nd:{"finishReason":"length","usage":{"promptTokens":12,"completionTokens":34}}\n',
  ),
  streamed(
    'lines that end in a carriage return alone, data over two lines',
    'https://html.spec.whatwg.org/multipage/server-sent-events.html',
    chats,
    'data: {"id":"r-1","choices":[{"index":0,"delta":{"content":"By"},\rdata: "finish_reason":"length"}]}\r\rdata: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":34}}\r\r',
  ),
  {
    name: 'an answer that is a text of two lines, one of them JSON',
    source: 'https://platform.openai.com/docs/api-reference/completions',
    entries: [
      { ...pair(chats, 'By the moon:\n{"finish_reason":"length"}\nand so on\n'), usage: chat().usage },
    ],
    expect: {},
  },
  counted(
    'thoughts apart, by the total (xAI)',
    'https://docs.x.ai/docs/guides/reasoning',
    {
      prompt_tokens: 12,
      completion_tokens: 4,
      total_tokens: 46,
      completion_tokens_details: { reasoning_tokens: 30 },
    },
    34,
  ),
  counted(
    'thoughts inside, by the total (OpenAI)',
    'https://platform.openai.com/docs/api-reference/chat/object',
    {
      prompt_tokens: 12,
      completion_tokens: 34,
      total_tokens: 46,
      completion_tokens_details: { reasoning_tokens: 30 },
    },
    34,
  ),
  counted(
    'thoughts apart, more than all output and no total',
    'https://docs.x.ai/docs/guides/reasoning',
    { prompt_tokens: 12, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 30 } },
    34,
  ),
  {
    name: "LiteLLM's count without thoughts, the provider's with them apart",
    source: 'https://docs.litellm.ai/docs/reasoning_content',
    entries: [
      litellm({
        completion_tokens: 4,
        response: {
          ...chat(),
          usage: {
            prompt_tokens: 12,
            completion_tokens: 4,
            total_tokens: 46,
            completion_tokens_details: { reasoning_tokens: 30 },
          },
        },
      }),
    ],
    expect: { origin: { ip: '203.0.113.9', userAgent: 'sdk/1', credential: 'h' } },
  },
  {
    name: 'a health check of LiteLLM',
    source: 'https://docs.litellm.ai/docs/proxy/health',
    entries: [litellm({ messages: ASKED, metadata: { user_api_key_hash: 'litellm-internal-health-check' } })],
    expect: 'no call',
  },
];

import {
  AGENTIC,
  ASKED,
  anthropic,
  BRIEFED,
  BRIEFED_AGENTIC,
  chat,
  type GatewayShape,
  INFORMED,
  PROMPT,
  pair,
  RESULT,
  response,
  SECONDS,
  SYSTEM,
  USER,
} from './shape.ts';

const OPENAI_CHAT = 'https://platform.openai.com/docs/api-reference/chat/create';
const OPENAI_STREAM = 'https://platform.openai.com/docs/api-reference/chat/streaming';
const RESPONSES = 'https://platform.openai.com/docs/api-reference/responses/create';
const RESPONSES_STREAM = 'https://platform.openai.com/docs/api-reference/responses-streaming';
const TOOLS = 'https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use';
const GEMINI = 'https://ai.google.dev/api/generate-content';

const CALL = { id: 'call_1', type: 'function', function: { name: 'tide', arguments: '{"port":"Cuxhaven"}' } };
const chunk = (delta: object, over: object = {}, choice: object = {}) => ({
  ...{ id: 'r-1', object: 'chat.completion.chunk', created: SECONDS, model: 'm-1' },
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  ...over,
});
const gemini = (parts: unknown, over: object = {}) => ({
  candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }],
  usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 34, totalTokenCount: 46 },
  modelVersion: 'm-1',
  ...over,
});

/** Calls of tools and their results, thoughts, and streams: what agents send and get. */
export const AGENT_SHAPES: readonly GatewayShape[] = [
  {
    name: 'chat: a stream of tool calls, usage in a last chunk without choices',
    source: OPENAI_STREAM,
    entries: [
      pair({ messages: [USER], stream: true, stream_options: { include_usage: true } }, [
        chunk({ role: 'assistant', content: null, tool_calls: [{ index: 0, ...CALL }] }),
        chunk({ tool_calls: [{ index: 0, function: { arguments: '}' } }] }),
        chunk({}, {}, { finish_reason: 'tool_calls' }),
        { ...chunk({}), choices: [], usage: { prompt_tokens: 12, completion_tokens: 34, total_tokens: 46 } },
      ]),
    ],
    expect: {},
  },
  {
    name: 'chat: a stream as text of server-sent events, cut off by length',
    source: OPENAI_STREAM,
    entries: [
      pair(
        { messages: [USER], stream: true, max_completion_tokens: 34 },
        `: keep-alive\n\ndata: ${JSON.stringify(chunk({ role: 'assistant', content: 'By' }))}\n\ndata: ${JSON.stringify(chunk({}, { usage: { prompt_tokens: 12, completion_tokens: 34 } }, { finish_reason: 'length' }))}\n\ndata: [DONE]\n\n`,
      ),
    ],
    expect: { outcome: 'truncated', params: { maxTokens: 34 } },
  },
  {
    name: 'chat: a tool result in parts',
    source: OPENAI_CHAT,
    entries: [
      pair(
        {
          messages: [
            USER,
            { role: 'assistant', content: null, tool_calls: [CALL] },
            { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: RESULT }] },
          ],
        },
        chat(),
      ),
    ],
    expect: { messages: AGENTIC },
  },
  {
    name: 'chat: the function role of 2023, and a function_call that ends it',
    source: OPENAI_CHAT,
    entries: [
      pair(
        {
          messages: [
            USER,
            { role: 'assistant', content: null, function_call: { name: 'tide', arguments: '{}' } },
            { role: 'function', name: 'tide', content: RESULT },
          ],
          functions: [{ name: 'tide', parameters: {} }],
        },
        chat(
          { content: null, function_call: { name: 'tide', arguments: '{}' } },
          { finish_reason: 'function_call' },
        ),
      ),
    ],
    expect: { messages: AGENTIC },
  },
  {
    name: 'chat: pictures, sound and files beside the question',
    source: OPENAI_CHAT,
    entries: [
      pair(
        {
          messages: [
            {
              role: 'user',
              content: [
                { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
                { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
                { type: 'file', file: { filename: 'tides.pdf', file_data: 'AAAA' } },
                { type: 'text', text: PROMPT },
              ],
            },
          ],
        },
        chat(),
      ),
    ],
    expect: {},
  },
  {
    name: 'chat: the model refuses in a field of its own',
    source: OPENAI_CHAT,
    entries: [pair({ messages: [USER] }, chat({ content: null, refusal: 'I cannot help with that.' }))],
    expect: { outcome: 'refused' },
  },
  {
    name: 'chat: a JSON schema, several answers, log probabilities, a seed',
    source: OPENAI_CHAT,
    entries: [
      pair(
        {
          messages: [{ role: 'developer', content: 'Be brief' }, USER],
          ...{ n: 3, logprobs: true, top_logprobs: 5, seed: 7, temperature: 0.2, top_p: 0.9 },
          response_format: { type: 'json_schema', json_schema: { name: 'a', schema: {} } },
        },
        chat(),
      ),
    ],
    expect: {
      messages: BRIEFED,
      params: {
        n: 3,
        logprobs: 5,
        seed: 7,
        temperature: 0.2,
        topP: 0.9,
        responseFormat: { type: 'json_schema' },
      },
    },
  },
  {
    name: 'responses: reasoning, a call, and its output in parts',
    source: RESPONSES,
    entries: [
      pair(
        {
          instructions: 'Be brief',
          input: [
            { type: 'message', role: 'user', content: [{ type: 'input_text', text: PROMPT }] },
            {
              type: 'reasoning',
              id: 'rs_1',
              summary: [{ type: 'summary_text', text: 'I look it up.' }],
              encrypted_content: 'x',
            },
            { type: 'function_call', id: 'fc_1', call_id: 'c1', name: 'tide', arguments: '{}' },
            { type: 'function_call_output', call_id: 'c1', output: [{ type: 'input_text', text: RESULT }] },
          ],
        },
        response({
          usage: {
            input_tokens: 12,
            input_tokens_details: { cached_tokens: 8 },
            output_tokens: 34,
            output_tokens_details: { reasoning_tokens: 20 },
          },
        }),
      ),
    ],
    expect: {
      messages: [SYSTEM, ...INFORMED],
    },
  },
  {
    name: 'responses: the output of a custom tool',
    source: RESPONSES,
    entries: [
      pair(
        {
          input: [
            USER,
            { type: 'custom_tool_call', call_id: 'c1', name: 'shell', input: 'tide Cuxhaven' },
            { type: 'custom_tool_call_output', call_id: 'c1', output: RESULT },
          ],
        },
        response(),
      ),
    ],
    expect: { messages: INFORMED },
  },
  {
    name: 'responses: a call of a remote MCP server, which holds its own output',
    source: 'https://platform.openai.com/docs/guides/tools-connectors-mcp',
    entries: [
      pair(
        {
          input: [
            USER,
            {
              type: 'mcp_list_tools',
              id: 'l1',
              server_label: 's',
              tools: [{ name: 'tide', input_schema: {} }],
            },
            { type: 'mcp_approval_request', id: 'a1', server_label: 's', name: 'tide', arguments: '{}' },
            { type: 'mcp_approval_response', approval_request_id: 'a1', approve: true },
            {
              type: 'mcp_call',
              id: 'm1',
              server_label: 's',
              name: 'tide',
              arguments: '{}',
              output: RESULT,
              error: null,
            },
          ],
        },
        response(),
      ),
    ],
    expect: { messages: INFORMED },
  },
  {
    name: 'responses: outputs of a shell, a patch, a screen',
    source: RESPONSES,
    entries: [
      pair(
        {
          input: [
            USER,
            {
              type: 'local_shell_call',
              call_id: 'c0',
              action: { type: 'exec', command: ['ls'] },
              status: 'completed',
            },
            { type: 'local_shell_call_output', id: 'c0', output: RESULT },
            { type: 'apply_patch_call_output', call_id: 'c1', status: 'completed', output: 'done' },
            {
              type: 'computer_call_output',
              call_id: 'c2',
              output: { type: 'computer_screenshot', image_url: 'data:image/png;base64,AA' },
            },
            {
              type: 'shell_call_output',
              call_id: 'c3',
              output: [{ stdout: RESULT, stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
            },
          ],
        },
        response(),
      ),
    ],
    expect: {
      messages: [
        ...ASKED,
        { role: 'tool', content: RESULT },
        { role: 'tool', content: 'done' },
        { role: 'tool', content: '' },
        { role: 'tool', content: RESULT },
      ],
    },
  },
  {
    name: 'responses: goes on from an earlier response, with a reference to an item',
    source: RESPONSES,
    entries: [
      pair(
        {
          previous_response_id: 'resp_0',
          input: [
            { type: 'item_reference', id: 'msg_0' },
            { role: 'user', content: PROMPT },
          ],
          text: { format: { type: 'json_schema', name: 'a', schema: {} } },
          reasoning: { effort: 'high' },
          max_output_tokens: 200,
        },
        response(),
      ),
    ],
    expect: { params: { maxTokens: 200, responseFormat: { type: 'json_schema' } } },
  },
  {
    name: 'responses: a stream of events that ends incomplete',
    source: RESPONSES_STREAM,
    entries: [
      pair({ input: PROMPT, stream: true }, [
        { type: 'response.created', response: response({ status: 'in_progress', output: [], usage: null }) },
        { type: 'response.output_item.added', item: { type: 'message', role: 'assistant', content: [] } },
        { type: 'response.output_text.delta', delta: 'By the' },
        {
          type: 'response.incomplete',
          response: response({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }),
        },
      ]),
    ],
    expect: { outcome: 'truncated' },
  },
  {
    name: 'responses: a failure with its error, and one cancelled',
    source: RESPONSES,
    entries: [
      pair(
        { input: PROMPT },
        response({
          status: 'failed',
          output: [],
          error: { code: 'rate_limit_exceeded', message: 'slow down' },
        }),
      ),
    ],
    expect: { outcome: 'error' },
  },
  {
    name: 'responses: a refusal as a part of the answer',
    source: RESPONSES,
    entries: [
      pair(
        {
          input: [
            {
              role: 'user',
              content: [
                { type: 'input_text', text: PROMPT },
                { type: 'input_image', image_url: 'x' },
                { type: 'input_file', file_id: 'f' },
              ],
            },
          ],
        },
        response({
          output: [{ type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }],
        }),
      ),
    ],
    expect: { outcome: 'refused' },
  },
  {
    name: 'anthropic: a tool result with a picture, and more words of the user behind it',
    source: TOOLS,
    entries: [
      pair(
        {
          max_tokens: 100,
          messages: [
            { role: 'user', content: 'Look up the tides' },
            {
              role: 'assistant',
              content: [
                { type: 'text', text: 'Yes.' },
                { type: 'tool_use', id: 't1', name: 'tide', input: {} },
              ],
            },
            {
              role: 'user',
              content: [
                {
                  type: 'tool_result',
                  tool_use_id: 't1',
                  content: [
                    { type: 'text', text: RESULT },
                    { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
                  ],
                },
                { type: 'text', text: PROMPT },
              ],
            },
          ],
        },
        anthropic(),
      ),
    ],
    expect: {
      params: { maxTokens: 100 },
      messages: [
        { role: 'user', content: 'Look up the tides' },
        { role: 'assistant', content: 'Yes.' },
        { role: 'tool', content: RESULT },
        ...ASKED,
      ],
    },
  },
  {
    name: 'anthropic: a document and a search result beside the question',
    source: 'https://docs.anthropic.com/en/docs/build-with-claude/citations',
    entries: [
      pair(
        {
          max_tokens: 100,
          messages: [
            {
              role: 'user',
              content: [
                {
                  type: 'document',
                  source: { type: 'text', media_type: 'text/plain', data: RESULT },
                  title: 'Tides',
                  context: 'of a port',
                  citations: { enabled: true },
                },
                { type: 'document', source: { type: 'content', content: [{ type: 'text', text: RESULT }] } },
                {
                  type: 'search_result',
                  source: 'https://x.example',
                  title: 'Tides',
                  content: [{ type: 'text', text: RESULT }],
                },
                { type: 'text', text: PROMPT, cache_control: { type: 'ephemeral' } },
              ],
            },
          ],
        },
        anthropic(),
      ),
    ],
    expect: { params: { maxTokens: 100 } },
  },
  {
    name: 'anthropic: thoughts, system in blocks, tokens of the cache apart',
    source: 'https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching',
    entries: [
      pair(
        {
          max_tokens: 100,
          system: [{ type: 'text', text: 'Be brief', cache_control: { type: 'ephemeral' } }],
          thinking: { type: 'enabled', budget_tokens: 50 },
          messages: [
            USER,
            {
              role: 'assistant',
              content: [
                { type: 'thinking', thinking: 'I look it up', signature: 's' },
                { type: 'redacted_thinking', data: 'x' },
                { type: 'tool_use', id: 't1', name: 'tide', input: {} },
              ],
            },
            {
              role: 'user',
              content: [{ type: 'tool_result', tool_use_id: 't1', is_error: true, content: RESULT }],
            },
          ],
        },
        anthropic({
          stop_reason: 'tool_use',
          usage: {
            input_tokens: 2,
            cache_creation_input_tokens: 4,
            cache_read_input_tokens: 6,
            output_tokens: 34,
            server_tool_use: { web_search_requests: 0 },
          },
        }),
      ),
    ],
    expect: { params: { maxTokens: 100 }, messages: BRIEFED_AGENTIC },
  },
  {
    name: 'anthropic: a server tool used, its result in the message of the assistant',
    source: 'https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool',
    entries: [
      pair(
        {
          max_tokens: 100,
          messages: [
            { role: 'user', content: 'Look up the tides' },
            {
              role: 'assistant',
              content: [
                { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'tides' } },
                {
                  type: 'web_search_tool_result',
                  tool_use_id: 's1',
                  content: [
                    {
                      type: 'web_search_result',
                      url: 'https://x.example',
                      title: 'Tides',
                      encrypted_content: 'e',
                      page_age: null,
                    },
                  ],
                },
                { type: 'text', text: 'They are moved by the moon.' },
              ],
            },
            USER,
          ],
        },
        anthropic({ stop_reason: 'pause_turn' }),
      ),
    ],
    // the pages are encrypted: addresses and titles are what came from the tool
    expect: {
      params: { maxTokens: 100 },
      messages: [
        { role: 'user', content: 'Look up the tides' },
        { role: 'tool', content: 'https://x.example\nTides' },
        { role: 'assistant', content: 'They are moved by the moon.' },
        ...ASKED,
      ],
    },
  },
  {
    name: 'anthropic: a stream of events that ends in a refusal',
    source: 'https://docs.anthropic.com/en/docs/build-with-claude/streaming',
    entries: [
      pair(
        { max_tokens: 100, messages: [USER], stream: true },
        [
          {
            type: 'message_start',
            message: anthropic({
              content: [],
              stop_reason: null,
              usage: { input_tokens: 12, output_tokens: 1 },
            }),
          },
          { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
          { type: 'ping' },
          { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'By' } },
          { type: 'content_block_stop', index: 0 },
          {
            type: 'message_delta',
            delta: { stop_reason: 'refusal', stop_sequence: null },
            usage: { output_tokens: 34 },
          },
          { type: 'message_stop' },
        ]
          .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
          .join(''),
      ),
    ],
    expect: { params: { maxTokens: 100 }, outcome: 'refused' },
  },
  {
    name: 'anthropic: an overloaded service',
    source: 'https://docs.anthropic.com/en/api/errors',
    entries: [
      pair(
        { max_tokens: 100, messages: [USER] },
        { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' }, request_id: 'req_1' },
        { status: 529 },
      ),
    ],
    expect: { params: { maxTokens: 100 }, outcome: 'error', usage: { inputTokens: 0, outputTokens: 0 } },
  },
  {
    name: 'gemini: the answer of a function, thoughts before it',
    source: 'https://ai.google.dev/gemini-api/docs/function-calling',
    entries: [
      pair(
        {
          contents: [
            { role: 'user', parts: [{ text: PROMPT }] },
            {
              role: 'model',
              parts: [
                { text: 'I look it up', thought: true },
                { functionCall: { name: 'tide', args: {} }, thoughtSignature: 's' },
              ],
            },
            { role: 'user', parts: [{ functionResponse: { name: 'tide', response: { result: RESULT } } }] },
          ],
          generationConfig: {
            temperature: 0.2,
            maxOutputTokens: 100,
            candidateCount: 1,
            responseMimeType: 'application/json',
          },
        },
        gemini([{ text: 'By the moon.' }], {
          usageMetadata: {
            promptTokenCount: 12,
            candidatesTokenCount: 14,
            thoughtsTokenCount: 20,
            totalTokenCount: 46,
          },
        }),
      ),
    ],
    expect: {
      messages: AGENTIC,
      params: { temperature: 0.2, maxTokens: 100, n: 1, responseFormat: 'application/json' },
    },
  },
  {
    name: 'gemini: a prompt that is blocked',
    source: GEMINI,
    entries: [
      pair(
        {
          contents: [{ parts: [{ text: PROMPT }] }],
          system_instruction: { parts: [{ text: 'Be brief' }] },
          generation_config: { top_p: 0.5 },
        },
        {
          promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
          usageMetadata: { promptTokenCount: 12, totalTokenCount: 12 },
        },
      ),
    ],
    expect: {
      messages: BRIEFED,
      outcome: 'refused',
      usage: { inputTokens: 12, outputTokens: 0 },
      params: { topP: 0.5 },
    },
  },
  {
    name: 'gemini: a stream as a list of answers, code that was run, cut off',
    source: GEMINI,
    entries: [
      pair(
        {
          contents: [
            {
              role: 'user',
              parts: [{ inlineData: { mimeType: 'image/png', data: 'AA' } }, { text: PROMPT }],
            },
          ],
          cachedContent: 'c/1',
        },
        [
          gemini([{ executableCode: { language: 'PYTHON', code: 'print(1)' } }], {
            usageMetadata: { promptTokenCount: 12 },
          }),
          gemini([{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } }], {
            candidates: [{ content: { parts: [{ text: 'x' }], role: 'model' }, finishReason: 'MAX_TOKENS' }],
          }),
        ],
      ),
    ],
    expect: { outcome: 'truncated' },
  },
];

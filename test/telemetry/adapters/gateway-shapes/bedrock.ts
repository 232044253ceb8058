import {
  AGENTIC,
  ASKED,
  anthropic,
  BRIEFED,
  BRIEFED_AGENTIC,
  bedrock,
  chat,
  type GatewayShape,
  PROMPT,
  RESULT,
  SYSTEM,
  USER,
} from './shape.ts';

const BODIES = 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html';
const CONVERSE = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html';
const LOGGING = 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html';

const converse = (over: object = {}) => ({
  output: { message: { role: 'assistant', content: [{ text: 'By the moon.' }] } },
  ...{ stopReason: 'end_turn', metrics: { latencyMs: 9 } },
  usage: { inputTokens: 12, outputTokens: 34, totalTokens: 46 },
  ...over,
});

/** Entries of Bedrock's model-invocation log: Converse, and the body of each vendor. */
export const BEDROCK_SHAPES: readonly GatewayShape[] = [
  {
    name: 'converse: a tool result of JSON and text, a guarded question, a document',
    source: CONVERSE,
    entries: [
      bedrock(
        'Converse',
        {
          system: [{ text: 'Be brief' }, { cachePoint: { type: 'default' } }],
          messages: [
            {
              role: 'user',
              content: [
                { document: { name: 'd', format: 'txt', source: { bytes: 'QQ==' } } },
                { guardContent: { text: { text: PROMPT } } },
              ],
            },
            {
              role: 'assistant',
              content: [
                { reasoningContent: { reasoningText: { text: 'I look it up', signature: 's' } } },
                { toolUse: { toolUseId: 't', name: 'tide', input: {} } },
              ],
            },
            {
              role: 'user',
              content: [
                { toolResult: { toolUseId: 't', status: 'success', content: [{ json: { tide: RESULT } }] } },
              ],
            },
          ],
          inferenceConfig: { maxTokens: 100, temperature: 0.5, topP: 0.9, stopSequences: [] },
        },
        converse(),
      ),
    ],
    expect: {
      messages: BRIEFED_AGENTIC,
      params: { maxTokens: 100, temperature: 0.5, topP: 0.9 },
    },
  },
  {
    name: 'converse: stopped by a guardrail',
    source: CONVERSE,
    entries: [
      bedrock(
        'ConverseStream',
        {
          messages: [{ role: 'user', content: [{ text: PROMPT }] }],
          guardrailConfig: { guardrailIdentifier: 'g' },
        },
        converse({ stopReason: 'guardrail_intervened' }),
      ),
    ],
    expect: { outcome: 'refused' },
  },
  {
    name: 'converse: the stream logged event by event',
    source: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html',
    entries: [
      bedrock('ConverseStream', { messages: [{ role: 'user', content: [{ text: PROMPT }] }] }, [
        { messageStart: { role: 'assistant' } },
        { contentBlockDelta: { delta: { text: 'By' }, contentBlockIndex: 0 } },
        { messageStop: { stopReason: 'max_tokens' } },
        { metadata: { usage: { inputTokens: 12, outputTokens: 34 }, metrics: { latencyMs: 1 } } },
      ]),
    ],
    expect: { outcome: 'truncated' },
  },
  {
    name: 'invoke: Claude, streamed, a tool result in the role of the user',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html',
    entries: [
      bedrock(
        'InvokeModelWithResponseStream',
        {
          anthropic_version: 'bedrock-2023-05-31',
          max_tokens: 100,
          messages: [
            { role: 'user', content: PROMPT },
            { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'tide', input: {} }] },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: RESULT }] },
          ],
        },
        [
          { type: 'message_start', message: anthropic({ content: [], stop_reason: null }) },
          { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'By' } },
          { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 34 } },
          {
            type: 'message_stop',
            'amazon-bedrock-invocationMetrics': { inputTokenCount: 12, outputTokenCount: 34 },
          },
        ],
      ),
    ],
    expect: { messages: AGENTIC, outcome: 'truncated', params: { maxTokens: 100 } },
  },
  {
    name: 'invoke: Claude of the text completions',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          prompt: `\n\nHuman: ${PROMPT}\n\nAssistant:`,
          max_tokens_to_sample: 200,
          temperature: 0.5,
          top_k: 5,
        },
        { completion: ' By the moon.', stop_reason: 'max_tokens', stop: null },
      ),
    ],
    expect: { outcome: 'truncated', params: { maxTokens: 200, temperature: 0.5 } },
  },
  {
    name: 'invoke: Nova with a system prompt',
    source: 'https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          schemaVersion: 'messages-v1',
          system: [{ text: 'Be brief' }],
          messages: [
            {
              role: 'user',
              content: [{ image: { format: 'png', source: { bytes: 'AA' } } }, { text: PROMPT }],
            },
          ],
          inferenceConfig: { maxTokens: 300, topP: 0.1, topK: 20, temperature: 0.3 },
        },
        converse({ stopReason: 'content_filtered' }),
      ),
    ],
    expect: {
      messages: BRIEFED,
      outcome: 'refused',
      params: { maxTokens: 300, topP: 0.1, temperature: 0.3 },
    },
  },
  {
    name: 'invoke: Llama 3 in its template',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          prompt: `<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n${PROMPT}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n`,
          max_gen_len: 512,
          temperature: 0.5,
          top_p: 0.9,
        },
        {
          generation: 'By the moon.',
          prompt_token_count: 12,
          generation_token_count: 34,
          stop_reason: 'length',
        },
      ),
    ],
    expect: {
      messages: BRIEFED,
      outcome: 'truncated',
      params: { maxTokens: 512, temperature: 0.5, topP: 0.9 },
    },
  },
  {
    name: 'invoke: Llama 2 with a system prompt in its instruction',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html, https://huggingface.co/blog/llama2#how-to-prompt-llama-2',
    entries: [
      bedrock(
        'InvokeModel',
        { prompt: `<s>[INST] <<SYS>>\nBe brief\n<</SYS>>\n\n${PROMPT} [/INST]` },
        { generation: 'x', stop_reason: 'stop' },
      ),
    ],
    expect: { messages: BRIEFED },
  },
  {
    name: 'invoke: Mistral, two turns in its template',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-text-completion.html',
    entries: [
      bedrock(
        'InvokeModel',
        { prompt: `<s>[INST] Hello [/INST] Hi there</s>[INST] ${PROMPT} [/INST]`, max_tokens: 400 },
        { outputs: [{ text: 'x', stop_reason: 'length' }] },
      ),
    ],
    expect: {
      messages: [{ role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hi there' }, ...ASKED],
      outcome: 'truncated',
      params: { maxTokens: 400 },
    },
  },
  {
    name: 'invoke: Mistral Large, chat',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-chat-completion.html',
    entries: [
      bedrock(
        'InvokeModel',
        { messages: [{ role: 'system', content: 'Be brief' }, USER], tool_choice: 'auto', max_tokens: 9 },
        {
          choices: [
            { index: 0, message: { role: 'assistant', content: 'x', tool_calls: [] }, stop_reason: 'length' },
          ],
        },
      ),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { maxTokens: 9 } },
  },
  {
    name: 'invoke: Command R with history and results of tools',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command-r-plus.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          message: PROMPT,
          preamble: 'Be brief',
          chat_history: [
            { role: 'USER', message: 'Hello' },
            { role: 'CHATBOT', message: 'Hi' },
          ],
          tool_results: [{ call: { name: 'tide', parameters: {} }, outputs: [{ text: RESULT }] }],
          max_tokens: 9,
          p: 0.5,
          k: 0,
        },
        { response_id: 'c', text: 'x', generation_id: 'g', finish_reason: 'ERROR_TOXIC', chat_history: [] },
      ),
    ],
    expect: {
      messages: [
        SYSTEM,
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi' },
        ...AGENTIC,
      ],
      outcome: 'refused',
      params: { maxTokens: 9, topP: 0.5 },
    },
  },
  {
    name: 'invoke: Command, the older one',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          prompt: PROMPT,
          temperature: 0.5,
          p: 0.9,
          k: 5,
          max_tokens: 20,
          num_generations: 2,
          return_likelihoods: 'NONE',
        },
        {
          generations: [{ finish_reason: 'MAX_TOKENS', id: 'g', text: 'x', index: 0 }],
          id: 'i',
          prompt: PROMPT,
        },
      ),
    ],
    expect: { outcome: 'truncated', params: { temperature: 0.5, topP: 0.9, maxTokens: 20, n: 2 } },
  },
  {
    name: 'invoke: Titan in its dialogue, filtered',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          inputText: `User: ${PROMPT}\nBot:`,
          textGenerationConfig: { temperature: 0.1, topP: 0.2, maxTokenCount: 30, stopSequences: [] },
        },
        {
          inputTextTokenCount: 12,
          results: [{ tokenCount: 34, outputText: '', completionReason: 'CONTENT_FILTERED' }],
        },
      ),
    ],
    expect: { outcome: 'refused', params: { temperature: 0.1, topP: 0.2, maxTokens: 30 } },
  },
  {
    name: 'invoke: Jurassic-2',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-jurassic2.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          prompt: PROMPT,
          temperature: 0.7,
          topP: 0.8,
          maxTokens: 16,
          numResults: 1,
          countPenalty: { scale: 0 },
        },
        {
          id: 1234,
          prompt: { text: PROMPT, tokens: [] },
          completions: [{ data: { text: 'x', tokens: [] }, finishReason: { reason: 'length', length: 16 } }],
        },
      ),
    ],
    expect: { outcome: 'truncated', params: { temperature: 0.7, topP: 0.8, maxTokens: 16, n: 1 } },
  },
  {
    name: 'invoke: Jamba',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-jamba.html',
    entries: [
      bedrock(
        'InvokeModel',
        { messages: [{ role: 'system', content: 'Be brief' }, USER], n: 1, max_tokens: 5 },
        chat({}, { finish_reason: 'length' }),
      ),
    ],
    expect: { messages: BRIEFED, outcome: 'truncated', params: { n: 1, maxTokens: 5 } },
  },
  {
    name: 'invoke: DeepSeek-R1 in its template',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-deepseek.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          prompt: `<｜begin▁of▁sentence｜><｜User｜>${PROMPT}<｜Assistant｜><think>\n`,
          max_tokens: 512,
          temperature: 0.5,
        },
        { choices: [{ text: 'x', stop_reason: 'length' }] },
      ),
    ],
    expect: { outcome: 'truncated', params: { maxTokens: 512, temperature: 0.5 } },
  },
  {
    name: 'invoke: gpt-oss and Qwen, bodies of Chat Completions, behind an inference profile',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html',
    entries: [
      bedrock(
        'InvokeModel',
        {
          model: 'openai.gpt-oss-20b-1:0',
          messages: [{ role: 'developer', content: 'Be brief' }, USER],
          max_completion_tokens: 150,
          reasoning_effort: 'low',
        },
        chat(),
        {
          modelId: 'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc',
          inferenceRegion: 'eu-central-1',
        },
      ),
    ],
    expect: {
      model: 'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc',
      messages: BRIEFED,
      params: { maxTokens: 150 },
    },
  },
  {
    name: 'invoke: a guardrail in the body of a vendor',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-invoke-api.html',
    entries: [
      bedrock(
        'InvokeModel',
        { anthropic_version: 'b', max_tokens: 5, messages: [USER] },
        anthropic({
          'amazon-bedrock-guardrailAction': 'INTERVENED',
          'amazon-bedrock-trace': { guardrail: {} },
        }),
      ),
    ],
    expect: { outcome: 'refused', params: { maxTokens: 5 } },
  },
  {
    name: 'invoke: a call that was throttled, without an answer',
    source: LOGGING,
    entries: [
      bedrock('Converse', { messages: [{ role: 'user', content: [{ text: PROMPT }] }] }, undefined, {
        errorCode: 'ThrottlingException',
        output: undefined,
      }),
    ],
    expect: { outcome: 'error', usage: { inputTokens: 12, outputTokens: 0 } },
  },
  {
    name: 'invoke: tokens of the cache are counted apart',
    source: LOGGING,
    entries: [
      bedrock('Converse', { messages: [{ role: 'user', content: [{ text: PROMPT }] }] }, converse(), {
        input: {
          inputBodyJson: { messages: [{ role: 'user', content: [{ text: PROMPT }] }] },
          inputTokenCount: 2,
          cacheReadInputTokenCount: 4,
          cacheWriteInputTokenCount: 6,
        },
      }),
    ],
    expect: {},
  },
  {
    name: 'invoke: an account of the role that was assumed, session name aside',
    source: LOGGING,
    entries: [
      bedrock('Converse', { messages: [{ role: 'user', content: [{ text: PROMPT }] }] }, converse(), {
        requestMetadata: undefined,
        identity: { arn: 'arn:aws:sts::123456789012:assumed-role/customer-7/session-1772352000' },
      }),
    ],
    expect: { account: 'arn:aws:sts::123456789012:assumed-role/customer-7' },
  },
  ...(
    [
      [
        'embeddings of Titan',
        { inputText: PROMPT, dimensions: 512, normalize: true },
        { embedding: [0.1], inputTextTokenCount: 5 },
        'amazon.titan-embed-text-v2:0',
      ],
      [
        'embeddings of Cohere',
        { texts: [PROMPT], input_type: 'search_document' },
        { embeddings: [[0.1]], id: 'e', texts: [PROMPT] },
        'cohere.embed-english-v3',
      ],
      [
        'embeddings of Nova',
        { taskType: 'SINGLE_EMBEDDING', singleEmbeddingParams: { text: { value: PROMPT } } },
        { embeddings: [{ embeddingType: 'TEXT', embedding: [0.1] }] },
        'amazon.nova-2-multimodal-embeddings-v1:0',
      ],
      [
        'a ranking of Cohere',
        { query: PROMPT, documents: [RESULT], top_n: 1, api_version: 2 },
        { results: [{ index: 0, relevance_score: 0.9 }] },
        'cohere.rerank-v3-5:0',
      ],
      [
        'a picture of Nova Canvas',
        { taskType: 'TEXT_IMAGE', textToImageParams: { text: PROMPT } },
        { images: ['AA'] },
        'amazon.nova-canvas-v1:0',
      ],
      [
        'a film of Nova Reel',
        { taskType: 'TEXT_VIDEO', textToVideoParams: { text: PROMPT } },
        {},
        'amazon.nova-reel-v1:1',
      ],
      [
        'a picture of Stability',
        { prompt: PROMPT, mode: 'text-to-image', aspect_ratio: '1:1', output_format: 'png' },
        { seeds: [1], finish_reasons: [null], images: ['AA'] },
        'stability.sd3-5-large-v1:0',
      ],
      [
        'vectors of Marengo',
        { inputType: 'text', inputText: PROMPT },
        { data: [{ embedding: [0.1] }] },
        'twelvelabs.marengo-embed-2-7-v1:0',
      ],
    ] as const
  ).map(
    ([name, input, output, modelId]): GatewayShape => ({
      name: `invoke: ${name}`,
      source: BODIES,
      entries: [bedrock('InvokeModel', input, output, { modelId })],
      expect: 'no call',
    }),
  ),
];

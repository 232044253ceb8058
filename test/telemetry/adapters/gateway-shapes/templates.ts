import { BRIEFED, type GatewayShape, INFORMED, PROMPT, pair, RESULT } from './shape.ts';

const completion = (
  name: string,
  source: string,
  prompt: string,
  expect: GatewayShape['expect'],
): GatewayShape => ({
  name: `a prompt of Completions in a template: ${name}`,
  source,
  entries: [
    pair(
      { prompt },
      {
        ...{ id: 'cmpl-1', object: 'text_completion', model: 'm-1' },
        choices: [{ index: 0, text: 'By the moon.', finish_reason: 'stop' }],
        usage: { prompt_tokens: 12, completion_tokens: 34 },
      },
    ),
  ],
  expect,
});

const briefed = { messages: BRIEFED };
const called = { role: 'assistant', content: '{"name":"tides"}' };
const agentic = {
  messages: [{ role: 'system', content: 'Be brief' }, INFORMED[0], called, INFORMED[1]],
} as Partial<Exclude<GatewayShape['expect'], string | RegExp>>;

/** Conversations in the templates of models: what stands between the marks of a user is what was asked. */
export const TEMPLATE_SHAPES: readonly GatewayShape[] = [
  completion(
    'Gemma',
    'https://ai.google.dev/gemma/docs/core/prompt-structure',
    `<bos><start_of_turn>user\n${PROMPT}<end_of_turn>\n<start_of_turn>model\n`,
    {},
  ),
  completion(
    'Zephyr',
    'https://huggingface.co/HuggingFaceH4/zephyr-7b-beta',
    `<|system|>\nBe brief</s>\n<|user|>\n${PROMPT}</s>\n<|assistant|>\n`,
    briefed,
  ),
  completion(
    'Phi-3',
    'https://huggingface.co/microsoft/Phi-3-mini-4k-instruct',
    `<|system|>\nBe brief<|end|>\n<|user|>\n${PROMPT}<|end|>\n<|assistant|>\n`,
    briefed,
  ),
  completion(
    'GLM-4, with the result of a tool',
    'https://huggingface.co/THUDM/glm-4-9b-chat',
    `[gMASK]<sop><|system|>\nBe brief<|user|>\n${PROMPT}<|assistant|>\n{"name":"tides"}<|observation|>\n${RESULT}<|assistant|>\n`,
    agentic,
  ),
  completion(
    'Phi-4',
    'https://huggingface.co/microsoft/phi-4',
    `<|im_start|>system<|im_sep|>Be brief<|im_end|><|im_start|>user<|im_sep|>${PROMPT}<|im_end|><|im_start|>assistant<|im_sep|>`,
    briefed,
  ),
  completion(
    'Harmony, with the result of a tool',
    'https://cookbook.openai.com/articles/openai-harmony',
    `<|start|>developer<|message|>Be brief<|end|><|start|>user<|message|>${PROMPT}<|end|><|start|>assistant<|channel|>commentary to=functions.tides<|message|>{"name":"tides"}<|call|><|start|>functions.tides to=assistant<|channel|>commentary<|message|>${RESULT}<|end|><|start|>assistant`,
    agentic,
  ),
  completion(
    'Alpaca',
    'https://github.com/tatsu-lab/stanford_alpaca#data-release',
    `Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\n${PROMPT}\n\n### Response:\n`,
    {},
  ),
  completion(
    'Alpaca, with material',
    'https://github.com/tatsu-lab/stanford_alpaca#data-release',
    '### Instruction:\nTranslate into German.\n\n### Input:\nThe tide is high.\n\n### Response:\n',
    { messages: [{ role: 'user', content: 'Translate into German.\nThe tide is high.' }] },
  ),
  completion(
    'Solar',
    'https://huggingface.co/upstage/SOLAR-10.7B-Instruct-v1.0',
    `### System:\nBe brief\n\n### User:\n${PROMPT}\n\n### Assistant:\n`,
    briefed,
  ),
  completion(
    'Command R',
    'https://docs.cohere.com/docs/prompting-command-r',
    `<BOS_TOKEN><|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>Be brief<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|USER_TOKEN|>${PROMPT}<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>`,
    briefed,
  ),
  completion(
    'Qwen, with the result of a tool in a turn of the user',
    'https://qwen.readthedocs.io/en/latest/framework/function_call.html',
    `<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user\n${PROMPT}<|im_end|>\n<|im_start|>assistant\n{"name":"tides"}<|im_end|>\n<|im_start|>user\n<tool_response>\n${RESULT}\n</tool_response><|im_end|>\n<|im_start|>assistant\n`,
    {
      messages: [
        ...(agentic.messages ?? []).slice(0, 3),
        { role: 'tool', content: `<tool_response>\n${RESULT}\n</tool_response>` },
      ],
    },
  ),
  completion(
    'Llama 4',
    'https://www.llama.com/docs/model-cards-and-prompt-formats/llama4/',
    `<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief<|eot|><|header_start|>user<|header_end|>\n\n${PROMPT}<|eot|><|header_start|>assistant<|header_end|>\n\n`,
    briefed,
  ),
  completion(
    'Granite',
    'https://www.ibm.com/granite/docs/models/granite',
    `<|start_of_role|>system<|end_of_role|>Be brief<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>${PROMPT}<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>`,
    briefed,
  ),
  completion(
    'DeepSeek, whose system prompt has no mark',
    'https://huggingface.co/deepseek-ai/DeepSeek-V3',
    `<｜begin▁of▁sentence｜>Be brief<｜User｜>${PROMPT}<｜Assistant｜>`,
    briefed,
  ),
  completion(
    'Kimi K2',
    'https://huggingface.co/moonshotai/Kimi-K2-Instruct',
    `<|im_system|>system<|im_middle|>Be brief<|im_end|><|im_user|>user<|im_middle|>${PROMPT}<|im_end|><|im_assistant|>assistant<|im_middle|>`,
    briefed,
  ),
  completion(
    'Seed-OSS',
    'https://huggingface.co/ByteDance-Seed/Seed-OSS-36B-Instruct',
    `<seed:bos>system\nBe brief<seed:eos><seed:bos>user\n${PROMPT}<seed:eos><seed:bos>assistant\n`,
    briefed,
  ),
  completion(
    'EXAONE',
    'https://huggingface.co/LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct',
    `[|system|]Be brief[|endofturn|]\n[|user|]${PROMPT}\n[|assistant|]`,
    briefed,
  ),
  completion(
    'Vicuna',
    'https://github.com/lm-sys/FastChat/blob/main/docs/vicuna_weights_version.md#prompt-template',
    `Be brief USER: ${PROMPT} ASSISTANT:`,
    briefed,
  ),
  completion(
    'none: headings of somebody who writes Markdown',
    'https://daringfireball.net/projects/markdown/syntax',
    `### Input:\n${PROMPT}`,
    { messages: [{ role: 'user', content: `### Input:\n${PROMPT}` }] },
  ),
];

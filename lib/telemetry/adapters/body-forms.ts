import { asksItself } from './asked-ways.ts';
import { at, type Json, listOf, objectOf, smallNames, textAt } from './fields.ts';

/**
 * Bodies of providers that nest what others keep at the top: each row says how a body is recognised and what it is in the names
 * that request.ts and answer.ts read. One body of a request or an answer at most matches.
 */
interface BodyForm {
  readonly name: string;
  /** the page that documents the fields */
  readonly source: string;
  readonly matches: (body: Json) => boolean;
  readonly body: (body: Json) => Json;
  /** what asks stays as it is, and something is added */
  readonly adds?: true;
}

const REQUESTS: readonly BodyForm[] = [
  {
    name: 'iFlytek Spark',
    source: 'https://www.xfyun.cn/doc/spark/Web.html',
    matches: (body) => Array.isArray(at(body, 'payload', 'message', 'text')),
    body: (body) => {
      const chat = objectOf(at(body, 'parameter', 'chat'));
      return { ...chat, model: chat?.domain, messages: at(body, 'payload', 'message', 'text') };
    },
  },
  {
    name: 'MiniMax chatcompletion pro',
    source: 'https://platform.minimaxi.com/document/ChatCompletion%20Pro',
    matches: (body) => Array.isArray(body.bot_setting),
    adds: true,
    body: (body) => ({ ...body, system: textAt(listOf(body.bot_setting)[0], 'content') }),
  },
  {
    name: 'Inflection',
    source: 'https://developers.inflection.ai/docs/api-reference',
    matches: (body) => Array.isArray(body.context) && typeof body.config === 'string',
    body: ({ context, config, ...body }) => ({ ...body, model: config, messages: context }),
  },
  {
    name: 'Triton, its extension for generation',
    source:
      'https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_generate.md (text_input)',
    matches: ({ text_input }) => typeof text_input === 'string' || Array.isArray(text_input),
    body: ({ text_input, ...body }) => ({ ...body, prompt: text_input }),
  },
  {
    name: 'SGLang',
    source: 'https://docs.sglang.io/basic_usage/sampling_params.html (text)',
    matches: ({ text, sampling_params }) =>
      typeof text === 'string' && objectOf(sampling_params) !== undefined,
    body: ({ text, ...body }) => ({ ...body, prompt: text }),
  },
  {
    name: 'SageMaker JumpStart, its older models',
    source:
      'https://aws.amazon.com/blogs/machine-learning/zero-shot-prompting-for-the-flan-t5-foundation-model-in-amazon-sagemaker-jumpstart/ (text_inputs)',
    matches: ({ text_inputs }) => typeof text_inputs === 'string' || Array.isArray(text_inputs),
    body: ({ text_inputs, ...body }) => ({ ...body, prompt: text_inputs }),
  },
  {
    name: 'the Open Inference Protocol: texts in tensors',
    source: 'https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol (inputs)',
    matches: ({ inputs }) => tensorText(inputs) !== undefined,
    adds: true,
    body: ({ inputs, ...body }) => ({ ...body, prompt: tensorText(inputs) }),
  },
  {
    name: 'Hugging Face’s conversational task',
    source: 'https://huggingface.co/docs/api-inference/detailed_parameters (conversational task)',
    matches: ({ inputs }) => textAt(inputs, 'text') !== undefined,
    adds: true,
    body: ({ inputs, ...body }) => ({
      ...body,
      messages: [
        ...listOf(at(inputs, 'past_user_inputs')).flatMap((content, turn) => [
          { role: 'user', content },
          { role: 'assistant', content: listOf(at(inputs, 'generated_responses'))[turn] ?? '' },
        ]),
        { role: 'user', content: at(inputs, 'text') },
      ],
    }),
  },
  {
    name: 'Oracle’s Generative AI',
    source: 'https://docs.oracle.com/iaas/api/#/en/generative-ai-inference/latest/ChatResult/Chat',
    matches: ({ chatRequest }) => objectOf(chatRequest) !== undefined,
    body: ({ chatRequest, servingMode }) => ({
      ...objectOf(chatRequest),
      system: at(chatRequest, 'preambleOverride'),
      model: at(servingMode, 'modelId') ?? at(servingMode, 'endpointId'),
    }),
  },
  {
    name: 'NLP Cloud’s chatbot, whose model stands in the address',
    source: 'https://docs.nlpcloud.com/#chatbot-and-conversational-ai (input, context, history)',
    matches: ({ input, history, model }) =>
      typeof input === 'string' && model === undefined && at(listOf(history)[0], 'response') !== undefined,
    adds: true,
    body: ({ input, history, context, ...body }) => ({
      ...body,
      ...{ system: context },
      messages: [
        ...listOf(history).flatMap((turn) => [
          { role: 'user', content: at(turn, 'input') },
          { role: 'assistant', content: at(turn, 'response') },
        ]),
        { role: 'user', content: input },
      ],
    }),
  },
  {
    name: 'KoboldAI: its length is that of the answer',
    source: 'https://lite.koboldai.net/koboldcpp_api (/api/v1/generate)',
    matches: ({ prompt, max_length, max_context_length }) =>
      prompt !== undefined && max_length !== undefined && max_context_length !== undefined,
    adds: true,
    body: ({ max_length, ...body }) => ({ max_tokens: max_length, ...body }),
  },
  {
    name: 'PaLM',
    source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/legacy/text/text-models (instances)',
    matches: (body) =>
      objectOf(listOf(body.instances)[0]) !== undefined && listOf(body.instances).length === 1,
    body: ({ instances, ...body }) => ({ ...body, ...objectOf(listOf(instances)[0]) }),
  },
  {
    name: 'Dapr’s conversation API, whose fields tell the role',
    source: 'https://docs.dapr.io/reference/api/conversation_api/',
    matches: ({ inputs }) => listOf(inputs).some((input) => daprMessages(input).length > 0),
    adds: true,
    body: ({ inputs, ...body }) => ({ ...body, messages: daprAsked(listOf(inputs)) }),
  },
  {
    name: 'OpenAI’s Assistants, a run with its messages',
    source: 'https://platform.openai.com/docs/api-reference/runs',
    matches: ({ assistant_id, thread, additional_messages }) =>
      typeof assistant_id === 'string' &&
      (Array.isArray(at(thread, 'messages')) || Array.isArray(additional_messages)),
    body: ({ thread, additional_messages, additional_instructions, ...body }) => ({
      ...body,
      system: [body.instructions, additional_instructions]
        .filter((text) => typeof text === 'string')
        .join('\n'),
      messages: [...listOf(at(thread, 'messages')), ...listOf(additional_messages)],
    }),
  },
  {
    name: 'SAP orchestration',
    source: 'https://help.sap.com/docs/sap-ai-core/sap-ai-core-service-guide/consume-orchestration',
    matches: (body) => objectOf(at(body, 'orchestration_config', 'module_configurations')) !== undefined,
    body: (body) => {
      const modules = at(body, 'orchestration_config', 'module_configurations');
      const model = at(modules, 'llm_module_config');
      return {
        ...objectOf(at(model, 'model_params')),
        model: at(model, 'model_name'),
        messages: [
          ...listOf(body.messages_history),
          ...listOf(at(modules, 'templating_module_config', 'template')),
        ],
      };
    },
  },
];

function daprMessages(input: unknown): { role: string; content: unknown }[] {
  return listOf(at(input, 'messages')).flatMap((message) =>
    Object.entries(objectOf(message) ?? {}).flatMap(([name, held]) =>
      // protobuf's JSON takes of_user for ofUser
      name.startsWith('of')
        ? [{ role: name.replace(/^of_?/, '').toLowerCase(), content: at(held, 'content') }]
        : [],
    ),
  );
}

/**
 * Entries of Mistral's Conversations have their content beside. Where both stand in one body, one of them is what nobody reads who
 * answers, and which cannot be told: all of it is what was asked.
 */
function daprAsked(inputs: readonly unknown[]): readonly object[] {
  const messages = inputs.flatMap(daprMessages);
  const beside = inputs.map((input) => at(input, 'content')).filter((content) => content !== undefined);
  if (beside.length === 0) return messages;
  const said = [...beside, ...messages.map(({ content }) => content)].flat();
  const parts = said.map((part) => (typeof part === 'string' ? { type: 'text', text: part } : part));
  return [{ role: 'user', content: parts }];
}

/** The texts of a tensor of bytes among others; undefined for a list of anything else. */
function tensorText(inputs: unknown): readonly unknown[] | undefined {
  const tensors = listOf(inputs).filter((held) => at(held, 'datatype') === 'BYTES');
  const named = tensors.find((held) => /text|prompt|input|query/i.test(textAt(held, 'name') ?? ''));
  const texts = listOf(at(named ?? tensors[0], 'data'))
    .flat()
    .filter((held) => typeof held === 'string');
  return texts.length === 0 ? undefined : texts;
}

const ANSWERS: readonly BodyForm[] = [
  {
    name: 'a run of OpenAI’s Assistants',
    source: 'https://platform.openai.com/docs/api-reference/runs/object (usage, last_error)',
    matches: ({ object }) => object === 'thread.run',
    body: ({ last_error, ...body }) => ({ ...body, error: last_error }),
  },
  {
    name: 'events of such a run: its words come in deltas, all else is told by the run',
    source: 'https://platform.openai.com/docs/api-reference/assistants-streaming/events',
    matches: ({ object }) =>
      /^thread(?:\.(?:message(?:\.delta)?|run\.step(?:\.delta)?))?$/.test(
        typeof object === 'string' ? object : '',
      ),
    body: ({ delta }) => ({
      text: listOf(at(delta, 'content'))
        .map((part) => textAt(part, 'text', 'value') ?? '')
        .join(''),
    }),
  },
  {
    name: 'Dapr’s conversation API',
    source: 'https://docs.dapr.io/reference/api/conversation_api/',
    matches: ({ outputs }) => Array.isArray(at(listOf(outputs)[0], 'choices')),
    body: ({ outputs, ...body }) => ({ ...body, ...objectOf(listOf(outputs)[0]) }),
  },
  {
    name: 'Reka: responses instead of choices',
    source: 'https://docs.reka.ai/api-reference/chat/create',
    matches: ({ responses, choices }) =>
      choices === undefined && objectOf(at(listOf(responses)[0], 'message')) !== undefined,
    body: ({ responses, ...body }) => ({ ...body, choices: responses }),
  },
  {
    name: 'Triton, its extension for generation',
    source:
      'https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_generate.md (text_output)',
    matches: ({ text_output }) => typeof text_output === 'string',
    body: ({ text_output, model_name, ...body }) => ({ model: model_name, ...body, text: text_output }),
  },
  {
    name: 'the Open Inference Protocol: texts in tensors',
    source: 'https://kserve.github.io/website/docs/concepts/architecture/data-plane/v2-protocol (outputs)',
    matches: ({ outputs }) => tensorText(outputs) !== undefined,
    body: ({ outputs, model_name, ...body }) => ({
      ...{ model: model_name, ...body },
      text: tensorText(outputs)?.join('\n'),
    }),
  },
  {
    name: 'Oracle’s Generative AI',
    source: 'https://docs.oracle.com/iaas/api/#/en/generative-ai-inference/latest/ChatResult/Chat',
    matches: ({ chatResponse }) => objectOf(chatResponse) !== undefined,
    body: ({ chatResponse, modelId }) => ({
      ...{ model: modelId, created: at(chatResponse, 'timeCreated') },
      ...objectOf(chatResponse),
    }),
  },
  {
    name: 'names that begin with capitals, as Go and .NET write fields of objects',
    source:
      'https://pkg.go.dev/encoding/json (fields without tags), https://github.com/serilog/serilog (destructuring)',
    matches: (body) =>
      ['Choices', 'Candidates', 'Usage', 'Content', 'Output'].some(
        (name) => objectOf(body[name]) !== undefined || Array.isArray(body[name]),
      ) && !Object.keys(body).some((name) => /^(?:choices|usage|output|content|candidates)$/.test(name)),
    body: (body) => objectOf(smallNames(body)) ?? body,
  },
  {
    name: 'iFlytek Spark',
    source: 'https://www.xfyun.cn/doc/spark/Web.html',
    matches: (body) => at(body, 'payload', 'choices') !== undefined,
    body: (body) => ({
      choices: listOf(at(body, 'payload', 'choices', 'text')).map((message) => ({ message })),
      usage: at(body, 'payload', 'usage', 'text'),
    }),
  },
  {
    name: 'SAP orchestration',
    source: 'https://help.sap.com/docs/sap-ai-core/sap-ai-core-service-guide/consume-orchestration',
    matches: (body) => objectOf(body.orchestration_result) !== undefined,
    body: (body) => ({ ...objectOf(body.orchestration_result) }),
  },
  {
    name: 'YandexGPT',
    source: 'https://yandex.cloud/docs/foundation-models/text-generation/api-ref/TextGeneration/completion',
    matches: (body) => Array.isArray(body.alternatives),
    body: ({ alternatives, ...body }) => ({
      ...body,
      choices: listOf(alternatives).map((held) => ({
        message: at(held, 'message'),
        finish_reason: at(held, 'status'),
      })),
    }),
  },
  {
    name: 'an answer in a result: Workers AI, HyperCLOVA, YandexGPT',
    source:
      'https://developers.cloudflare.com/workers-ai/get-started/rest-api/, https://api.ncloud-docs.com/docs/ai-naver-clovastudio-chatcompletionsv3',
    matches: (body) =>
      objectOf(body.result) !== undefined &&
      !['choices', 'output', 'content', 'candidates', 'response', 'message'].some((name) => name in body),
    body: ({ result }) => formed(objectOf(result) ?? {}, ANSWERS.slice(0, -1)),
  },
];

function formed(body: Json, forms: readonly BodyForm[]): Json {
  return forms.find(({ matches }) => matches(body))?.body(body) ?? body;
}

/**
 * A request's body in the names that are read everywhere; a body of another form as it is, and one that asks by itself: whoever asks
 * may put another form beside.
 */
export function requestFormed(body: Json): Json {
  return formed(body, asksItself(body) ? REQUESTS.filter(({ adds }) => adds === true) : REQUESTS);
}

/** An answer's body in the names that are read everywhere; a body of another form as it is. */
export function answerFormed(body: Json): Json {
  return formed(body, ANSWERS);
}

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
    name: 'PaLM',
    source: 'https://cloud.google.com/vertex-ai/generative-ai/docs/legacy/text/text-models (instances)',
    matches: (body) =>
      objectOf(listOf(body.instances)[0]) !== undefined && listOf(body.instances).length === 1,
    body: ({ instances, ...body }) => ({ ...body, ...objectOf(listOf(instances)[0]) }),
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

const ANSWERS: readonly BodyForm[] = [
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

/**
 * What is a call of a language model and what is not, for all sources: by the name of the operation, the endpoint, the
 * model, and the body. Embeddings of an honest customer's documents must not look like so many different prompts.
 */

/** Operations and call types as sources name them (OpenTelemetry's gen_ai.operation.name, LiteLLM's call_type, run types). */
const CALLS =
  /chat|completion|generat|response|message|converse|invoke_?model|^llm$|stream|pass_?through|^call_llm$|^request$|text_completion|prompt|^a?inference$|interaction|^a?predict$|^a?ask$|summari[sz]/i;
const NO_CALLS =
  /embed|rerank|moderation|image|speech|audio|transcri|tts|video|execute_tool|^tool|invoke_agent|create_agent|^agent|workflow|retriev|vector|search|guardrail|^list_|^get_|file|batch_(?:create|retrieve)|count_?tokens|assistants?$|fine_?tun|ocr|realtime$|chain|^task|^step|handoff|evaluat|parse$|plan$|memory|feature_?extraction|classif|^a?(?:get|delete|list|cancel)_/i;

/** Words by which an operation is a call although another of its words says otherwise: `chat.completions.parse`. */
const CALLS_ANYWAY = /generate_content|chat|completion|anthropic_messages|pass_?through|responses?\.parse/i;
const NEVER_CALLS =
  /embed|rerank|moderation|(?:image|speech)_?(?:generat|edit|variation)|transcri|^a?(?:get|delete|list|cancel)_/i;

/** Undefined where the name says neither. */
export function isModelCall(operation: string): boolean | undefined {
  const name = operation.trim();
  if (NO_CALLS.test(name)) return CALLS_ANYWAY.test(name) && !NEVER_CALLS.test(name);
  return CALLS.test(name) ? true : undefined;
}

/** Paths of APIs that are no model calls: https://platform.openai.com/docs/api-reference and its imitations. */
const NO_CALL_PATH =
  /\/(?:embeddings?|moderations?|images?(?:\/\w+)?|audio\/\w+|rerank|files|batches|fine_tuning\/\w+|vector_stores|uploads|tokenize|count_tokens|health\w*|videos?)(?:[/?:]|$)|:(?:embedContent|batchEmbedContents|countTokens|predict|embedText)\b/i;

/** A list of models, or the card of one; `models/NAME:generateContent` is a call. */
const MODEL_LIST = /^\/(?:openai\/)?(?:api\/)?v\d\w*\/models?(?:\/[^/:]+)?(?:\?|$)/i;

export function isOtherEndpoint(url: string): boolean {
  const path = url.replace(/^https?:\/\/[^/]*/, '');
  if (MODEL_LIST.test(path)) return true;
  return (
    NO_CALL_PATH.test(path) &&
    !/chat\/completions|\/messages(?:\?|$)|:generateContent|:streamGenerateContent|:(?:stream)?rawPredict|\/converse|\/invoke/i.test(
      path,
    )
  );
}

const VECTOR_MODEL = /embed|rerank|\b(?:bge|e5|gte)-/i;

/** Models that answer vectors or rankings, whatever the operation is called. */
export function isVectorModel(model: string): boolean {
  return VECTOR_MODEL.test(model);
}

/** Models that answer pictures, sound or verdicts, by their names. */
const WORDLESS_MODEL =
  /moderation|dall-?e|gpt-image|whisper|(?:^|[-./])tts(?:-|$)|-tts|transcri|(?:^|[-./])speech(?:[-.:]|$)|(?:^|[-./])image(?:[-.:]|$)|image-?generator|stable-?diffusion|stability\.|sdxl|sd3|luma\.|\bray-v|canvas|\breel|imagen(?:-|$)|\bveo|\bsora|flux(?:[-./]?(?:\d|pro|dev|schnell|kontext)|$)|marengo|voyage|sonic/i;

/** Models that answer no text; asked only where a body has no messages. */
export function isOtherModel(model: string): boolean {
  return isVectorModel(model) || WORDLESS_MODEL.test(model);
}

type Json = Readonly<Record<string, unknown>>;
const REQUEST_FIELDS = [
  'voice',
  'encoding_format',
  'dimensions',
  'text_prompts',
  'taskType',
  'texts',
  'inputs_embeds',
  'query_documents',
  'aspect_ratio',
  'embeddingConfig',
];

/** A request's body that only other services take: a voice, a picture's size, documents to rank. */
export function isOtherRequest(body: Json): boolean {
  if ('messages' in body || 'contents' in body) return false;
  if ('query' in body && 'documents' in body) return true;
  if (typeof body.size === 'string' && /^\d+x\d+$|^auto$/.test(body.size)) return true;
  return REQUEST_FIELDS.some((field) => field in body);
}

/** An answer that is a vector, a picture, a verdict of moderation, or a ranking. */
export function isOtherAnswer(body: unknown): boolean {
  if (Array.isArray(body)) return isScored(body.flat()[0]);
  if (!isObject(body)) return false;
  if (isScored(body)) return true;
  if ('embedding' in body || 'embeddings' in body || 'embeddingsByType' in body) return true;
  if (Array.isArray(body.images) || Array.isArray(body.artifacts)) return true;
  const first: unknown = (
    Array.isArray(body.data) ? body.data : Array.isArray(body.results) ? body.results : []
  )[0];
  if (!isObject(first)) return body.object === 'list' && Array.isArray(body.data);
  return (
    'embedding' in first ||
    'flagged' in first ||
    'b64_json' in first ||
    ('url' in first && !('choices' in body)) ||
    'relevance_score' in first ||
    'relevanceScore' in first
  );
}

/**
 * A verdict with its score, as models answer that classify, mark words or find an answer in a text
 * (https://huggingface.co/docs/inference-providers/tasks/text-classification, .../token-classification, .../question-answering).
 */
function isScored(held: unknown): boolean {
  if (!isObject(held)) return false;
  if (Array.isArray(held.labels) && Array.isArray(held.scores)) return true;
  return (
    typeof held.score === 'number' &&
    ['label', 'entity_group', 'entity', 'answer', 'token_str'].some((name) => typeof held[name] === 'string')
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The text of documents and files that a customer hands over beside its words, which the model reads: Anthropic's `document`
 * and `search_result` (https://docs.anthropic.com/en/docs/build-with-claude/citations), OpenAI's `file` and `input_file`
 * (https://platform.openai.com/docs/guides/pdf-files), Gemini's `inlineData` (https://ai.google.dev/api/caching#Blob), Converse's
 * `document` (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html). It is not what
 * somebody says and no step of an agent: it counts where it asks for work itself, as a tool's result does.
 */

type Json = Readonly<Record<string, unknown>>;

const TEXT_TYPE = /^(?:text\/|application\/(?:json|xml|x-?yaml|x-ndjson)\b)/;
const TEXT_FORMAT = /^(?:txt|md|csv|html)$/;
/** More base64 than this is a document and no request (asked.ts), and its beginning says how much there is. */
const DECODED = 16_000;
/** Parts of a document's own content that are read. */
const MAX_PARTS = 256;

/** The text that a part attaches; empty where it attaches none, or none that is text. */
export function attachedText(part: unknown): string {
  if (!isObject(part)) return '';
  const holders = [part, part.document, part.file, part.inlineData, part.inline_data];
  for (const held of holders) {
    const text = isObject(held) ? textIn(held) : '';
    if (text !== '') return text;
  }
  return part.type === 'search_result' ? contentText(part.content) : '';
}

function textIn(held: Json): string {
  if (typeof held.file_data === 'string') return fileText(held.file_data);
  if (typeof held.data === 'string')
    return isTextType(held.mimeType ?? held.mime_type) ? decoded(held.data) : '';
  const source = held.source;
  if (!isObject(source)) return '';
  if (source.type === 'text' && typeof source.data === 'string') return source.data;
  if (typeof source.text === 'string') return source.text;
  if (typeof source.bytes === 'string' && typeof held.format === 'string' && TEXT_FORMAT.test(held.format))
    return decoded(source.bytes);
  if (typeof source.data === 'string' && isTextType(source.media_type)) return decoded(source.data);
  return contentText(source.content);
}

/** A data URL of text, or text itself; base64 without a type is no text. */
function fileText(data: string): string {
  const [, type, body = ''] = /^data:([\w.+/-]{0,100})(?:;[\w=-]{1,40}){0,4},([\s\S]*)$/.exec(data) ?? [];
  if (type !== undefined) {
    if (!isTextType(type)) return '';
    return data.slice(0, data.length - body.length).endsWith(';base64,') ? decoded(body) : body;
  }
  return /\s/.test(data.slice(0, 400).trim()) ? data : '';
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .slice(0, MAX_PARTS)
    .map((held: unknown) => (isObject(held) && typeof held.text === 'string' ? held.text : ''))
    .filter((text) => text !== '')
    .join('\n');
}

function isTextType(type: unknown): boolean {
  return typeof type === 'string' && TEXT_TYPE.test(type);
}

function decoded(base64: string): string {
  return Buffer.from(base64.slice(0, DECODED), 'base64').toString();
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

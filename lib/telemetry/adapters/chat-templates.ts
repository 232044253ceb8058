import { LIMITS } from '../../limits.ts';
import type { ReadMessage } from './read-message.ts';

/**
 * Templates in which models are given a whole conversation as one text: what a prompt of Completions, of InvokeModel or of an
 * engine's own endpoint may be written in.
 */
interface Template {
  readonly name: string;
  /** the page or model card that shows it */
  readonly source: string;
  /** whether a text is in it, by its beginning */
  readonly isUsed: (head: string) => boolean;
  /** before each turn; its first group names who speaks. A mark that names nobody ends a turn */
  readonly mark: RegExp;
  /** what stands between a mark and the words of its turn */
  readonly lead?: RegExp;
}

const has =
  (...marks: readonly string[]) =>
  (head: string): boolean =>
    marks.every((mark) => head.includes(mark));

/** How LangChain names who speaks, at the beginning of a line. */
const SPEAKERS = /(?:^|\n)[ \t]{0,8}(System|Human|AI|User|Assistant|Bot|Tool|Function):/g;

/**
 * Marks match at most a few dozen characters, and none of them can begin within another: no text makes them slow. Those that
 * somebody may write in a text of theirs have to stand where a template puts them.
 */
const TEMPLATES: readonly Template[] = [
  {
    name: 'Claude, Text Completions',
    source:
      'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-text-completion.html',
    isUsed: (head) => {
      const first = head.search(/(?:^|\n\n)Human:/);
      return first >= 0 && head.lastIndexOf('\n\nAssistant:') > first;
    },
    mark: /(?:^|\n\n)(Human|Assistant|System):/g,
  },
  {
    name: 'Llama 3',
    source: 'https://www.llama.com/docs/model-cards-and-prompt-formats/llama3_1/',
    isUsed: has('<|start_header_id|>'),
    mark: /<\|start_header_id\|>(?:(\w{1,32})<\|end_header_id\|>)?/g,
  },
  {
    name: 'Llama 4',
    source: 'https://www.llama.com/docs/model-cards-and-prompt-formats/llama4/',
    isUsed: has('<|header_start|>'),
    mark: /<\|header_start\|>(?:(\w{1,32})<\|header_end\|>)?/g,
  },
  {
    name: 'DeepSeek',
    source: 'https://huggingface.co/deepseek-ai/DeepSeek-V3 (tokenizer_config.json)',
    isUsed: has('<｜User｜>'),
    mark: /<｜(User|Assistant|end▁of▁sentence)｜>/g,
  },
  {
    name: 'Kimi K2',
    source: 'https://huggingface.co/moonshotai/Kimi-K2-Instruct (chat_template.jinja)',
    isUsed: has('<|im_user|>', '<|im_middle|>'),
    mark: /<\|im_(user|assistant|system|end)\|>/g,
    lead: /^[^<\n]{0,64}<\|im_middle\|>/,
  },
  {
    name: 'ChatML, and Phi-4 with its own separator',
    source:
      'https://github.com/openai/openai-python/blob/release-v0.28.0/chatml.md, https://huggingface.co/microsoft/phi-4',
    isUsed: has('<|im_start|>'),
    mark: /<\|im_start\|>(?:(\w{1,32})(?:\n|<\|im_sep\|>))?/g,
  },
  {
    name: 'Harmony (gpt-oss)',
    source: 'https://cookbook.openai.com/articles/openai-harmony',
    isUsed: has('<|start|>user', '<|message|>'),
    mark: /<\|start\|>([\w.]{1,64})/g,
    lead: /^[\s\S]{0,200}?<\|message\|>/,
  },
  {
    name: 'Gemma',
    source: 'https://ai.google.dev/gemma/docs/core/prompt-structure',
    isUsed: has('<start_of_turn>user'),
    mark: /<(?:start_of_turn>(\w{1,32})|end_of_turn>)/g,
  },
  {
    name: 'Command R',
    source: 'https://docs.cohere.com/docs/prompting-command-r',
    isUsed: has('<|START_OF_TURN_TOKEN|>', '<|USER_TOKEN|>'),
    mark: /<\|(USER|CHATBOT|SYSTEM|END_OF_TURN|START_OF_TURN)_TOKEN\|>/g,
  },
  {
    name: 'Granite',
    source: 'https://www.ibm.com/granite/docs/models/granite (prompt engineering)',
    isUsed: has('<|start_of_role|>user<|end_of_role|>'),
    mark: /<\|(?:start_of_role\|>(\w{1,32})<\|end_of_role\|>|end_of_text\|>)/g,
  },
  {
    name: 'Seed-OSS',
    source: 'https://huggingface.co/ByteDance-Seed/Seed-OSS-36B-Instruct (chat_template.jinja)',
    isUsed: has('<seed:bos>user'),
    mark: /<seed:(?:bos>(\w{1,32})|eos>)/g,
  },
  {
    name: 'Zephyr, Phi-3, GLM-4, OLMo',
    source:
      'https://huggingface.co/HuggingFaceH4/zephyr-7b-beta, https://huggingface.co/microsoft/Phi-3-mini-4k-instruct, https://huggingface.co/THUDM/glm-4-9b-chat',
    isUsed: has('<|user|>', '<|assistant|>'),
    mark: /<\|(system|user|assistant|observation|tool|end)\|>/g,
  },
  {
    name: 'EXAONE',
    source: 'https://huggingface.co/LGAI-EXAONE/EXAONE-3.5-7.8B-Instruct',
    isUsed: has('[|user|]', '[|assistant|]'),
    mark: /\[\|(system|user|assistant|endofturn)\|\]/g,
  },
  {
    name: 'Llama 2, Mistral',
    source:
      'https://www.llama.com/docs/model-cards-and-prompt-formats/meta-llama-2/, https://docs.mistral.ai/guides/tokenization',
    isUsed: has('[INST]'),
    mark: /(\[\/?INST\])/g,
  },
  {
    name: 'Alpaca, Solar, Guanaco',
    source:
      'https://github.com/tatsu-lab/stanford_alpaca#data-release, https://huggingface.co/upstage/SOLAR-10.7B-Instruct-v1.0, https://huggingface.co/timdettmers/guanaco-65b',
    isUsed: (head) =>
      /(?:^|\n)### (?:Instruction|User|Human):/.test(head) && /\n### (?:Response|Assistant):/.test(head),
    mark: /(?:^|\n)### (Instruction|Input|Response|User|Human|Assistant|System):/g,
  },
  {
    name: 'Vicuna',
    source: 'https://github.com/lm-sys/FastChat/blob/main/docs/vicuna_weights_version.md#prompt-template',
    isUsed: (head) => /(?:^|\s)USER: /.test(head) && /\sASSISTANT:\s*$/.test(head.slice(-64)),
    mark: /(?:^|\s)(USER|ASSISTANT):/g,
  },
  {
    name: 'Transcript, as LangChain joins messages',
    source:
      'https://python.langchain.com/api_reference/core/messages/langchain_core.messages.utils.get_buffer_string.html',
    isUsed: isTranscript,
    mark: SPEAKERS,
  },
  {
    name: 'Titan',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html',
    isUsed: (head) => head.trimStart().startsWith('User:') && endsWithBot(head),
    mark: /(?:^|\n)[ \t]{0,64}(User|Bot):/g,
  },
];

const ROLES: Readonly<Record<string, string>> = {
  ...{ human: 'user', user: 'user', '[inst]': 'user', instruction: 'user', input: 'user' },
  ...{ system: 'system', developer: 'system' },
  ...{
    assistant: 'assistant',
    ai: 'assistant',
    bot: 'assistant',
    model: 'assistant',
    chatbot: 'assistant',
    response: 'assistant',
  },
  ...{ '[/inst]': 'assistant', ipython: 'tool', tool: 'tool', observation: 'tool', function: 'tool' },
};

/** What Alpaca says before every instruction. */
const PREAMBLE = /^Below is an instruction that describes a task[^\n]{0,200}\n*/;

/** So much of a prompt is looked at to tell its template. */
const HEAD = 20_000;

/**
 * A prompt that is a whole conversation in a model's own template, in turns; what stands before the first one is a system
 * prompt. Any other text is one request. Takes time in proportion to the text, whatever it is: templates are found by their
 * marks alone.
 */
export function promptMessages(prompt: string): ReadMessage[] {
  const head = prompt.slice(0, HEAD);
  for (const template of TEMPLATES) {
    if (!template.isUsed(head)) continue;
    const turns = turnsBetween(prompt, template);
    if (turns.some(({ role }) => role === 'user')) return turns;
  }
  return [{ role: 'user', content: prompt }];
}

/** A line a message, each behind its role: https://github.com/openlit/openlit (sdk/python, events gen_ai.content.prompt) */
const JOINED: Template = {
  name: 'messages joined, as OpenLIT writes them into an event',
  source: 'https://github.com/openlit/openlit/tree/main/sdk/python/src/openlit/instrumentation',
  isUsed: (head) => /^(?:system|developer|user|assistant|tool): /.test(head),
  mark: /(?:^|\n)(system|developer|user|assistant|tool): /g,
};

/**
 * What Semantic Kernel for .NET wrote before 1.31, its quotation marks misplaced, so that it is no JSON:
 * `[{"role:" user, "content:" Hello}, \n{"role:" assistant, ...}]`
 */
const KERNEL: Template = {
  name: 'messages joined, as Semantic Kernel writes them into an event',
  source:
    'https://github.com/microsoft/semantic-kernel (dotnet/src/InternalUtilities/src/Diagnostics/ModelDiagnostics.cs, ToOpenAIFormat)',
  isUsed: (head) => head.startsWith('[{"role:" '),
  mark: /(?:^\[|\}, \n)\{"role:" (system|developer|user|assistant|tool), "content:" /g,
};

/** Messages that an instrumentation joined to one text, a role before each; any other text is one request. */
export function joinedMessages(text: string): ReadMessage[] {
  const used = [JOINED, KERNEL].find(({ isUsed }) => isUsed(text.slice(0, 16)));
  const turns =
    used === undefined ? [] : turnsBetween(used === KERNEL ? text.replace(/\}\]$/, '') : text, used);
  return turns.some(({ role }) => role === 'user') ? turns : [{ role: 'user', content: text }];
}

/** The turns of a text: each goes from the end of its mark to the next one. */
function turnsBetween(prompt: string, { mark, lead }: Template): ReadMessage[] {
  const all = [...prompt.matchAll(mark)];
  // the words between those that are left out stay with the turn before
  const most = LIMITS.messages.most;
  const marks = all.length <= most ? all : [...all.slice(0, 64), ...all.slice(64 - most)];
  const turns: { role: string; content: string }[] = [];
  const before = plain(prompt.slice(0, marks[0]?.index)).replace(PREAMBLE, '');
  if (before !== '') turns.push({ role: 'system', content: before });
  for (const [i, { index, 0: whole, 1: name = '' }] of marks.entries()) {
    // Harmony names a tool by its namespace: functions.NAME
    const kind = ROLES[name.toLowerCase()] ?? (name.startsWith('functions.') ? 'tool' : undefined);
    if (kind === undefined) continue;
    const said = prompt.slice(index + whole.length, marks[i + 1]?.index);
    const text = lead === undefined ? said : said.replace(lead, '');
    // Llama 2 puts its system prompt into the first instruction
    const [, system = '', rest = text] = /^\s*<<SYS>>([\s\S]*?)<<\/SYS>>([\s\S]*)$/.exec(text) ?? [];
    if (system !== '') turns.push({ role: 'system', content: plain(system) });
    const content = plain(rest);
    const last = turns.at(-1);
    // Alpaca gives the material of an instruction apart
    if (name === 'Input' && last !== undefined) last.content += `\n${content}`;
    else if (content !== '' || kind !== 'assistant') turns.push({ role: kind, content });
  }
  return turns;
}

/** A turn's text without the marks of its template. */
function plain(text: string): string {
  return text
    .replace(
      /<\/?s>|\[\/?INST\]|<\|[\w_]{1,32}\|>|<｜begin▁of▁sentence｜>|<(?:bos|eos|BOS_TOKEN|sop)>|\[gMASK\]/g,
      '',
    )
    .trim();
}

/**
 * Whether a text is a transcript from its first word on that is to go on: it ends in an answer that is empty, or in what a person
 * said, to its last word. Somebody who pastes a conversation to have it judged says so before or behind it.
 */
function isTranscript(head: string): boolean {
  if (!/^\s{0,64}(?:System|Human|User):/.test(head)) return false;
  const marks = [...head.matchAll(SPEAKERS)];
  const last = marks.at(-1);
  // who begins with `User:` alone may mean another
  if (last === undefined || (marks.length < 2 && !/Human/.test(last[0]))) return false;
  if (!marks.some(([mark]) => /Human|User/.test(mark))) return false;
  return /Human|User/.test(last[0]) || head.slice(last.index + last[0].length).trim() === '';
}

/** Whether the last line that is not blank is `Bot:` alone. */
function endsWithBot(head: string): boolean {
  const end = head.trimEnd();
  if (!end.endsWith('Bot:')) return false;
  const before = end.slice(0, -'Bot:'.length);
  return before.slice(before.trimEnd().length).includes('\n');
}

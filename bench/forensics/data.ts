import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type AnswerSheet, modelNameOf, readAnswerSheet } from '../../lib/forensics/answers.ts';
import { type Lineages, lineages, type ModelFacts } from '../../lib/forensics/models.ts';

/** A student whose teachers are documented. */
export interface Documented {
  readonly set: string;
  readonly student: string;
  readonly teachers: readonly string[];
  readonly evidence: string;
}

/** What is documented of the reasoning models. */
export interface ReasoningLineage {
  readonly teachers: readonly string[];
  readonly controls: readonly string[];
  readonly pairs: readonly (readonly [string, string, string])[];
  readonly unknown: readonly string[];
  readonly released: Readonly<Record<string, string>>;
}

/** The folder that `--data` names. */
export class AnswerData {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  has(name: string): boolean {
    return existsSync(join(this.#folder, name));
  }

  json<T>(name: string): T {
    return JSON.parse(readFileSync(join(this.#folder, name), 'utf8')) as T;
  }

  /** All models of a set, one file each; none where the folder lacks it. */
  load(set: string): AnswerSheet[] {
    if (!this.has(set)) return [];
    return readdirSync(join(this.#folder, set))
      .filter((f) => /\.ndjson(\.gz)?$/.test(f))
      .sort()
      .map((f) => {
        const bytes = readFileSync(join(this.#folder, set, f));
        const text = (f.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
        return readAnswerSheet(modelNameOf(f), text.split('\n'));
      });
  }
}

/** Makers of the public models in the sets, by name; the first match counts. Facts, as the vendors state them. */
const MAKERS: readonly (readonly [RegExp, Partial<ModelFacts> & { readonly maker: string }])[] = [
  [/^r1d-|^deepseek-r1-distill/, { maker: 'deepseek', family: 'r1-distill' }],
  [/^deepseek/i, { maker: 'deepseek', family: 'deepseek' }],
  [/qwq|^qwen/i, { maker: 'alibaba', family: 'qwen' }],
  [/magistral|mistral|mixtral|mathstral/i, { maker: 'mistral', family: 'mistral' }],
  [/^(gpt|chatgpt|o1|o3|text_davinci|horizon|quasar)/i, { maker: 'openai', family: 'openai' }],
  [/gemini|gemma/i, { maker: 'google', family: 'google' }],
  [/^athene/i, { maker: 'nexusflow', family: 'llama' }],
  [/nemotron/i, { maker: 'nvidia', family: 'nemotron' }],
  [/^(meta-)?llama/i, { maker: 'meta', family: 'llama' }],
  [/claude/i, { maker: 'anthropic', family: 'claude' }],
  [/^phi/i, { maker: 'microsoft', family: 'phi' }],
  [/^yi-/i, { maker: '01-ai', family: 'yi' }],
  [/grok/i, { maker: 'xai', family: 'grok' }],
  [/^vicuna/, { maker: 'lmsys', family: 'vicuna' }],
  [/^oasst/, { maker: 'laion', family: 'oasst' }],
  [/^guanaco/, { maker: 'uw', family: 'guanaco' }],
];

/** Who is kin, by the table above, and release dates where they are documented. */
export function knownLineages(
  models: readonly string[],
  released: Readonly<Record<string, string>> = {},
): Lineages {
  return lineages(
    new Map(
      models.map((model) => {
        const facts = MAKERS.find(([pattern]) => pattern.test(model))?.[1];
        const date = released[model];
        return [model, { ...facts, ...(date === undefined ? {} : { released: date }) }];
      }),
    ),
  );
}

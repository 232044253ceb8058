import { expect, it } from 'vitest';
import {
  isModelCall,
  isOtherEndpoint,
  isOtherModel,
  isVectorModel,
} from '../../../lib/telemetry/adapters/model-calls.ts';

it.each([
  ['/v1/models', true],
  ['https://gw.example/openai/v1/models?limit=9', true],
  ['/v1/models/gpt-4o', true],
  ['/v1beta/models/gemini-2.5-flash:generateContent', false],
  ['/v1beta/models/text-embedding:embedContent', true],
  ['/v1/chat/completions', false],
])('an address is told from those of model calls: %s', (url, isOther) => {
  expect(isOtherEndpoint(url)).toBe(isOther);
});

it.each(['text-embedding-3-small', '@cf/baai/bge-m3', 'intfloat/e5-large', 'gte-base', 'cohere.rerank-v3'])(
  'a model of vectors answers no text: %s',
  (model) => {
    expect([isVectorModel(model), isOtherModel(model)]).toEqual([true, true]);
  },
);

it.each([
  ...[
    'chat',
    'text-generation',
    'inference',
    'acreate_interaction',
    'openai.responses.parse',
    'completion_with_audio',
    'image_chat',
  ],
  ...['ai.generateText.doGenerate', 'anthropic_messages', 'summarize', 'aresponses'],
])('an operation is a call of a model: %s', (name) => {
  expect(isModelCall(name)).toBe(true);
});

it.each([
  ...[
    'embeddings',
    'feature_extraction',
    'classify',
    'aget_responses',
    'adelete_responses',
    'image_generation',
    'speech_to_text',
  ],
  ...['arerank', 'execute_tool', 'moderation', 'avector_store_search'],
])('an operation is none: %s', (name) => {
  expect(isModelCall(name)).toBe(false);
});

it.each([
  ...[
    ['black-forest-labs/FLUX.1-schnell', true],
    ['flux-coder-7b', false],
    ['gpt-image-1', true],
    ['qwen2.5-vl-imagenet', false],
  ],
  ...[
    ['amazon.titan-image-generator-v1', true],
    ['speechless-llama2-13b', false],
    ['speech-01-hd', true],
    ['gpt-4o-audio-preview', false],
  ],
] as const)('a model by its name: %s', (name, isOther) => {
  expect(isOtherModel(name)).toBe(isOther);
});

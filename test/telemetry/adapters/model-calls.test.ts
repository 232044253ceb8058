import { expect, it } from 'vitest';
import { isOtherEndpoint, isOtherModel, isVectorModel } from '../../../lib/telemetry/adapters/model-calls.ts';

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

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EntryReader } from '../../../lib/telemetry/adapters/reader.ts';
import { askedOf } from '../../../lib/telemetry/asked.ts';
import type { Exchange } from '../../../lib/telemetry/exchange.ts';
import { PROMPT, RESULT } from './gateway-shapes/shape.ts';

/**
 * What instrumentations from npm sent over OTLP/HTTP, the address of the provider replaced: two to four calls each through the provider's own
 * client against a local stand-in of the provider, one of them with a tool's result at its end. The file's name says which
 * library of which version.
 */
const FOLDER = new URL('../fixtures/sent/', import.meta.url);

function exchangesOf(file: string): { exchanges: Exchange[]; reasons: string[] } {
  const reader = new EntryReader('auto');
  const exchanges: Exchange[] = [];
  const reasons: string[] = [];
  const lines = readFileSync(new URL(file, FOLDER), 'utf8').trim().split('\n');
  const late = lines.flatMap((line) => {
    const read = reader.read(JSON.parse(line));
    exchanges.push(...read.exchanges);
    reasons.push(...read.reasons.map(({ message }) => message));
    return read.late;
  });
  for (const held of [...late, ...reader.finish()])
    if ('exchange' in held) exchanges.push(held.exchange);
    else reasons.push(held.reason.message);
  return { exchanges, reasons };
}

describe('what real instrumentations sent', () => {
  it.each([
    ['langfuse-openai-5.11.1.ndjson', 3],
    ['opentelemetry-openai-0.21.0.ndjson', 4],
    ['openinference-openai-4.2.7.ndjson', 4],
    ['openinference-anthropic-0.2.8.ndjson', 2],
    ['openinference-bedrock-0.5.1.ndjson', 2],
    ['traceloop-openai-0.27.0.ndjson', 4],
    ['traceloop-anthropic-0.27.0.ndjson', 2],
    ['vercel-ai-5.0.277.ndjson', 2],
    ['vercel-ai-7.0.173.ndjson', 2],
  ])('is read whole: %s', (file, calls) => {
    const { exchanges, reasons } = exchangesOf(file);
    expect(reasons).toEqual([]);
    expect(exchanges).toHaveLength(calls);
    const asked = exchanges.map(({ messages }) => askedOf(messages));
    expect(new Set(asked.map(({ prompt }) => prompt))).toEqual(new Set([PROMPT]));
    expect(new Set(asked.map(({ system }) => system ?? 'Be brief'))).toEqual(new Set(['Be brief']));
    const [stepped] = asked.filter(({ steps }) => steps > 0);
    const share = Math.round((10 * RESULT.length) / (RESULT.length + PROMPT.length));
    expect([stepped?.steps, stepped?.turns, stepped?.fromTools]).toEqual([1, 1, share]);
    expect(new Set(exchanges.map(({ account, model }) => `${account} ${model}`))).toEqual(
      new Set([file.includes('bedrock') ? 'acct-1 claude-3-haiku-20240307' : 'acct-1 m-1']),
    );
    // Langfuse does not say how a call ended
    expect(exchanges.map(({ outcome }) => outcome)).toContain(
      file.startsWith('langfuse') ? 'ok' : 'truncated',
    );
    expect(exchanges[0]?.usage).toEqual({ inputTokens: 12, outputTokens: 34 });
  });

  it('is all of the folder', () => {
    expect(readdirSync(FOLDER)).toHaveLength(9);
  });
});

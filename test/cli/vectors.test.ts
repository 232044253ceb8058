import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runVectors } from '../../lib/cli/vectors/vectors.ts';
import { VECTORS_FILE, vectorsText } from '../../lib/telemetry/vectors/make.ts';
import { capture } from './capture.ts';

describe('vectors', () => {
  it('are current: run `npm run vectors` when this fails', () => {
    expect(readFileSync(VECTORS_FILE, 'utf8')).toBe(vectorsText());
  });

  it('check a program: one that answers right, one that answers wrong, one that does not answer', async () => {
    const answer = (change: string) =>
      `${process.execPath} -e 'const { vectors } = JSON.parse(require("fs").readFileSync("${VECTORS_FILE.pathname}")); for (const { event } of vectors) { ${change}; console.log(JSON.stringify(event)); }'`;
    const right = capture();
    expect(await runVectors({ check: answer('') }, right.terminal)).toBe(0);
    expect(right.out()).toMatch(/(\d+) of \1 vectors right/);
    const wrong = capture();
    expect(await runVectors({ check: answer('event.shape.words = 40') }, wrong.terminal)).toBe(1);
    expect(wrong.out()).toContain('shape.words: expected 4, got 40');
    expect(await runVectors({ check: 'exit 3' }, capture().terminal)).toBe(2);
  });

  it('say so of a program that waits for ever, and end what it has started', async () => {
    const waiting = capture();
    expect(await runVectors({ check: 'sleep 600 | cat', seconds: 0.2 }, waiting.terminal)).toBe(2);
    expect(waiting.err()).toContain('has not ended after 0.2 s');
  });
});

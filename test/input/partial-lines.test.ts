import { describe, expect, it } from 'vitest';
import { PartialLines } from '../../lib/input/partial-lines.ts';
import { LIMITS } from '../../lib/limits.ts';

const cri = (stream: string, mark: 'P' | 'F', text: string) =>
  `2026-03-01T08:00:00.1Z ${stream} ${mark} ${text}`;

describe('lines that were cut', () => {
  it('are joined stream by stream', () => {
    const lines = new PartialLines();
    expect(lines.take(cri('stdout', 'P', 'a'))).toBeUndefined();
    expect(lines.take(cri('stderr', 'P', 'x'))).toBeUndefined();
    expect(lines.take(cri('stdout', 'F', 'b'))).toBe('ab');
    expect(lines.take(cri('stderr', 'F', 'y'))).toBe('xy');
    expect(lines.held).toBeUndefined();
  });

  it('are handed on when the input ends before they do', () => {
    const lines = new PartialLines();
    lines.take(cri('stdout', 'P', 'a'));
    expect(lines.finish()).toEqual(['a']);
    expect(lines.finish()).toEqual([]);
  });

  it('are not held beyond what a document may have', () => {
    const lines = new PartialLines();
    expect(lines.take(cri('stdout', 'P', 'a'.repeat(LIMITS.documentCharacters.most)))).toBeUndefined();
    expect(lines.take(cri('stdout', 'P', 'b'))?.length).toBe(LIMITS.documentCharacters.most + 1);
    expect(lines.held).toBeUndefined();
  });
});

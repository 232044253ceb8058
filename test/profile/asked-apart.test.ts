import { describe, expect, it } from 'vitest';
import { addEvent, emptySlice, sliceStart } from '../../lib/profile/slice.ts';
import { START, usageEvent } from '../events.ts';

/** Questions of an account that a slice tells apart. @param asked words and system prompt of each, by their prints */
function apart(
  asked: readonly (readonly [prompt: string, system: string | undefined])[],
): number | undefined {
  const slice = emptySlice(sliceStart(START));
  for (const [prompt, system] of asked)
    addEvent(
      slice,
      usageEvent({ prints: [{ epoch: 'e1', prompt, ...(system === undefined ? {} : { system }) }] }),
      START,
    );
  return slice.samples.get('e1')?.prompt.hashes.length;
}

describe('questions of an account', () => {
  it('are apart by their words, by their system prompt, and by both', () => {
    const [one, other, third] = ['AAAAAAAAAAA', 'BAAAAAAAAAA', 'CAAAAAAAAAA'] as const;
    expect(
      apart([
        [one, undefined],
        [other, undefined],
      ]),
    ).toBe(2);
    expect(
      apart([
        [one, other],
        [one, third],
      ]),
    ).toBe(2);
    expect(
      apart([
        [one, other],
        [one, undefined],
      ]),
    ).toBe(2);
    expect(
      apart([
        [one, third],
        [other, third],
      ]),
    ).toBe(2);
    expect(
      apart([
        [one, other],
        [one, other],
      ]),
    ).toBe(1);
  });
});

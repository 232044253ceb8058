import { describe, expect, it } from 'vitest';
import { addEvent, emptySlice, type Slice, sliceStart } from '../../lib/profile/slice.ts';
import { windowEnding, windowMs } from '../../lib/profile/window.ts';
import { SIGNALS } from '../../lib/signals/index.ts';
import { type Releases, signalInput } from '../../lib/signals/signal.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { DAY, HOUR, MINUTE, print, START, usageEvent } from '../events.ts';

/** A day of sixty requests, ten minutes apart. */
function day(make: (i: number) => Partial<UsageEvent>, releases?: Releases) {
  const slices = new Map<number, Slice>();
  for (let i = 0; i < 60; i++) {
    const time = START + i * 10 * MINUTE;
    const start = sliceStart(time);
    const slice = slices.get(start) ?? emptySlice(start);
    slices.set(start, slice);
    addEvent(slice, usageEvent(make(i)), time);
  }
  const window = windowEnding([...slices.values()], START + 10 * HOUR, windowMs(24));
  return signalInput(window, { plan: 'payg', product: 'api', createdAt: START - 90 * DAY }, releases);
}

function signal(id: string) {
  const found = SIGNALS.find((held) => held.id === id);
  if (found === undefined) throw new Error(`no signal ${id}`);
  return found;
}

const prompts = (i: number, layout: number): Partial<UsageEvent> => ({
  prints: [{ epoch: 'e1', prompt: print(i), layout: print(5000 + layout) }],
});
const base = usageEvent();

describe('signals', () => {
  it('have ids of their own, and none says anything of an account that did next to nothing', () => {
    expect(new Set(SIGNALS.map(({ id }) => id)).size).toBe(SIGNALS.length);
    const nothing = signalInput(windowEnding([], START, windowMs(24)), {
      plan: '',
      product: '',
      createdAt: 0,
    });
    for (const held of SIGNALS) expect(held.value(nothing), held.id).toBeUndefined();
  });

  it('give a sentence with numbers wherever they give a value', () => {
    const sight = day((i) => prompts(i, i % 3), new Map([['atlas-2', START - DAY]]));
    for (const held of SIGNALS)
      if (held.value(sight) !== undefined) expect(held.evidence(sight), held.id).toMatch(/\d/);
  });

  it.each([
    ['self-contained', (i: number) => ({ shape: { ...base.shape, turns: i % 2 ? 1 : 4, system: false } })],
    ['template-families', (i: number) => prompts(i, i % 2 ? 0 : i)],
  ] as const)('%s grows with the share of such requests', (id, half) => {
    const all = {
      'self-contained': () => ({ shape: { ...base.shape, turns: 1, system: false } }),
      'template-families': (i: number) => prompts(i, 0),
    }[id];
    const value = signal(id).value(day(all)) ?? 0;
    expect(value).toBeGreaterThan(signal(id).value(day(half)) ?? 1);
  });

  it('model-pivot needs releases, and counts only models that came out lately', () => {
    const pivot = signal('model-pivot');
    const sight = (releases?: Releases) => day((i) => ({ model: i < 30 ? 'atlas-2' : 'atlas-3' }), releases);
    expect(pivot.value(sight())).toBeUndefined();
    expect(pivot.value(sight(new Map([['atlas-2', START - 60 * DAY]])))).toBeUndefined();
    const found = sight(new Map([['atlas-3', START - DAY]]));
    expect(pivot.value(found)).toBeGreaterThan(0.3);
    expect(pivot.evidence(found)).toContain('50 %');
  });

  it('coverage is larger where prompts have less in common', () => {
    const sketch = (seed: number) =>
      Buffer.from(
        Array.from({ length: 32 }, (_, i) => Math.imul(seed + 1, 0x9e3779b1 + i * 0x85ebca6b) >>> 24),
      ).toString('base64url');
    const asked = (subjects: number) =>
      day((i) => ({ prints: [{ epoch: 'e1', prompt: print(i), sketch: sketch(i % subjects) }] }));
    const value = (subjects: number) => signal('coverage').value(asked(subjects)) ?? 0;
    expect(value(60)).toBeGreaterThan(value(4));
    expect(value(4)).toBeGreaterThan(value(1));
  });
});

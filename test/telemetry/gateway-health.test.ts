import { describe, expect, it } from 'vitest';
import { GatewayHealth } from '../../lib/telemetry/gateway-health.ts';
import type { UsageEvent } from '../../lib/telemetry/usage-event.ts';
import { usageEvent } from '../events.ts';

const whole = (): UsageEvent => {
  const event = usageEvent();
  return {
    ...event,
    prints: [{ ...event.prints[0], address: 'address1234' } as UsageEvent['prints'][number]],
  };
};
const withoutPrompt = (): UsageEvent => {
  const event = whole();
  return { ...event, shape: { ...event.shape, words: 0 } };
};

describe('the health of gateways', () => {
  it('names the gateway that lost its prompts, and since when; others are not blamed', () => {
    const health = new GatewayHealth();
    for (let i = 0; i < 40; i++) health.add('eu-1', whole(), i);
    for (let i = 0; i < 40; i++) health.add('us-1', i < 10 ? whole() : withoutPrompt(), 1000 + i);
    expect(health.blind()).toEqual([{ gateway: 'us-1', lost: 'withoutPrompt', share: 0.75, since: 1020 }]);
  });

  it('names the gateway whose customers all send one prompt; customers who do so by themselves are none', () => {
    const health = new GatewayHealth();
    for (let i = 0; i < 200; i++) {
      health.add('eu-1', { ...whole(), account: `a-${i % 40}` }, i);
      health.add('us-1', { ...whole(), account: 'a-1' }, i);
      const { prints, ...event } = whole();
      const own = prints.map((held) => ({ ...held, prompt: `p-${i}` }));
      health.add('ap-1', { ...event, account: `a-${i % 40}`, prints: own }, i);
    }
    expect(health.blind()).toEqual([{ gateway: 'eu-1', lost: 'samePrompt', share: 1, since: 99 }]);
  });

  it('forgets it when prompts come again', () => {
    const health = new GatewayHealth();
    for (let i = 0; i < 3000; i++) health.add(undefined, withoutPrompt(), i);
    expect(health.blind()).toMatchObject([{ gateway: 'unnamed', lost: 'withoutPrompt' }]);
    for (let i = 0; i < 3000; i++) health.add(undefined, whole(), 3000 + i);
    expect(health.blind()).toEqual([]);
  });

  it.each([
    ['withoutOrigin', usageEvent()],
    ['withoutTokens', { ...whole(), usage: { inputTokens: 1, outputTokens: 0 } }],
  ])('says what is lost beside prompts: %s', (lost, event) => {
    const health = new GatewayHealth();
    for (let i = 0; i < 100; i++) health.add('eu-1', { ...event, outcome: 'ok' }, i);
    expect(health.blind()).toEqual([{ gateway: 'eu-1', lost, share: 1, since: 99 }]);
  });

  it('names the gateway of which a tenth is refused for its time', () => {
    const health = new GatewayHealth();
    for (let i = 0; i < 80; i++) health.add('eu-1', whole(), i);
    for (let i = 0; i < 9; i++) health.refuseTime('eu-1', 80 + i);
    expect(health.blind()).toMatchObject([{ gateway: 'eu-1', lost: 'oddTime', since: 88 }]);
  });

  it('says nothing of few events, and remembers no more names than it may', () => {
    const health = new GatewayHealth();
    for (let i = 0; i < 20; i++) health.add('first', withoutPrompt(), i);
    expect(health.blind()).toHaveLength(1);
    for (let i = 0; i < 500; i++) health.add(`g${i}`, withoutPrompt(), i);
    expect(health.blind()).toEqual([]);
  });
});

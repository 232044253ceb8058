import { NO_PROMPTS, samplePrompts } from '../../lib/profile/prompt-sample.ts';
import { type End, sampleText } from './outcome.ts';
import type { Traffic } from './traffic.ts';

/** What a history broke, in words. */
export interface Violation {
  readonly property: string;
  readonly detail: string;
}

/** Compares what came out of a history with faults with what must be. */
export function violations(must: End, is: End, { events, unordered = new Set() }: Traffic): Violation[] {
  const found: Violation[] = [];
  const ofUnordered = (delivery: string): boolean => unordered.has(delivery.split('/')[0] ?? '');
  const say = (property: string, detail: string): void => {
    found.push({ property, detail: detail.slice(0, 600) });
  };
  for (const line of is.setAside) say('nothing is set aside for a fault that passes', line);
  for (const [account, state] of must.states)
    if (is.states.get(account) !== state && !unordered.has(account))
      say('the same profile and judgement', `${account}: ${state} became ${is.states.get(account)}`);
  for (const [account, slices] of must.slices)
    if (is.slices.get(account) !== slices)
      say(
        'the same slices, bit for bit',
        `${account}: ${must.counted.get(account)} requests became ${is.counted.get(account)}`,
      );
  // said without the oracle, which would make the same mistake
  for (const [account, counted] of is.counted) {
    const sent = events.filter((event) => event.account === account);
    if (counted !== sent.length)
      say('each request counts once', `${account}: ${sent.length} were sent, ${counted} counted`);
    if (is.samples.get(account) !== sampleText(samplePrompts(NO_PROMPTS, sent)))
      say('the same sample of prompts', account);
  }
  for (const [id, history] of must.findings)
    if (is.findings.get(id) !== history)
      say('the same findings', `${id}: ${history} became ${is.findings.get(id) ?? 'nothing'}`);
  for (const id of is.findings.keys()) if (!must.findings.has(id)) say('no other findings', id);
  for (const notice of is.unrecorded) say('every transition is recorded', notice);
  for (const id of is.claimed) say('no claim stays', id);
  for (const delivery of must.told.keys())
    if (!is.told.has(delivery) && !ofUnordered(delivery)) say('every transition is told', delivery);
  for (const [delivery, messages] of is.told) {
    if (!must.told.has(delivery) && delivery.startsWith('a_') && !ofUnordered(delivery))
      say('nothing else is told', delivery);
    if (messages.size > 1) say('one transition, one message', `${delivery}: ${[...messages].join(' and ')}`);
  }
  for (const print of is.leaked) say('findings hold no raw prints', print);
  for (const item of is.misdated) say('expiry is a time in seconds', item);
  for (const entry of is.misindexed) say('the link index is what the profiles say', entry);
  for (const finding of is.outdated) say('Security Hub has every finding as it stands', finding);
  for (const decision of is.miscounted) say('a decision is made once', decision);
  for (const account of is.waiting) say('nothing waits for ever', account);
  for (const line of must.badLines) if (!is.badLines.has(line)) say('a bad line is kept', line);
  for (const line of is.badLines) if (!must.badLines.has(line)) say('only bad lines are set aside', line);
  for (const { id } of events)
    if (!is.archived.has(id)) {
      say('what is accepted is archived', id);
      break;
    }
  return found;
}

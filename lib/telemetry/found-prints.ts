import type { Prints } from './usage-event.ts';

/** Prints by name, undefined where they are absent. */
export type FoundPrints = {
  [Name in keyof Prints]-?: Prints[Name] | (undefined extends Prints[Name] ? undefined : never);
};
type OptionalPrint = Exclude<keyof Prints, 'epoch' | 'prompt'>;
/** All of them: a print that is added to the event and not here does not compile. */
const OPTIONAL = Object.keys({
  opening: true,
  closing: true,
  layout: true,
  system: true,
  sketch: true,
  address: true,
  network: true,
  asn: true,
  tls: true,
  agent: true,
  credential: true,
  payment: true,
} satisfies Record<OptionalPrint, true>) as OptionalPrint[];

/** Without the names that are absent; undefined where one of them is no print. */
export function asPrints(found: FoundPrints): Prints | undefined {
  let absent = 0;
  for (const name of OPTIONAL) {
    if (found[name] === '') return undefined;
    if (found[name] === undefined) absent++;
  }
  if (absent === 0) return found as Prints;
  const { epoch, prompt } = found;
  // most events have all but a system prompt's: made at once, not field by field
  if (absent === 1 && found.system === undefined) {
    const { opening, closing, layout, sketch, address, network, asn, tls, agent, credential, payment } =
      found as Required<Prints>;
    return {
      epoch,
      prompt,
      opening,
      closing,
      layout,
      sketch,
      address,
      network,
      asn,
      tls,
      agent,
      credential,
      payment,
    };
  }
  const prints: Prints = { epoch, prompt };
  for (const name of OPTIONAL) {
    const value = found[name];
    if (value !== undefined) prints[name] = value;
  }
  return prints;
}

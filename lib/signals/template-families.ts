import { distinct } from '../profile/bottom-k.ts';
import { effectiveTrials, lowerShare, percent, type Signal, type SignalInput } from './signal.ts';

/** Share of different prompts that come in a layout which others share. */
function templated({
  samples,
}: SignalInput): { share: number; prompts: number; layouts: number } | undefined {
  if (samples === undefined) return undefined;
  const prompts = distinct(samples.prompt);
  const layouts = distinct(samples.layout);
  return { share: prompts < 2 ? 0 : Math.max(0, 1 - layouts / prompts), prompts, layouts };
}

export const templateFamilies: Signal = {
  id: 'template-families',
  title: 'many prompts cut from few templates',
  why: 'Scripts fill the slots of a few templates with ever new material (reported as template variation by providers in 2026). Applications do exactly that for a living, so it says nothing alone and ships without weight.',
  evasion: 'Let a model rewrite every prompt: costs a call for every query.',
  weight: 0,
  unit: 0.1,
  value(sight) {
    const found = templated(sight);
    if (found === undefined || sight.window.counts.events < 10) return undefined;
    const trials = Math.min(found.prompts, effectiveTrials(sight.window));
    return lowerShare(found.share * trials, trials);
  },
  evidence(sight) {
    const { share, prompts, layouts } = templated(sight) ?? { share: 0, prompts: 0, layouts: 0 };
    return `${percent(share)} of about ${Math.round(prompts)} different prompts came in a layout that others share; about ${Math.round(layouts)} layouts`;
  },
};

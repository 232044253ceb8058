import { COMMAND } from '../../contract/command.ts';
import { NO_KEYS } from '../../findings/next-steps.ts';
import { typedHere } from './called-as.ts';

/** Step 1 of a notice about an account (findings/next-steps.ts). */
const RESOLVE = new RegExp(`^(\\s*)${COMMAND} resolve [^\\n]*$`, 'gm');

/**
 * A notice's text for a terminal of this machine: commands as they are typed here.
 * @param demo whether it is a demo's, whose accounts nobody can look up
 */
export function commandsHere(text: string, demo = true): string {
  return typedHere(demo ? text.replace(RESOLVE, (_, indent: string) => `${indent}${NO_KEYS}`) : text);
}

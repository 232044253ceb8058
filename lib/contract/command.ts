/**
 * The command line's name in everything that is printed. `npm install --global .` in a checkout puts it on the path (README).
 * Never by way of npx: nobody holds this name on the registry, so npx would run whatever somebody puts there.
 */
export const COMMAND = 'siphonwatch';

/** The stack that is meant where none is named: the default of the setting `stackName`. */
export const DEFAULT_STACK = 'Siphonwatch';

const NAMED = new RegExp(`(?<![\\w./@-])${COMMAND} (?=[a-z])`, 'g');

/**
 * A text whose commands begin as they have to where it is read. Texts of the core name the command as it is called where it
 * is installed, which is right in a mail of a deployment; a checkout, the demo and the console's page know better.
 * @param command how commands begin there, such as `node bin/siphonwatch.mjs`
 */
export function asTyped(text: string, command: string): string {
  return text.replace(NAMED, () => `${command} `);
}

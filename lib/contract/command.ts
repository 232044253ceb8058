/**
 * The command line's name in everything that is printed. `npm install --global .` in a checkout puts it on the path (README).
 * Never by way of npx: nobody holds this name on the registry, so npx would run whatever somebody puts there.
 */
export const COMMAND = 'siphonwatch';

/** The stack that is meant where none is named: the default of the setting `stackName`. */
export const DEFAULT_STACK = 'Siphonwatch';

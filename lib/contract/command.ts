/**
 * The command line's name in everything that is printed. It is on the path after `npm link` in a checkout (README, Try it).
 * Never by way of npx: nobody holds this name on the registry, so npx would run whatever somebody puts there.
 */
export const COMMAND = 'siphonwatch';

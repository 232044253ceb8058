import manifest from '../package.json' with { type: 'json' };

/** Version of the code, named on every score, finding and log line. */
export const CODE_VERSION: string = manifest.version;

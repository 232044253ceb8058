import fc from 'fast-check';

/**
 * Property tests draw the same cases on every CI run, so that a change is never red by chance, and new ones on a
 * developer's machine and in the nightly run. `FC_SEED=1501999341 npm test` replays a run; a failure prints its seed.
 */
const CI_SEED = 20_261_125;
const seed = process.env.FC_SEED || (process.env.CI === undefined ? undefined : String(CI_SEED));
if (seed !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });

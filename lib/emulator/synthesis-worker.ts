import { buildApp } from '../infra/app.ts';

/**
 * Synthesizes the app in a process of its own: it is a minute's work at most, all of it blocking.
 * Arguments: folder of the assembly, context as JSON.
 */
const [outdir, context = '{}'] = process.argv.slice(2);
if (outdir === undefined) throw new Error('usage: synthesis-worker OUTDIR [CONTEXT]');
buildApp({ outdir, checks: false, context: JSON.parse(context) as Record<string, unknown> }).app.synth();

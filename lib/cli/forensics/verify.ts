import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { AnswersError } from '../../forensics/answers.ts';
import { METHOD_VERSION, makeReport } from './run.ts';

const files = z.array(z.string());
/** The part of a report that says how it was made. */
const stored = z.looseObject({
  run: z.looseObject({
    version: z.string(),
    options: z.strictObject({
      reference: z.string(),
      suspect: files,
      controls: files,
      teachers: files,
      models: z.string().nullable(),
      kin: files,
      alpha: z.number(),
      effect: z.number(),
      seed: z.number(),
    }),
    inputs: z.array(z.looseObject({ file: z.string(), sha256: z.string() })),
  }),
});

/** Outcome of a verification. */
export interface Verification {
  readonly same: boolean;
  readonly text: string;
}

/** First place at which two values of JSON differ, as a path; undefined where they are the same. */
function difference(a: unknown, b: unknown, path: string): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return path;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    const found = difference(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      path === '' ? key : `${path}.${key}`,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Makes a report again from its files and compares every number.
 *
 * @param file a report as `--json` printed it; paths in it are read from the working folder
 * @throws AnswersError if it is no such report, or a file of it cannot be read
 */
export async function verifyReport(file: string, say: (text: string) => void): Promise<Verification> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new AnswersError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = stored.safeParse(json);
  if (!parsed.success)
    throw new AnswersError(`${file}: not a report that says how it was made; make it with --json`);
  const { version, options, inputs } = parsed.data.run;
  if (version !== METHOD_VERSION)
    return {
      same: false,
      text: `${file} was made by version ${version} of the method, this is version ${METHOD_VERSION}: the numbers need not agree.`,
    };
  const again = JSON.parse(JSON.stringify(await makeReport(options, say))) as {
    run: { inputs: { file: string; sha256: string }[] };
  };
  const changed = inputs.find((x, i) => again.run.inputs[i]?.sha256 !== x.sha256);
  if (changed !== undefined)
    return {
      same: false,
      text: `${changed.file} is not the file that the report was made from: its SHA-256 differs.`,
    };
  const at = difference(json, again, '');
  return at === undefined
    ? {
        same: true,
        text: `${file}: made again from ${inputs.length} files with the same hashes; every number is the same.`,
      }
    : { same: false, text: `${file}: the inputs are the same, but ${at} differs.` };
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { AnswersError } from '../../forensics/answers.ts';
import { repeatedKey } from '../../forensics/repeated-key.ts';
import { reportOfPage } from '../../forensics/report-data.ts';
import { forensicsPage } from '../../forensics/report-html.ts';
import { fileTrouble } from '../../input/errors.ts';
import { LEAST_LEVEL, METHOD_VERSION, MOST_LEVEL, makeReport } from './run.ts';

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
      alpha: z.number().min(LEAST_LEVEL).max(MOST_LEVEL),
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

/** A report as it is stored: the document of `--json`, or the page of `--report` with when it was made. */
async function readStored(file: string): Promise<{ json: unknown; page?: { text: string; madeAt: string } }> {
  try {
    const text = await readFile(file, 'utf8');
    if (!text.trimStart().startsWith('<')) {
      const json: unknown = JSON.parse(text);
      const twice = repeatedKey(text);
      if (twice !== undefined)
        throw new AnswersError(
          `${JSON.stringify(twice)} is given twice in one object; only one can be the report`,
        );
      return { json };
    }
    const held = reportOfPage(text);
    return held === undefined
      ? { json: undefined }
      : { json: held.report, page: { text, madeAt: held.madeAt } };
  } catch (error) {
    throw new AnswersError(`${file}: ${fileTrouble(error)}`);
  }
}

/** Where a file of a report lies: as named, else from the report's folder, else by its bare name there. Hashes decide. */
function beside(report: string): (file: string) => string {
  const folder = dirname(report);
  return (file) =>
    [file, join(folder, file), join(folder, basename(file))].find((path) => existsSync(path)) ?? file;
}

/**
 * Makes a report again from its files and compares every number.
 *
 * @param file a report as `--json` printed it, or the page of `--report`, which must then be the same to the last byte;
 *   its files are looked for where it names them, from the working folder, and beside the report
 * @throws AnswersError if it is no such report, or a file of it cannot be read
 */
export async function verifyReport(file: string, say: (text: string) => void): Promise<Verification> {
  const { json, page } = await readStored(file);
  const parsed = stored.safeParse(json);
  if (!parsed.success)
    throw new AnswersError(
      `${file}: not a report that says how it was made; make it with --json or --report`,
    );
  const { version, options, inputs } = parsed.data.run;
  if (version !== METHOD_VERSION)
    return {
      same: false,
      text: `${file} was made by version ${version} of the method, this is version ${METHOD_VERSION}: the numbers need not agree.`,
    };
  const made = await makeReport(options, say, beside(file));
  const again = JSON.parse(JSON.stringify(made)) as { run: { inputs: { file: string; sha256: string }[] } };
  const changed = inputs.find((x, i) => again.run.inputs[i]?.sha256 !== x.sha256);
  if (changed !== undefined)
    return {
      same: false,
      text: `${changed.file} is not the file that the report was made from: its SHA-256 differs.`,
    };
  const at = difference(json, again, '');
  if (at !== undefined) return { same: false, text: `${file}: the inputs are the same, but ${at} differs.` };
  if (page !== undefined && (await forensicsPage(made, page.madeAt)) !== page.text)
    return {
      same: false,
      text: `${file}: the numbers that it holds are the same, but the page around them was altered, or made by another version of this program.`,
    };
  return {
    same: true,
    text: `${file}: made again from ${inputs.length} files with the same hashes; every number is the same.${page === undefined ? '' : ` When the page was made (${page.madeAt}) is not verified.`}`,
  };
}

import { COMMAND } from '../../contract/command.ts';
import { AnswersError } from '../../forensics/answers.ts';
import { checkFuture, lineages, sameLabel } from '../../forensics/models.ts';
import type { ForensicsReport, RunOptions } from '../../forensics/report.ts';
import { runForensics } from '../../forensics/study.ts';
import { Inputs } from './inputs.ts';

/** Version of the method: raised whenever the same inputs give other numbers. */
export const METHOD_VERSION = '18';

/** Most names that one message lists. */
const MOST_NAMED = 10;

/** Levels that may be asked for: above .05 a verdict would say of every twentieth stranger, and more, that it learnt. */
export const MOST_LEVEL = 0.05;
export const LEAST_LEVEL = 1e-6;

/**
 * `--kin a,b,c`: these models are one family, whatever their names or the models file say. Groups that share a model are
 * one.
 * @param models names of the models in hand
 * @throws AnswersError for a group of one, and for a name that no file has
 */
export function declaredKin(groups: readonly string[], models: readonly string[]): Map<string, string> {
  const declared = new Map<string, string>();
  groups.forEach((group, i) => {
    const members = group
      .split(',')
      .map((m) => m.trim())
      .filter((m) => m !== '');
    const again = members.find((m, k) => members.indexOf(m) < k);
    if (again !== undefined) throw new AnswersError(`--kin is "${group}": ${again} is named twice`);
    if (members.length < 2)
      throw new AnswersError(`--kin is "${group}": name at least two models, with commas between`);
    const unknown = members.find((m) => !models.includes(m));
    if (unknown !== undefined)
      throw new AnswersError(
        `--kin is "${group}": no file gives a model called "${unknown}"; names are those of the files without .ndjson or .gz`,
      );
    const label = `declared kin ${i + 1}`;
    const before = new Set(members.flatMap((m) => declared.get(m) ?? []));
    for (const [m, group] of declared) if (before.has(group)) declared.set(m, label);
    for (const m of members) declared.set(m, label);
  });
  return declared;
}

/** Says which entries of the models file no file of answers has; one that spelling alone parts from a file is an error. */
function checkNames(
  file: string,
  named: readonly string[],
  models: readonly string[],
  say: (text: string) => void,
) {
  const unknown = named.filter((m) => !models.includes(m));
  for (const name of unknown) {
    const meant = models.find((m) => !named.includes(m) && sameLabel(m, name));
    if (meant !== undefined)
      throw new AnswersError(
        `${file}: model "${name}": the file of answers is called "${meant}"; spell both alike`,
      );
  }
  if (named.length > 0 && unknown.length === named.length)
    throw new AnswersError(
      `${file}: none of its models is among the files; names are those of the files without .ndjson or .gz`,
    );
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, MOST_NAMED).join(', ');
  const more = unknown.length > MOST_NAMED ? ` and ${unknown.length - MOST_NAMED} more` : '';
  say(`${file}: not used, as no file of answers has the name: ${shown}${more}`);
}

/** The command line that makes the same report. */
function commandOf(options: RunOptions): string[] {
  const list = (flag: string, values: readonly string[]) => (values.length === 0 ? [] : [flag, ...values]);
  return [
    COMMAND,
    'forensics',
    '--reference',
    options.reference,
    ...list('--suspect', options.suspect),
    ...list('--controls', options.controls),
    ...list('--teachers', options.teachers),
    ...list('--kin', options.kin),
    ...(options.models === null ? [] : ['--models', options.models]),
    '--alpha',
    String(options.alpha),
    '--effect',
    String(options.effect),
    '--seed',
    String(options.seed),
    '--json',
  ];
}

/**
 * Reads the files and asks the three questions.
 * @param say told of progress
 * @param locate where a file of that name lies, for a report that is made again in another folder
 * @param today the day of the run, which releases must not lie after; not asked of a report that is made again
 */
export async function makeReport(
  options: RunOptions,
  say: (text: string) => void,
  locate?: (file: string) => string,
  today?: string,
): Promise<ForensicsReport> {
  const inputs = new Inputs(locate);
  if (options.models !== null) await inputs.readModels(options.models, say);
  const input = {
    reference: await inputs.read('reference', options.reference),
    suspects: await inputs.readAll('suspect', options.suspect),
    controls: await inputs.readAll('control', options.controls),
    teachers: await inputs.readAll('teacher', options.teachers),
  };
  const most = Math.max(...inputs.sheets.map((s) => s.answers.size));
  say(`read ${inputs.sheets.length} models, up to ${most.toLocaleString('en')} items`);
  const models = inputs.sheets.map((s) => s.model);
  checkNames(options.models ?? '', [...inputs.models.keys()], models, say);
  if (today !== undefined) checkFuture(options.models ?? '', inputs.models, models, today);
  const report = runForensics(input, {
    alpha: options.alpha,
    effect: options.effect,
    seed: options.seed,
    of: lineages(inputs.models, declaredKin(options.kin, models)),
    onSuspect: (name, i, of) => say(`${i + 1}/${of} ${name}`),
  });
  const run = {
    version: METHOD_VERSION,
    command: commandOf(options),
    options,
    inputs: inputs.records,
  };
  return { ...report, run };
}

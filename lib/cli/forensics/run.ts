import { COMMAND } from '../../contract/command.ts';
import { AnswersError } from '../../forensics/answers.ts';
import { lineages } from '../../forensics/models.ts';
import type { ForensicsReport, RunOptions } from '../../forensics/report.ts';
import { runForensics } from '../../forensics/study.ts';
import { Inputs } from './inputs.ts';

/** Version of the method: raised whenever the same inputs give other numbers. */
export const METHOD_VERSION = '3';

/** `--kin a,b,c`: these models are one family, whatever their names or the models file say. */
function declaredKin(groups: readonly string[]): Map<string, string> {
  const declared = new Map<string, string>();
  groups.forEach((group, i) => {
    const members = group
      .split(',')
      .map((m) => m.trim())
      .filter((m) => m !== '');
    if (members.length < 2)
      throw new AnswersError(`--kin is "${group}": name at least two models, with commas between`);
    for (const m of members) declared.set(m, `declared kin ${i + 1}`);
  });
  return declared;
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
 */
export async function makeReport(options: RunOptions, say: (text: string) => void): Promise<ForensicsReport> {
  const inputs = new Inputs();
  if (options.models !== null) await inputs.readModels(options.models, say);
  const input = {
    reference: await inputs.read('reference', options.reference),
    suspects: await inputs.readAll('suspect', options.suspect),
    controls: await inputs.readAll('control', options.controls),
    teachers: await inputs.readAll('teacher', options.teachers),
  };
  const most = Math.max(...inputs.sheets.map((s) => s.answers.size));
  say(`read ${inputs.sheets.length} models, up to ${most.toLocaleString('en')} items`);
  const unknown = [...inputs.models.keys()].filter((m) => !inputs.sheets.some((s) => s.model === m));
  if (inputs.models.size > 0 && unknown.length === inputs.models.size)
    throw new AnswersError(
      `${options.models}: none of its models is among the files; names are those of the files without .ndjson or .gz`,
    );
  const report = runForensics(input, {
    alpha: options.alpha,
    effect: options.effect,
    seed: options.seed,
    of: lineages(inputs.models, declaredKin(options.kin)),
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

import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { Command, InvalidArgumentError } from 'commander';
import { type AnswerSheet, AnswersError, modelNameOf, readAnswerSheet } from '../../forensics/answers.ts';
import { collectPlan } from '../../forensics/collect-plan.ts';
import { familyOf } from '../../forensics/family.ts';
import type { ForensicsReport } from '../../forensics/report.ts';
import { forensicsPage } from '../../forensics/report-html.ts';
import { forensicsText } from '../../forensics/report-text.ts';
import { documentedEffect, runForensics, smallestEffect } from '../../forensics/study.ts';
import { escapeUnsafeLines } from '../../text/unsafe.ts';
import { calledAs } from '../shared/called-as.ts';
import { colours } from '../shared/colours.ts';

interface ForensicsOptions {
  reference?: string;
  suspect?: string[];
  controls?: string[];
  teachers?: string[];
  kin?: string[];
  alpha: number;
  effect: number;
  seed: number;
  json?: boolean;
  report?: string;
}

interface PlanOptions {
  questions: number;
  alpha: number;
  effect: number;
  json?: boolean;
}

function level(value: string): number {
  const x = Number(value);
  if (!(x > 0 && x < 0.5)) throw new InvalidArgumentError('a level between 0 and 0.5');
  return x;
}

function positive(value: string): number {
  const x = Number(value);
  if (!(x > 0 && x < 1)) throw new InvalidArgumentError('a number between 0 and 1');
  return x;
}

function whole(value: string): number {
  const x = Number(value);
  if (!Number.isInteger(x) || x < 1) throw new InvalidArgumentError('a whole number from 1');
  return x;
}

/** Lines of an NDJSON file, unpacked if its name ends in .gz. */
async function readLines(file: string): Promise<string[]> {
  const source = createReadStream(file);
  const stream = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  // An error of the file itself does not travel through the pipe.
  const failed = new Promise<never>((_, reject) => source.once('error', reject));
  const read = async () => {
    const lines: string[] = [];
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }))
      lines.push(line);
    return lines;
  };
  const reading = new Promise<string[]>((resolve, reject) => {
    stream.once('error', reject);
    read().then(resolve, reject);
  });
  return Promise.race([reading, failed]);
}

async function readSheet(file: string): Promise<AnswerSheet> {
  let lines: string[];
  try {
    lines = await readLines(file);
  } catch (error) {
    throw new AnswersError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return readAnswerSheet(modelNameOf(file), lines);
}

/** `--kin a,b,c`: these models are one family, whatever their names say. */
function familiesWith(kin: readonly string[]): (model: string) => string {
  const declared = new Map<string, string>();
  kin.forEach((group, i) => {
    const members = group
      .split(',')
      .map((m) => m.trim())
      .filter((m) => m !== '');
    if (members.length < 2)
      throw new AnswersError(`--kin is "${group}": name at least two models, with commas between`);
    for (const m of members) declared.set(m, `declared kin ${i + 1}`);
  });
  return (model) => declared.get(model) ?? familyOf(model);
}

function fail(error: unknown): void {
  const known = error instanceof AnswersError || error instanceof RangeError;
  process.stderr.write(
    `${colours.red('error:')} ${escapeUnsafeLines(error instanceof Error ? error.message : String(error))}\n`,
  );
  if (!known && error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 2;
}

async function run(options: ForensicsOptions): Promise<void> {
  const { reference, suspect = [], controls = [], teachers = [] } = options;
  if (reference === undefined) throw new AnswersError('--reference is missing: the answers of our own model');
  if (suspect.length === 0) throw new AnswersError('--suspect is missing: the answers of at least one model');
  const say = (text: string) => process.stderr.write(`${colours.dim(escapeUnsafeLines(text))}\n`);
  const sheets = new Map<string, AnswerSheet>();
  const byModel = new Map<string, string>();
  const read = async (file: string) => {
    const known = sheets.get(file);
    if (known !== undefined) return known;
    const sheet = await readSheet(file);
    const other = byModel.get(sheet.model);
    if (other !== undefined)
      throw new AnswersError(`${file} and ${other} both give a model called "${sheet.model}"; rename one`);
    byModel.set(sheet.model, file);
    sheets.set(file, sheet);
    return sheet;
  };
  const all = async (files: readonly string[]) => {
    const out: AnswerSheet[] = [];
    for (const file of files) out.push(await read(file));
    return out;
  };
  const input = {
    reference: await read(reference),
    suspects: await all(suspect),
    controls: await all(controls),
    teachers: await all(teachers),
  };
  say(
    `read ${sheets.size} models, up to ${Math.max(...[...sheets.values()].map((s) => s.answers.size)).toLocaleString('en')} items`,
  );
  const report = runForensics(input, {
    alpha: options.alpha,
    effect: options.effect,
    seed: options.seed,
    family: familiesWith(options.kin ?? []),
    onSuspect: (name, i, of) => say(`${i + 1}/${of} ${name}`),
  });
  if (options.report !== undefined) {
    await writeFile(
      options.report,
      await forensicsPage(report, new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC')),
    );
    say(`report written to ${options.report}`);
  }
  print(report, options.json === true);
}

function print(report: ForensicsReport, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${forensicsText(report)}\n`);
}

function printPlan(options: PlanOptions): void {
  const plan = collectPlan(options.questions, options.alpha, options.effect);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(plan)}\n`);
    return;
  }
  const lines = [
    colours.bold('What to collect'),
    `  ${plan.items.toLocaleString('en')} multiple-choice items from the reference, the suspect and ${plan.controls.needed} unrelated controls (${plan.calls.toLocaleString('en')} calls).`,
    `  ${plan.controls.pairs} unrelated pairs: p can fall to ${(1 / (1 + plan.controls.pairs)).toFixed(4)}, enough for ${plan.alpha} after ${plan.questions} question(s).`,
    `  At ${plan.spread.at.toLocaleString('en')} items an excess of about ${plan.spread.detectable.toFixed(3)} kappa is found four times in five (spread as on public MMLU-Pro answers).`,
    `  More items shrink sampling error, not the spread between unrelated models: beyond some 5,000 items, better-matched controls help more.`,
    '',
    colours.bold('Which questions'),
    ...plan.sets.map((s) => `  ${s.name}: ${s.use}. ${s.note}`),
    '',
    colours.bold('How to ask'),
    ...plan.rules.map((r, i) => `  ${i + 1}. ${r}`),
    '',
    colours.bold('Format'),
    '  One file a model, NDJSON (also .gz), one line an item:',
    ...plan.format.map((l) => `  ${l}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/**
 * The verb `forensics`. Exit 0: a report was made, whatever it says (an abstention too, with its reason). Exit 2: wrong
 * usage or unusable input. Exit 1 is not used: no outcome of a comparison is a failure, and scripts read `verdict`.
 */
export function forensicsCommand(): Command {
  const command = new Command('forensics')
    .description('was the suspect model trained on ours, or on which of several candidate teachers?')
    .option('--reference <file>', 'answers of our model (NDJSON, also .gz)')
    .option('--suspect <files...>', 'answers of the models under suspicion')
    .option('--controls <files...>', 'answers of unrelated models, asked the same way; the more the better')
    .option('--teachers <files...>', 'answers of candidate teachers to rank beside the reference')
    .option(
      '--kin <models...>',
      'models of one lineage whose names do not show it, with commas: --kin acme-1,acme-pro',
    )
    .option('--alpha <level>', 'level of the verdict, after correction for all questions asked', level, 0.01)
    .option(
      '--effect <kappa>',
      'smallest excess worth excluding before saying "no evidence"',
      positive,
      smallestEffect,
    )
    .option('--seed <n>', 'seed of the bootstrap', whole, 1)
    .option('--json', 'one JSON document on standard output')
    .option('--report <file>', 'write a self-contained HTML report')
    .addHelpText('after', `\nStart with ${calledAs()} forensics collect-plan: what to ask, of whom and how.`)
    .action(async (options: ForensicsOptions) => {
      try {
        await run(options);
      } catch (error) {
        fail(error);
      }
    });
  command
    .command('collect-plan')
    .description('which questions to ask, how many, of how many controls, and how to ask all models alike')
    .option(
      '--questions <n>',
      'suspects times (reference and teachers) to be asked about in one run',
      whole,
      1,
    )
    .option('--alpha <level>', 'level wanted after correction', level, 0.01)
    .option('--effect <kappa>', 'smallest excess worth finding', positive, documentedEffect)
    .option('--json', 'one JSON document on standard output')
    .action((_options: PlanOptions, self: Command) => {
      // A parent's option of the same name takes the value in commander, so read both.
      printPlan(self.optsWithGlobals<PlanOptions>());
    });
  return command;
}

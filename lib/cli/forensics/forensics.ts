import { Command, InvalidArgumentError } from 'commander';
import { AnswersError } from '../../forensics/answers.ts';
import { DOCUMENTED_EFFECT, SMALLEST_EFFECT } from '../../forensics/effects.ts';
import { forensicsPage } from '../../forensics/report-html.ts';
import { forensicsText } from '../../forensics/report-text.ts';
import { InputError } from '../../input/errors.ts';
import { escapeUnsafeLines } from '../../text/unsafe.ts';
import { calledAs } from '../shared/called-as.ts';
import { colours } from '../shared/colours.ts';
import { jsonLine } from '../shared/command.ts';
import { tellFailure } from '../shared/failure.ts';
import { writable, writeAside } from '../shared/output.ts';
import { type PlanOptions, printPlan } from './collect-plan.ts';
import { LEAST_LEVEL, MOST_LEVEL, makeReport } from './run.ts';
import { verifyReport } from './verify.ts';

interface ForensicsOptions {
  reference?: string;
  suspect?: string[];
  controls?: string[];
  teachers?: string[];
  kin?: string[];
  models?: string;
  alpha: number;
  effect: number;
  seed: number;
  json?: boolean;
  report?: string;
  verify?: string;
}

/** A level of significance as given on the command line. */
export function level(value: string): number {
  const x = Number(value);
  if (!(x >= LEAST_LEVEL && x <= MOST_LEVEL))
    throw new InvalidArgumentError(`a level from ${LEAST_LEVEL} to ${MOST_LEVEL}`);
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

function fail(error: unknown): void {
  const known = error instanceof AnswersError || error instanceof RangeError;
  process.exitCode = tellFailure(
    'forensics',
    known ? new InputError(error.message, { cause: error }) : error,
  );
}

const say = (text: string) => process.stderr.write(`${colours.dim(escapeUnsafeLines(text))}\n`);

async function verify(file: string): Promise<void> {
  const { same, text } = await verifyReport(file, say);
  process.stdout.write(`${escapeUnsafeLines(text)}\n`);
  if (!same) process.exitCode = 1;
}

async function run(options: ForensicsOptions): Promise<void> {
  if (options.verify !== undefined) return verify(options.verify);
  const { reference, suspect = [], controls = [], teachers = [], kin = [], models = null } = options;
  if (reference === undefined) throw new AnswersError('--reference is missing: the answers of our own model');
  if (suspect.length === 0) throw new AnswersError('--suspect is missing: the answers of at least one model');
  await writable({ '--report': options.report });
  const { alpha, effect, seed } = options;
  const report = await makeReport(
    { reference, suspect, controls, teachers, models, kin, alpha, effect, seed },
    say,
    undefined,
    new Date().toISOString().slice(0, 10),
  );
  if (options.report !== undefined) {
    const madeAt = new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');
    await writeAside(options.report, await forensicsPage(report, madeAt));
    say(`report written to ${options.report}`);
  }
  process.stdout.write(options.json === true ? jsonLine(report) : `${forensicsText(report)}\n`);
}

/**
 * The verb `forensics`. Exit 0: a report was made, whatever it says (an abstention too, with its reason). Exit 2: wrong
 * usage or unusable input. Exit 1: `--verify` could not make a report again as it was. No outcome of a comparison is a
 * failure: scripts read `verdict`.
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
    .option(
      '--models <file>',
      'what is known of the models, JSON by name: released, cutoff, maker, base, family',
    )
    .option('--alpha <level>', 'level of the verdict, after correction for all questions asked', level, 0.01)
    .option(
      '--effect <kappa>',
      'smallest excess worth excluding before saying "no evidence"',
      positive,
      SMALLEST_EFFECT,
    )
    .option('--seed <n>', 'seed of the bootstrap', whole, 1)
    .option('--json', 'one JSON document on standard output')
    .option('--report <file>', 'write a self-contained HTML report')
    .option(
      '--verify <report>',
      'make a report (of --json or --report) again from its files, and compare every number',
    )
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
    .option('--effect <kappa>', 'smallest excess worth finding', positive, DOCUMENTED_EFFECT)
    .option('--json', 'one JSON document on standard output')
    .action((_options: PlanOptions, self: Command) => {
      // A parent's option of the same name takes the value in commander, so read both.
      printPlan(self.optsWithGlobals<PlanOptions>());
    });
  return command;
}

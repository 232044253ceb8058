import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import { InputError } from '../../input/errors.ts';
import { printable } from '../../telemetry/reason.ts';
import { VECTORS_FILE, type Vectors } from '../../telemetry/vectors/make.ts';
import type { Terminal } from '../record/record.ts';
import { jsonLine } from '../shared/command.ts';

/** `vectors`: what a recorder in another language has to make of exchanges, and a check that runs one. */
export function vectorsCommand(): Command {
  return new Command('vectors')
    .description('test vectors for recorders in other languages (docs/wire-format.md)')
    .option(
      '--check <command>',
      'run a recorder: it reads {"keyring"} and then exchanges, a line each, and writes events, a line each',
    )
    .option('--seconds <number>', 'with --check, how long the recorder may take', seconds, 60)
    .option('--json', 'with --check, one JSON document')
    .action(async (options: CheckOptions) => {
      process.exitCode = await runVectors(options, { stdout: process.stdout, stderr: process.stderr });
    });
}

interface CheckOptions {
  readonly check?: string;
  /** s, 60 where it is not given */
  readonly seconds?: number;
  readonly json?: boolean;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 86_400)) throw new InvalidArgumentError('a number of seconds up to 86400.');
  return value;
}

/** Prints the vectors, or checks a recorder: 0 all right, 1 some are not, 2 the command did not answer (in time). */
export async function runVectors(options: CheckOptions, terminal: Terminal): Promise<number> {
  const text = await readFile(VECTORS_FILE, 'utf8');
  if (options.check === undefined) {
    terminal.stdout.write(text);
    return 0;
  }
  try {
    const { keyring, vectors } = JSON.parse(text) as Vectors;
    const input = [{ keyring }, ...vectors.map(({ exchange }) => exchange)]
      .map((line) => JSON.stringify(line))
      .join('\n');
    const answers = (await outputOf(options.check, `${input}\n`, options.seconds ?? 60))
      .split('\n')
      .filter((line) => line.trim() !== '');
    const results = vectors.map(({ name, event }, index) => compared(name, event, answers[index]));
    if (answers.length > vectors.length)
      throw new InputError(`${answers.length} lines for ${vectors.length} exchanges`);
    report(results, options.json === true, terminal);
    return results.every(({ differs }) => differs.length === 0) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    terminal.stderr.write(`vectors: ${error.message}\n`);
    return 2;
  }
}

interface Result {
  readonly name: string;
  /** fields that are wrong, each with both values */
  readonly differs: readonly string[];
  /** hints that the recorder does not make (docs/wire-format.md): its accounts lose those facts, and nothing else */
  readonly without: readonly string[];
}

function report(results: readonly Result[], json: boolean, terminal: Terminal): void {
  const right = results.filter(({ differs }) => differs.length === 0).length;
  if (json) {
    terminal.stdout.write(jsonLine({ right, all: results.length, results }));
    return;
  }
  for (const { name, differs, without } of results) {
    const hints = without.length === 0 ? '' : ` (without ${without.join(', ')})`;
    terminal.stdout.write(`${differs.length === 0 ? 'ok    ' : 'WRONG '} ${name}${hints}\n`);
    for (const difference of differs.slice(0, 8)) terminal.stdout.write(`         ${difference}\n`);
  }
  const hints = new Set(results.flatMap(({ without }) => without));
  terminal.stdout.write(
    `${right} of ${results.length} vectors right${hints.size === 0 ? '' : `; hints that it does not always make: ${[...hints].sort().join(', ')}`}\n`,
  );
}

/** Hints of a prompt's kind, by tables of phrasings: `false` where a recorder cannot make one. */
const HINTS: ReadonlySet<string> = new Set(['shape.instruction', 'shape.code', 'shape.input']);

/** What an answer has otherwise than the event that an exchange becomes. */
function compared(
  name: string,
  event: Vectors['vectors'][number]['event'],
  line: string | undefined,
): Result {
  const wrong = (difference: string): Result => ({ name, differs: [difference], without: [] });
  if (line === undefined) return wrong('no line');
  let answer: unknown;
  try {
    answer = JSON.parse(line);
  } catch {
    return wrong(`not JSON: ${printable(line)}`);
  }
  if (typeof answer !== 'object' || answer === null) return wrong(`no object: ${printable(answer)}`);
  const said = 'behaviours' in answer && Array.isArray(answer.behaviours) ? answer.behaviours : [];
  // hints that are not made count as not made, not as wrong; what is made has to be right
  const missing = event.behaviours.filter((behaviour) => !said.includes(behaviour));
  const wanted = leaves({ ...event, behaviours: event.behaviours.filter((held) => said.includes(held)) });
  const got = leaves(answer);
  const apart = [...new Set([...wanted.keys(), ...got.keys()])].filter(
    (path) => !isDeepStrictEqual(wanted.get(path), got.get(path)),
  );
  const isHint = (path: string) => HINTS.has(path) && got.get(path) === false;
  return {
    name,
    differs: apart
      .filter((path) => !isHint(path))
      .map((path) => `${path}: expected ${printable(wanted.get(path))}, got ${printable(got.get(path))}`),
    without: [...apart.filter(isHint), ...missing.map((behaviour) => `behaviour ${behaviour}`)],
  };
}

function leaves(value: unknown, path = ''): Map<string, unknown> {
  if (typeof value !== 'object' || value === null) return new Map([[path, value]]);
  const all = new Map<string, unknown>();
  for (const [name, held] of Object.entries(value))
    for (const [inner, leaf] of leaves(held, path === '' ? name : `${path}.${name}`)) all.set(inner, leaf);
  return all;
}

/** What the command writes, given this input. @throws InputError where it writes nothing, or has not ended after so many seconds */
function outputOf(command: string, input: string, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // a group of processes of its own, so that what the shell has started ends with it
    const child = spawn(command, { shell: true, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => {
      endGroup(child.pid);
      reject(
        new InputError(
          `--check: the command has not ended after ${limit} s. A recorder ends when its standard input does; --seconds gives it longer`,
        ),
      );
    }, limit * 1000);
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => reject(new InputError(`--check: ${error.message}`, { cause: error })));
    child.once('close', (code) => {
      clearTimeout(timer);
      if (code === 0 || chunks.length > 0) resolve(Buffer.concat(chunks).toString('utf8'));
      else reject(new InputError(`--check: the command ended with ${code} and wrote nothing`));
    });
    // a command that ends before it has read everything is told by what it wrote
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended meanwhile
  }
}

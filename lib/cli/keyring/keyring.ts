import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { InputError } from '../../input/errors.ts';
import { readKeyring } from '../../input/keyring.ts';
import { epochKeys, type Keyring, servingEpochs } from '../../telemetry/keys.ts';
import { DEFAULT_OVERLAP_DAYS, newKeyring, rotatedKeyring } from '../../telemetry/make-keyring.ts';
import type { Terminal } from '../record/record.ts';
import { jsonLine } from '../shared/command.ts';

/** `keyring new|rotate|check`: keys of the recorder, so that nobody makes them by hand. Secrets go to files only. */
export function keyringCommand(): Command {
  const terminal: Terminal = { stdout: process.stdout, stderr: process.stderr };
  const run = async (work: () => Promise<void>) => {
    process.exitCode = await runKeyring(work, terminal);
  };
  const command = new Command('keyring').description("the recorder's keys: new, rotate, check");
  command
    .command('new')
    .description('a keyring with fresh secrets, for the secret store of the gateway')
    .requiredOption('--out <file>', 'written for its owner alone; an existing file is not replaced')
    .action(({ out }: { out: string }) => run(() => makeKeyring(out, Date.now(), terminal)));
  command
    .command('rotate')
    .description(
      'the next epoch of fingerprint keys; the one that serves now serves beside it for the overlap',
    )
    .argument('<file>', 'the keyring')
    .requiredOption('--out <file>', 'the new keyring; an existing file is not replaced')
    .option(
      '--overlap-days <n>',
      'how long both serve: at least the longest window of the policy',
      days,
      DEFAULT_OVERLAP_DAYS,
    )
    .action((file: string, options: { out: string; overlapDays: number }) =>
      run(() => rotateKeyring(file, options, Date.now(), terminal)),
    );
  command
    .command('check')
    .description('what a keyring holds and which epoch serves; never its secrets')
    .argument('<file>', 'the keyring')
    .option('--json', 'one JSON document')
    .action((file: string, options: { json?: boolean }) =>
      run(() => checkKeyring(file, options, Date.now(), terminal)),
    );
  return command;
}

function days(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1 && value <= 366))
    throw new InvalidArgumentError('a whole number of days, 1 to 366');
  return value;
}

/** 0 done, 2 bad input. */
async function runKeyring(work: () => Promise<void>, terminal: Terminal): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    terminal.stderr.write(`keyring: ${error.message}\n`);
    return 2;
  }
}

/** Writes a new keyring. @param now ms since 1970 */
export async function makeKeyring(out: string, now: number, terminal: Terminal): Promise<void> {
  await keep(out, newKeyring({ now, randomBytes }));
  terminal.stderr.write(
    `keyring: ${out} written. It is a secret: put it into the secret store of the gateway and delete the file. Whoever has it can test guesses of prompts; without it pseudonyms cannot be resolved.\n`,
  );
}

/** Writes a rotated keyring. @param now ms since 1970 */
export async function rotateKeyring(
  file: string,
  options: { readonly out: string; readonly overlapDays: number },
  now: number,
  terminal: Terminal,
): Promise<void> {
  const ring = await readKeyring(file);
  let next: Keyring;
  try {
    next = rotatedKeyring(ring, { now, randomBytes }, options.overlapDays);
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error), { cause: error });
  }
  await keep(options.out, next);
  const [last, before] = [next.epochs.at(-1), next.epochs.at(-2)];
  terminal.stderr.write(
    `keyring: ${options.out} written: epoch ${last?.id} from ${last?.from}, ${before?.id} beside it until ${before?.until}. Give it to every recorder within that time.\n`,
  );
}

/** Prints what a keyring holds. @param now ms since 1970 */
export async function checkKeyring(
  file: string,
  options: { readonly json?: boolean },
  now: number,
  terminal: Terminal,
): Promise<void> {
  const ring = await readKeyring(file);
  const serving = new Set(servingEpochs(epochKeys(ring), now).map(({ id }) => id));
  const epochs = ring.epochs.map(({ id, from, until }) => ({
    id,
    from,
    until: until ?? null,
    serves: serving.has(id),
  }));
  if (options.json === true) {
    terminal.stdout.write(jsonLine({ development: ring.development === true, epochs }));
    return;
  }
  for (const { id, from, until, serves } of epochs)
    terminal.stdout.write(
      `${id.padEnd(12)} from ${from}  until ${until ?? 'open'}${serves ? '  serves now' : ''}\n`,
    );
  if (ring.development === true)
    terminal.stdout.write(
      'development keyring: whoever knows its seed can test guesses. Never use it for real traffic.\n',
    );
  const last = ring.epochs.at(-1);
  if (last?.until !== undefined && Date.parse(last.until) < now)
    terminal.stdout.write(`epoch ${last.id} has ended and has no successor; it serves on: rotate\n`);
}

async function keep(path: string, ring: Keyring): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(ring, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    // half a secret is none
    if (code !== 'EEXIST') await rm(path, { force: true }).catch(() => undefined);
    if (code !== 'EEXIST') throw error;
    throw new InputError(`${path}: exists already and is not replaced`, { cause: error });
  }
}

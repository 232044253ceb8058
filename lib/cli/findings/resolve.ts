import { Command } from 'commander';
import { InputError } from '../../input/errors.ts';
import { type KeyOptions, loadKeyring, withKeyOptions } from '../../input/keyring.ts';
import { cellsOf } from '../../input/labels.ts';
import { inputFiles, readBatches } from '../../input/lines.ts';
import { accountPseudonym } from '../../telemetry/keys.ts';
import { printable } from '../../telemetry/reason.ts';
import { PSEUDONYM } from '../../telemetry/usage-event.ts';
import type { Terminal } from '../record/record.ts';
import { jsonLine } from '../shared/command.ts';

interface ResolveOptions extends KeyOptions {
  readonly accounts: string;
  readonly json?: boolean;
}

/**
 * `resolve ID... --accounts FILE`: the accounts behind pseudonyms, for holders of the key. A pseudonym cannot be
 * inverted: the candidates' names are hashed and compared.
 */
export function resolveCommand(): Command {
  const command = new Command('resolve')
    .description("pseudonyms' accounts, for holders of the key: candidates are hashed and compared")
    .argument('<ids...>', 'pseudonyms, a_...')
    .requiredOption(
      '--accounts <file>',
      'candidates: names one a line, CSV with a column account, or exchanges; - reads standard input',
    )
    .option('--json', 'print one JSON document');
  return withKeyOptions(command).action(async (ids: string[], options: ResolveOptions) => {
    process.exitCode = await runResolve(ids, options, { stdout: process.stdout, stderr: process.stderr });
  });
}

/** Runs the verb: 0 all resolved, 1 some have no match among the candidates, 2 bad input. */
export async function runResolve(
  ids: readonly string[],
  options: ResolveOptions,
  terminal: Terminal,
): Promise<number> {
  const say = (line: string) => terminal.stderr.write(`${line}\n`);
  try {
    const wrong = ids.find((id) => !PSEUDONYM.test(id));
    if (wrong !== undefined)
      throw new InputError(`ID: ${printable(wrong)} is not a pseudonym (a_ and 26 characters of a-z, 2-7)`);
    // never a key of ours: under a wrong one every customer looks like a stranger
    const keys = await loadKeyring(options, say);
    const wanted = new Set(ids);
    const found = new Map<string, string>();
    let candidates = 0;
    for await (const account of accountsIn(await inputFiles([options.accounts]))) {
      candidates++;
      const pseudonym = accountPseudonym(keys, account);
      if (wanted.has(pseudonym)) found.set(pseudonym, account);
      if (found.size === wanted.size) break;
    }
    if (candidates === 0) throw new InputError(`${options.accounts}: no candidate accounts in it`);
    const missing = [...wanted].filter((id) => !found.has(id));
    if (options.json === true) {
      const resolved = [...wanted].flatMap((id) => (found.has(id) ? [{ id, account: found.get(id) }] : []));
      terminal.stdout.write(jsonLine({ resolved, unresolved: missing, candidates }));
    } else {
      for (const id of wanted)
        if (found.has(id)) terminal.stdout.write(`${id}\t${printable(found.get(id))}\n`);
    }
    say(`resolve: ${found.size} of ${wanted.size} found, ${candidates} candidates tried`);
    for (const id of missing)
      say(`resolve: ${id}: none of these candidates, or the events were recorded under another key`);
    return missing.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    say(`resolve: ${error.message}`);
    return 2;
  }
}

/** Candidate names, each once in a row: exchanges repeat their account line after line. */
async function* accountsIn(files: readonly string[]): AsyncGenerator<string> {
  let column = -1;
  let header = true;
  let last: string | undefined;
  for await (const batch of readBatches(files)) {
    for (const [index, text] of batch.lines.entries()) {
      const line = text.endsWith('\r') ? text.slice(0, -1) : text;
      if (line.trim() === '') continue;
      const where = `${batch.file}:${batch.first + index}`;
      let account: string | undefined;
      if (line.startsWith('{')) account = accountOfJson(line, where);
      else if (header) {
        column = cellsOf(line, where).findIndex((cell) => cell.trim() === 'account');
        account = column < 0 ? line.trim() : undefined;
      } else account = column < 0 ? line.trim() : cellsOf(line, where)[column]?.trim();
      header = false;
      if (account !== undefined && account !== '' && account !== last) yield account;
      last = account ?? last;
    }
  }
}

function accountOfJson(line: string, where: string): string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (error) {
    throw new InputError(`${where}: not JSON`, { cause: error });
  }
  if (typeof json === 'object' && json !== null && 'account' in json && typeof json.account === 'string')
    return json.account;
  throw new InputError(`${where}: account: missing or not a text`);
}

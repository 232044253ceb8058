import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { developmentKeyring, type Keyring, parseKeyring } from '../telemetry/keys.ts';
import { fileTrouble, InputError } from './errors.ts';

/** The keys that a verb works under, from a file or, for development, from a seed. */
export interface KeyOptions {
  readonly keyring?: string | undefined;
  readonly keySeed?: string | undefined;
}

/** Seed of the development keys that verbs fall back on where no real traffic is touched. */
export const DEVELOPMENT_SEED = 'siphonwatch-development';
export const KEY_SEED_VARIABLE = 'SIPHONWATCH_KEY_SEED';

/** Adds --keyring and --key-seed to a command. */
export function withKeyOptions(command: Command): Command {
  return command
    .option(
      '--keyring <file>',
      'JSON keyring: {"account":{"secret"},"epochs":[{"id","secret","from","until"}]}',
    )
    .option(
      '--key-seed <text>',
      `development only: derive all keys from this text (or $${KEY_SEED_VARIABLE})`,
    );
}

/**
 * The keyring of a verb's options: --keyring, else --key-seed or its environment variable, else the fallback seed.
 * A development key is announced loudly, because whoever knows the seed can test guesses of prompts and accounts.
 * @throws InputError when there is no key, or the file is unreadable or wrong; secrets are never printed
 */
export async function loadKeyring(
  options: KeyOptions,
  say: (line: string) => void,
  fallbackSeed?: string,
): Promise<Keyring> {
  if (options.keyring !== undefined) {
    if (options.keySeed !== undefined) throw new InputError('--keyring and --key-seed exclude each other');
    return readKeyring(options.keyring);
  }
  const seed = options.keySeed ?? process.env[KEY_SEED_VARIABLE] ?? fallbackSeed;
  if (seed === undefined || seed === '')
    throw new InputError(
      'no key: give --keyring FILE (see docs/telemetry.md, Keys), or for development --key-seed TEXT',
    );
  say(
    'WARNING: development key. Whoever knows the seed can test guesses of prompts and accounts. Never use it for real traffic.',
  );
  return developmentKeyring(seed);
}

/** A keyring from a file. @throws InputError, which names the field and never shows a secret */
export async function readKeyring(file: string): Promise<Keyring> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new InputError(`${file}: cannot be read: ${fileTrouble(error)}`, { cause: error });
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // The parser's message quotes the text, which is secret.
    throw new InputError(`${file}: not JSON`, { cause: error });
  }
  try {
    return parseKeyring(json);
  } catch (error) {
    throw new InputError(`${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { OUTPUTS } from '../../lib/cli/shared/output-schemas.ts';
import { VERBS } from '../../lib/cli/verbs.ts';
import { ourFiles, textOf } from '../docs/documents.ts';

/** Its document is a study of its own (lib/forensics/report.ts), held to by test/forensics. */
const OWN_DOCUMENT = 'forensics';

/** A command and all below it. */
const withBelow = (command: Command): Command[] => [command, ...command.commands.flatMap(withBelow)];

describe('every verb', () => {
  it.each(Object.entries(VERBS))(
    '%s says what it does, takes and prints',
    async (name, { summary, load }) => {
      const command = await load();
      expect(command.name()).toBe(name);
      expect(summary).toMatch(/^[^.]+\??$/);
      const schemas = Object.keys(OUTPUTS);
      for (const held of withBelow(command)) {
        if (name !== OWN_DOCUMENT && held.options.some(({ long }) => long === '--json')) {
          const two = `${name} ${held.name()}`;
          const own = schemas.some((key) => key === name || key === two || key.startsWith(`${name} --`));
          expect(own, `a schema of ${two} --json`).toBe(true);
        }
        expect(held.description(), held.name()).not.toBe('');
        for (const option of held.options)
          expect(option.description, `${held.name()} ${option.flags}`).not.toBe('');
      }
    },
  );

  it.each(Object.entries(VERBS))(
    '%s refuses an option that it does not know, before it does anything',
    async (_, { load }) => {
      const command = await load();
      for (const held of withBelow(command))
        held.exitOverride().configureOutput({ writeErr: () => undefined });
      const asked = command.parseAsync(['--no-such-option'], { from: 'user' });
      await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/^commander\./) });
    },
  );
});

/** Commands with options, as the documents print them. */
const PRINTED = ourFiles('.md')
  .filter((path) => path !== 'CHANGELOG.md')
  .flatMap((path) =>
    [
      ...textOf(path)
        .replaceAll('\\\n', ' ')
        .matchAll(/(?<![/@\w-])siphonwatch ([a-z]+(?:(?!siphonwatch )[^\n`|;])*)/g),
    ].map(([, typed = '']) => ({ path, words: (typed.split(/ #| && /)[0] ?? '').trim().split(/\s+/) })),
  )
  .filter(({ words }) => words.some((word) => word.startsWith('--')));

/** The command that the words name, and where they name none below it, those that it may stand for. */
function meant(command: Command, words: readonly string[]): Command[] {
  const named = command.commands.find((below) => below.name() === words[1]);
  return [command, ...(named === undefined ? command.commands : withBelow(named))];
}

it('every option that a document prints is one of its command', async () => {
  expect(PRINTED.length).toBeGreaterThan(60);
  const wrong: string[] = [];
  for (const { path, words } of PRINTED) {
    const command = await VERBS[words[0] ?? '']?.load();
    if (command === undefined) continue;
    const known = meant(command, words)
      .flatMap(({ options }) => options.map(({ long }) => long))
      .concat('--help');
    for (const [option] of words.join(' ').matchAll(/(?<= )--[a-z][a-z-]*/g))
      if (!known.includes(option)) wrong.push(`${path}: siphonwatch ${words.join(' ')}: ${option}`);
  }
  expect(wrong).toEqual([]);
});

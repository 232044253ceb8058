import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { VERBS } from '../../lib/cli/verbs.ts';

/** A command and all below it. */
const withBelow = (command: Command): Command[] => [command, ...command.commands.flatMap(withBelow)];

describe('every verb', () => {
  it.each(Object.entries(VERBS))(
    '%s says what it does, takes and prints',
    async (name, { summary, load }) => {
      const command = await load();
      expect(command.name()).toBe(name);
      expect(summary).toMatch(/^[^.]+\??$/);
      for (const held of withBelow(command)) {
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

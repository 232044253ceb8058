import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { completionScript, SHELLS } from '../../lib/cli/completion/completion.ts';
import { findingsCommand } from '../../lib/cli/findings/findings.ts';
import { policyCommand } from '../../lib/cli/policy/policy.ts';

const COMMANDS = [findingsCommand(), policyCommand()];

/** What bash would offer behind these words. */
function offered(...words: readonly string[]): string[] {
  const typed = ['siphonwatch', ...words].map((word) => `'${word}'`).join(' ');
  const { stdout } = spawnSync('bash', [
    '-c',
    `${completionScript('bash', COMMANDS)}\nCOMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _siphonwatch; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ]);
  return String(stdout).trim().split('\n');
}

it('the shell completes verbs, what is below them, and their options', () => {
  expect(offered('')).toEqual(expect.arrayContaining(['findings', 'policy', '--help']));
  expect(offered('pol')).toEqual(['policy']);
  expect(offered('policy', 'pu')).toEqual(['push']);
  expect(offered('policy', 'push', '--no')).toEqual(['--note']);
  expect(offered('findings', 'list', '--ver')).toEqual(['--verdict']);
  expect(offered('findings', 'list', '--state', 'x', '--ver')).toEqual(['--verdict']);
});

it('every shell’s script names every verb', () => {
  for (const shell of SHELLS) {
    const script = completionScript(shell, COMMANDS);
    for (const word of ['findings', 'policy', 'rollback', 'note']) expect(script, shell).toContain(word);
  }
});

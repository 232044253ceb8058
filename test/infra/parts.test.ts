import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../lib/contract/environment.ts';
import { synthesized } from './synthesized.ts';

/** What the shell function `part` of docs/operations.md looks among, by what it looks for. */
const TYPES = {
  Function: 'AWS::Lambda::Function',
  Logs: 'AWS::Logs::LogGroup',
  Schedule: 'AWS::Events::Rule',
} as const;
const SOUGHT = new Set([...Object.values(TYPES), 'AWS::Lambda::EventSourceMapping']);
const MANUAL = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const ids = Object.entries(
  synthesized({ hunts: true, triageApi: true, calibrateShards: 2, linkShards: 2, backtestShards: 2 }).toJSON()
    .Resources as Record<string, { readonly Type: string }>,
);

/** Logical ids that `part NAME KIND` finds. */
const found = (name: string, kind: keyof typeof TYPES) =>
  ids.filter(([id, { Type }]) => Type === TYPES[kind] && id.includes(`${name}${kind}`)).map(([id]) => id);

describe('`part` of the runbooks', () => {
  it('finds one function and one log group by the name of every function', () => {
    expect(MANUAL).toContain("contains(LogicalResourceId,'$1$2')");
    for (const name of Object.keys(FUNCTIONS).map((fn) => `${fn.charAt(0).toUpperCase()}${fn.slice(1)}`))
      for (const kind of ['Function', 'Logs'] as const)
        expect([name, kind, found(name, kind)]).toEqual([name, kind, [expect.any(String)]]);
    for (const name of ['Sweep', 'Link', 'Calibrate', 'Compact'])
      expect(found(name, 'Schedule')).toHaveLength(1);
  });

  it('finds every part that a command of the manual names', () => {
    const named = [...MANUAL.matchAll(/\$\(part (\w+) (\w+)\)/g)];
    expect(named.length).toBeGreaterThan(5);
    for (const [command, name = '', kind = ''] of named)
      expect([
        command,
        ids.filter(([id, { Type }]) => SOUGHT.has(Type) && id.includes(`${name}${kind}`)).length,
      ]).not.toEqual([command, 0]);
  });

  it('is asked for the logs of every function where their volume is looked at', () => {
    const [, loop = ''] = /for f in ([\w ]+); do logs=/.exec(MANUAL) ?? [];
    expect(loop.toLowerCase().split(' ').sort()).toEqual(
      Object.keys(FUNCTIONS)
        .map((fn) => fn.toLowerCase())
        .sort(),
    );
  });
});

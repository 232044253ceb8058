import { describe, expect, it } from 'vitest';
import { ROOMS } from '../../scripts/rooms.ts';
import { wallsOf } from '../../scripts/walls.ts';

/** The walls of ARCHITECTURE.md, each broken by one file: what `npm run check` says of it. */

const LATER = 'which comes later in scripts/rooms.ts';
const AWS = "'@aws-sdk/client-dynamodb'";

function said(files: Readonly<Record<string, string>>): string {
  return wallsOf(new Map(Object.entries(files))).offences.join('\n');
}

describe('a wall that is broken', () => {
  it.each<[what: string, files: Record<string, string>, offence: string]>([
    [
      'an arrow up',
      {
        'lib/scoring/a.ts': "import { b } from '../findings/b.ts';",
        'lib/findings/b.ts': 'export const b = 1;',
      },
      LATER,
    ],
    [
      'an arrow up, of types',
      {
        'lib/scoring/a.ts': "import type { B } from '../findings/b.ts';",
        'lib/findings/b.ts': 'export type B = 1;',
      },
      LATER,
    ],
    [
      'an arrow up, by export',
      { 'lib/scoring/a.ts': "export * from '../findings/b.ts';", 'lib/findings/b.ts': '' },
      LATER,
    ],
    [
      'a circle of types',
      {
        'lib/scoring/a.ts': "import type { B } from './b.ts'; export interface A { b: B }",
        'lib/scoring/b.ts': "import type { A } from './a.ts'; export interface B { a: A }",
      },
      'circle of imports: lib/scoring/a.ts -> lib/scoring/b.ts',
    ],
    ['a file in no room', { 'lib/attic/a.ts': '' }, 'lib/attic/a.ts is in no room'],
    [
      'the stack with a handler',
      { 'lib/infra/a.ts': "export { score } from '../../lambdas/score/score.ts';" },
      'belongs into lib/contract',
    ],
    [
      'the product with a test',
      { 'lib/cli/a.ts': "import { event } from '../../test/events.ts';" },
      'what is shipped needs no test',
    ],
  ])('%s is an offence', (_what, files, offence) => expect(said(files)).toContain(offence));

  it.each([
    `import { GetItemCommand } from ${AWS};`,
    `import { paginateQuery } from ${AWS};`,
    `import { DynamoDB } from ${AWS};`,
    `import * as dynamodb from ${AWS};`,
    `export * from ${AWS};`,
    `const dynamodb = await import(${AWS});`,
  ])('a request to AWS outside its owner is an offence: %s', (text) => {
    expect(said({ 'lambdas/score/a.ts': text })).toContain('speaks to AWS itself');
    expect(said({ 'lib/aws/a.ts': text })).toBe('');
  });

  it.each([`import { DynamoDBClient } from ${AWS};`, `import type { GetItemCommandInput } from ${AWS};`])(
    'a client that is passed on and a type are none: %s',
    (text) => expect(said({ 'lambdas/score/a.ts': text })).toBe(''),
  );

  it.each(['aws-cdk-lib', 'aws-cdk-lib/aws-lambda', 'constructs'])('only the stack imports %s', (name) => {
    const text = `import { Stack } from '${name}';`;
    for (const file of ['lambdas/score/a.ts', 'lib/aws/a.ts', 'lib/cli/a.ts', 'lib/detection/a.ts'])
      expect(said({ [file]: text })).toContain(`imports ${name}`);
    expect(said({ 'lib/infra/a.ts': text, 'bin/a.ts': text })).toBe('');
  });
});

describe('a pure room', () => {
  const pure = ROOMS.filter((room) => room.pure).map(({ path }) => path);

  it.each([
    "import { readFileSync } from 'node:fs';",
    "import { readFileSync } from 'fs';",
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';",
    "import { build } from 'esbuild';",
    "const s3 = import('@aws-sdk/client-s3');",
  ])('does not import what acts: %s', (text) => {
    for (const room of pure)
      expect(said({ [room.endsWith('.ts') ? room : `${room}/a.ts`]: text })).toContain('is pure');
  });

  it.each([
    'export const now = () => Date.now();',
    'export const clock = { now: Date.now };',
    'export const at = new Date();',
    'export const at = new Date;',
    'export const at = Date();',
    'export const draw = (random = Math.random) => random();',
    'export const clock = globalThis.Date;',
    'export const at = performance.now();',
    'export const home = process.env.HOME;',
    'console.log(1);',
    'setTimeout(() => {}, 1);',
    'export const id = randomUUID();',
    "export const page = fetch('https://example.com');",
  ])('has no clock, chance, network or process of its own: %s', (text) => {
    expect(said({ 'lib/detection/a.ts': text })).toContain('in a pure room: pass it in');
    expect(said({ 'lib/cli/a.ts': text })).toBe('');
  });

  it.each([
    'export const day = (at: number) => new Date(at).getUTCDay();',
    'export const draw = (random: () => number) => random();',
    '/** Of Date.now and Math.random. */ export const a = 1;',
    "import * as z from 'zod';",
    "import { createHash } from 'node:crypto';",
  ])('computes with what is passed in: %s', (text) => expect(said({ 'lib/detection/a.ts': text })).toBe(''));
});

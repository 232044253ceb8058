/**
 * What the floor plan of scripts/rooms.ts asks of the code, as a function of the texts of its files, so that a test can break
 * each wall (test/docs/walls.test.ts). `npm run check` puts the tree through it.
 */
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';
import { circles } from './circles.ts';
import { ROOMS, type Room } from './rooms.ts';

interface Import {
  readonly from: string;
  readonly to: string;
  /** by a path, not the name of a package */
  readonly ours: boolean;
  readonly line: number;
  /** what is imported as a value, by name; `*` where that is not known: all of it, or by `import()` */
  readonly values: readonly string[];
}

export interface Walls {
  /** one line each: the place, what is wrong and how to mend it */
  readonly offences: readonly string[];
  /** pairs of rooms of which one imports from the other */
  readonly arrows: number;
}

/** Packages that compute and do nothing else: what a pure room may import. Of Node: hashes, codecs, types of bytes. */
const COMPUTE = new Set([
  'graphology',
  'graphology-components',
  'graphology-types',
  'hyparquet',
  'hyparquet-writer',
  'lru-cache',
  'node:buffer',
  'node:crypto',
  'node:string_decoder',
  'node:util',
  'node:zlib',
  'vega',
  'vega-lite',
  'yaml',
  'zod',
]);

/** Rooms that define the stack, or put it together to run it here. Nobody else imports the CDK. */
const CDK_ROOMS = new Set(['lib/infra', 'bin']);
const CDK = /^(aws-cdk-lib|constructs|cdk-nag)(\/|$)/;

/** A clock, a timer, chance, the network, the terminal or the process itself, used in a pure room: called or passed on. */
const AMBIENT =
  /(?<![.\w'])(globalThis\b|Date\.now\b|Date\(\)|new Date(?:\(\)|\b(?!\())|Math\.random\b|performance\.\w+|process\.\w+|console\.\w+|fetch\(|set(?:Timeout|Interval|Immediate)\(|random(?:UUID|Bytes|Int)\(|crypto\.(?:getRandomValues|random\w+)\()/;

function importsOf(file: string, text: string): Import[] {
  const { module } = parseSync(file, text);
  const named = [
    ...module.staticImports.map(({ moduleRequest: { value, start }, entries }) => ({
      value,
      start,
      values: entries.flatMap(({ importName, isType }) => (isType ? [] : (importName.name ?? '*'))),
    })),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, importName, isType }) =>
        moduleRequest === null
          ? []
          : {
              value: moduleRequest.value,
              start: moduleRequest.start,
              values: isType ? [] : [importName.name ?? '*'],
            },
      ),
    ),
  ];
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const value = text.slice(moduleRequest.start, moduleRequest.end);
    return /^['"`]/.test(value)
      ? [{ value: value.slice(1, -1), start: moduleRequest.start, values: ['*'] }]
      : [];
  });
  return [...named, ...dynamic].map(({ value, start, values }) => ({
    from: file,
    values,
    ours: value.startsWith('.'),
    to: value.startsWith('.') ? normalize(join(dirname(file), value)) : value,
    line: text.slice(0, start).split('\n').length,
  }));
}

/** The room's place in the list from the ground up; -1 where a file is in no room. */
function floorOf(file: string): number {
  let floor = -1;
  for (const [i, { path }] of ROOMS.entries())
    if ((file === path || file.startsWith(`${path}/`)) && path.length > (ROOMS[floor]?.path.length ?? 0))
      floor = i;
  return floor;
}

/** `@scope/name/deep` -> `@scope/name` */
function packageOf(request: string): string {
  return request
    .split('/')
    .slice(0, request.startsWith('@') ? 2 : 1)
    .join('/');
}

/** What is wrong with one import of a package, by the room that it stands in. */
function packageOffence({ to, values }: Import, room: Room): string | undefined {
  if (room.pure && !COMPUTE.has(packageOf(to)))
    return `imports ${to}, but ${room.path} is pure: pass in what it needs`;
  const order = values.find((name) => !name.endsWith('Client'));
  if (to.startsWith('@aws-sdk/client-') && order !== undefined && room.owns !== 'aws')
    return `speaks to AWS itself (${order}): put it into the owner of that resource in lib/aws`;
  if (CDK.test(to) && !CDK_ROOMS.has(room.path))
    return `imports ${to}: only lib/infra and bin do; what stack and functions share belongs into lib/contract`;
  return undefined;
}

function fileOffence({ from, to }: Import): string | undefined {
  if (from.startsWith('lib/infra/') && to.startsWith('lambdas/'))
    return `imports ${to}: what stack and functions share belongs into lib/contract`;
  if (/^(test|scripts|packages)\//.test(to) && !from.startsWith('bench/'))
    return `imports ${to}: what is shipped needs no test, script or package folder`;
  if (floorOf(to) > floorOf(from))
    return `imports ${to}, which comes later in scripts/rooms.ts: move what both need into an earlier room, or pass it in`;
  return undefined;
}

function ambientOffences(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, i) => {
    const [ambient] = AMBIENT.exec(line.replace(/^\s*(\/\/|\*|\/\*).*/, '')) ?? [];
    return ambient === undefined
      ? []
      : [`${file}:${i + 1} uses ${ambient.replace(/\($/, '')} in a pure room: pass it in`];
  });
}

/** Every wall that `files` break (path from the root, as `lib/time.ts`, to text), types of imports included. */
export function wallsOf(files: ReadonlyMap<string, string>): Walls {
  const offences: string[] = [];
  const arrows = new Map<string, string[]>([...files.keys()].map((file) => [file, []]));
  const between = new Set<string>();
  for (const [file, text] of files) {
    const room = ROOMS[floorOf(file)];
    if (room === undefined) {
      offences.push(`${file} is in no room: add its folder to scripts/rooms.ts`);
      continue;
    }
    if (room.pure) offences.push(...ambientOffences(file, text));
    for (const held of importsOf(file, text)) {
      if (files.has(held.to)) {
        arrows.get(file)?.push(held.to);
        const other = ROOMS[floorOf(held.to)];
        if (other !== undefined && other !== room) between.add(`${room.path} -> ${other.path}`);
      }
      const offence = held.ours ? fileOffence(held) : packageOffence(held, room);
      if (offence !== undefined) offences.push(`${file}:${held.line} ${offence}`);
    }
  }
  for (const circle of circles(arrows)) offences.push(`circle of imports: ${circle.join(' -> ')}`);
  return { offences, arrows: between.size };
}

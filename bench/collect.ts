import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withFault } from '../test/cli/collect-faults.ts';

/**
 * `npm run bench:collect`: how many exchanges of a kilobyte a second one `siphonwatch collect` takes, sent in batches of a
 * hundred over eight connections, and whether everything that was answered is there after SIGTERM. The process of the
 * collector has one thread of JavaScript; what it used of a core is its own processor time. Then what is kept of what was
 * answered when the stream stalls, and when the process is killed.
 */
const BATCH = 100;
const CONNECTIONS = 8;
const SECONDS = 10;
const folder = mkdtempSync(join(tmpdir(), 'bench-collect-'));
const out = join(folder, 'events.ndjson');
const bin = fileURLToPath(new URL('../bin/siphonwatch.mjs', import.meta.url));
const child = spawn(
  process.execPath,
  [bin, 'collect', '--listen', '127.0.0.1:0', '--out', out, '--key-seed', 'bench'],
  {
    stdio: ['ignore', 'ignore', 'pipe'],
  },
);
let said = '';
child.stderr.on('data', (chunk: Buffer) => {
  said += chunk.toString();
});
while (!said.includes('listening')) await new Promise((later) => setTimeout(later, 50));
const base = /http:\/\/[\d.:]+/.exec(said)?.[0] ?? '';

const words =
  'tide moon water rise fall gravity ocean coast spring neap current wave shore sand harbour'.split(' ');
const bodies = Array.from({ length: 50 }, (_, b) =>
  Array.from({ length: BATCH }, (_, i) => {
    const content = Array.from({ length: 115 }, (_, w) => words[(w * 7 + i * 3 + b) % words.length])
      .join(' ')
      .slice(0, 700);
    return JSON.stringify({
      v: 1,
      id: `x-${b}-${i}`,
      time: '2026-03-01T08:00:00.000Z',
      account: `acct-${i}`,
      model: 'atlas-2',
      messages: [{ role: 'user', content }],
      usage: { inputTokens: 120, outputTokens: 300 },
      outcome: 'ok',
      customer: { plan: 'payg', product: 'api', createdAt: '2026-01-10T00:00:00Z' },
    });
  }).join('\n'),
);
const cpu = (): number => {
  const [, , ...fields] = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
    .replace(/\(.*\)/, '')
    .split(' ');
  return (Number(fields[10]) + Number(fields[11])) / 100;
};
let answered = 0;
const began = cpu();
const started = performance.now();
await Promise.all(
  Array.from({ length: CONNECTIONS }, async (_, c) => {
    for (let i = c; performance.now() - started < SECONDS * 1000; i++) {
      const response = await fetch(`${base}/exchanges?from=exchange`, {
        method: 'POST',
        body: bodies[i % bodies.length] ?? '',
      });
      await response.arrayBuffer();
      if (response.status === 200) answered += BATCH;
    }
  }),
);
const seconds = (performance.now() - started) / 1000;
const used = cpu() - began;
child.kill('SIGTERM');
await once(child, 'exit');
const kept = readFileSync(out, 'utf8').split('\n').length - 1;
rmSync(folder, { recursive: true });
process.stdout.write(
  `${Math.round(answered / seconds)} exchanges a second (${Math.round(answered / used)} a second of processor time), ${answered} answered, ${kept} there after SIGTERM, ${answered - kept} lost\n`,
);
process.exitCode = kept === answered ? 0 : 1;
for (const [fault, durable] of [
  ['stalled', false],
  ['stalled', true],
  ['killed', true],
  ['killed', false],
] as const) {
  const result = await withFault(fault, durable);
  // a process that is killed keeps what it answered only where it answers after the stream
  const isPromised = durable || fault === 'stalled';
  process.stdout.write(
    `${`${fault}${durable ? ', --durable' : ''}`.padEnd(20)} ${result.answered} answered, ${result.kept} on the stream, ${result.lost} lost${isPromised ? '' : ' (not promised)'}, ${result.refused} not answered\n`,
  );
  if (isPromised && result.lost > 0) process.exitCode = 1;
}

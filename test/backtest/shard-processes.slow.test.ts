import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { account, application, harvest, MINUTE, print, START } from '../events.ts';

const BIN = fileURLToPath(new URL('../../bin/siphonwatch.mjs', import.meta.url));

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-shards-test-'));
  const events = [
    ...[1, 2, 3, 4].flatMap((n) =>
      harvest({ account: account(n * 7919), events: 60, seed: n, from: START + n * MINUTE }).map((event) => ({
        ...event,
        prints: event.prints.map((one) => ({ ...one, payment: print(7), network: print(9) })),
      })),
    ),
    ...Array.from({ length: 20 }, (_, n) =>
      application({ account: account(n * 104_729 + 5), events: 40, seed: n + 50, from: START + n * MINUTE }),
    ).flat(),
  ].sort((a, b) => (a.time < b.time ? -1 : 1));
  const lines = events.map((event) => JSON.stringify(event));
  writeFileSync(at('a.ndjson'), `${lines.slice(0, 300).join('\n')}\n{"half": an eve\n`);
  writeFileSync(at('b.ndjson'), `${lines.slice(300).join('\n')}\n`);
  writeFileSync(at('short.yaml'), 'v: 1\nid: short\nwindows: [6, 24]\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

/** Runs `backtest` on the two files. @param watch called with its process while it runs */
function backtest(
  words: readonly string[],
  watch?: (child: ReturnType<typeof spawn>) => void,
): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [BIN, 'backtest', at('a.ndjson'), at('b.ndjson'), '--compare', at('short.yaml'), ...words],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, TMPDIR: folder } },
  );
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  watch?.(child);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

/** An outcome as it was saved, but for how long it took. */
function saved(name: string): string {
  return readFileSync(at(name), 'utf8').replaceAll(/"throughput":\{[^}]*\}/g, '"throughput":{}');
}

/** Processes that were begun by another one, by what stands in /proc. */
function childrenOf(pid: number): number[] {
  const found = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return found.split(' ').filter(Boolean).map(Number);
}

/** Does something as soon as there is something to do it to. */
function soon(attempt: () => boolean): void {
  const timer = setInterval(() => {
    if (attempt()) clearInterval(timer);
  }, 5);
}

describe('backtest --shards', () => {
  it('saves what one process saves, with a damaged line and a second policy, and leaves no file', {
    timeout: 240_000,
  }, async () => {
    expect(await backtest(['--save', at('one.json')])).toMatchObject({ code: 0 });
    for (const shards of ['2', '7', '16']) {
      const { code, said } = await backtest(['--shards', shards, '--save', at('many.json')]);
      expect(said).toContain('1 line is no usage event');
      expect(code, said).toBe(0);
      expect(saved('many.json')).toBe(saved('one.json'));
    }
    expect(readdirSync(folder).filter((name) => name.includes('siphonwatch-shards-'))).toEqual([]);
  });

  it('goes on after a shard was killed, and does not do again what is done', {
    timeout: 240_000,
  }, async () => {
    const words = ['--shards', '3', '--checkpoint', at('work'), '--save', at('resumed.json')];
    let killed = false;
    const first = await backtest(words, (child) =>
      soon(() => {
        // the last one to begin, when others are done
        if (!existsSync(at('work')) || !readdirSync(at('work')).some((name) => /^report-\d+$/.test(name)))
          return child.exitCode !== null;
        const [one] = childrenOf(child.pid ?? 0);
        if (one === undefined) return child.exitCode !== null;
        process.kill(one, 'SIGKILL');
        killed = true;
        return true;
      }),
    );
    expect(killed, first.said).toBe(true);
    expect(first.code).toBe(4);
    expect(first.said).toMatch(/shard \d: its process ended before it was done \(SIGKILL\)/);
    const kept = readdirSync(at('work')).filter((name) => /^report-\d+$/.test(name));
    expect(kept.length).toBeGreaterThan(0);
    const times = kept.map((name) => statSync(at(`work/${name}`)).mtimeMs);
    const other = await backtest([...words, '--policy', at('short.yaml')]);
    expect(other.said).toMatch(/of another run \(rules changed since\)/);
    expect(kept.map((name) => statSync(at(`work/${name}`)).mtimeMs)).toEqual(times);
    const again = await backtest(words);
    expect(again.said).toContain(`${kept.length} of 3 shards were replayed before`);
    expect(again.code, again.said).toBe(0);
    expect(saved('resumed.json')).toBe(saved('one.json'));
    expect(existsSync(at('work'))).toBe(false);
  });

  it('leaves no process and no file behind after Ctrl-C, and says what a damaged report is', {
    timeout: 240_000,
  }, async () => {
    let shards: number[] = [];
    const stopped = await backtest(['--shards', '2'], (child) =>
      soon(() => {
        if (child.exitCode !== null) return true;
        shards = childrenOf(child.pid ?? 0);
        return shards.length === 2 && child.kill('SIGINT');
      }),
    );
    expect(stopped.code, stopped.said).toBe(130);
    expect(stopped.said).toContain('stopped: nothing is left of it');
    expect(shards.map((pid) => existsSync(`/proc/${pid}`))).toEqual([false, false]);
    expect(readdirSync(folder).filter((name) => name.includes('siphonwatch-shards-'))).toEqual([]);

    const words = ['--shards', '2', '--checkpoint', at('cut')];
    await backtest(words, (child) =>
      soon(() => child.exitCode !== null || (existsSync(at('cut/report-0')) && child.kill('SIGINT'))),
    );
    truncateSync(at('cut/report-0'), statSync(at('cut/report-0')).size - 40);
    expect((await backtest(words)).said).toMatch(/report-0: this checkpoint is cut or damaged/);
  });
});

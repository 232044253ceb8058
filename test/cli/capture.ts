import { Writable } from 'node:stream';

/** A terminal for tests that keeps what was written. */
export function capture(): {
  terminal: { stdout: Writable; stderr: Writable };
  out: () => string;
  err: () => string;
} {
  const kept = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk, _, done) {
        kept[name] += String(chunk);
        done();
      },
    });
  return {
    terminal: { stdout: sink('stdout'), stderr: sink('stderr') },
    out: () => kept.stdout,
    err: () => kept.stderr,
  };
}

import { readFileSync } from 'node:fs';
import type { GatewayShape } from './shape.ts';

interface Written {
  readonly name: string;
  readonly entries: readonly unknown[];
  /** a reason that has to be said stands under `says` */
  readonly expect: 'no call' | { readonly says: string } | Exclude<GatewayShape['expect'], RegExp>;
}

/** Shapes that strangers to the readers wrote from public documentation and from what SDKs write, one a line. */
export const STRANGER_SHAPES: readonly GatewayShape[] = readFileSync(
  new URL('./strangers.ndjson', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => {
    const { name, entries, expect } = JSON.parse(line) as Written;
    const says = typeof expect === 'object' && 'says' in expect ? new RegExp(String(expect.says)) : undefined;
    return { name, entries, source: name, expect: says ?? (expect as GatewayShape['expect']) };
  });

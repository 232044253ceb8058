/** Where a shard's process begins: Node 20 runs no TypeScript by itself. */
import { register } from 'tsx/esm/api';

register({ tsconfig: false });
await import('./shard-process.ts');

#!/usr/bin/env node
// Node 20 runs no TypeScript by itself: tsx loads it. Everything else is in siphonwatch.ts.
import { register } from 'tsx/esm/api';

register();
await import('./siphonwatch.ts');

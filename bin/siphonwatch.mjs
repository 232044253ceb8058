#!/usr/bin/env -S node --max-semi-space-size=64
// Node 20 runs no TypeScript by itself: tsx loads it. The flag: replays make much short-lived garbage.
import { register } from 'tsx/esm/api';

register();
await import('./siphonwatch.ts');

#!/usr/bin/env -S node --max-semi-space-size=64
// Node 20 runs no TypeScript by itself: tsx loads it. The flag: replays make much short-lived garbage.
import { register } from 'tsx/esm/api';

// the AWS SDK's notice about next year's Node would stand before every answer
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
// Not the tsconfig.json of whatever folder this is called in.
register({ tsconfig: false });
await import('./siphonwatch.ts');

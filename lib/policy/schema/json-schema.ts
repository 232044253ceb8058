import * as z from 'zod';
import { policy } from '../policy.ts';

/** JSON Schema of a policy file; draft 7 for editors, draft 4 for AppConfig's validator. */
export function policyJsonSchema(target: 'draft-7' | 'draft-4'): string {
  const generated = z.toJSONSchema(policy, { target, io: 'input' });
  return `${JSON.stringify({ $schema: generated.$schema, title: 'Siphonwatch policy, version 1', ...generated }, null, 2)}\n`;
}

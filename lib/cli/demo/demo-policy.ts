import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { AppConfigClient } from '@aws-sdk/client-appconfig';
import { AppConfigRollout } from '../../aws/policy-rollout.ts';
import type { Cloud } from '../../emulator/cloud.ts';
import { LOCAL_REGION } from '../../emulator/names.ts';
import { parsePolicy } from '../../policy/parse-policy.ts';
import type { Policy } from '../../policy/policy.ts';
import { BAKE_MINUTE_OF_DEMO } from '../policy/rollout-target.ts';

const FILE = fileURLToPath(new URL('../../../examples/demo-policy.yaml', import.meta.url));

/** The policy that the demo judges under. */
export async function demoPolicy(): Promise<Policy> {
  const parsed = parsePolicy(await readFile(FILE, 'utf8'));
  if (!parsed.ok) throw new Error(`${FILE} is no policy`);
  return parsed.policy;
}

/**
 * Pushes the demo's own policy before any traffic, as `policy push` would: the shipped policy asks for a rarity of critical that the
 * shipped calibration has too few accounts to show, and a demo without the urgent level shows half of what there is.
 */
export async function pushDemoPolicy(cloud: Cloud): Promise<Policy> {
  const policy = await demoPolicy();
  const stack = cloud.functions.map(({ spec }) => spec.environment.POLICY_APPLICATION).find(Boolean);
  if (stack === undefined) throw new Error('the template declares no application of policies');
  const client = new AppConfigClient({
    region: LOCAL_REGION,
    endpoint: cloud.endpoints.appConfigData,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    await new AppConfigRollout(client, stack, BAKE_MINUTE_OF_DEMO).push('active', policy, 'the demo');
  } finally {
    client.destroy();
  }
  return policy;
}

import { AppConfigClient } from '@aws-sdk/client-appconfig';
import type { Command } from 'commander';
import * as z from 'zod';
import { AppConfigRollout, type PolicyRollout } from '../../aws/policy-rollout.ts';
import { DEFAULT_STACK } from '../../contract/command.ts';
import { InputError } from '../../input/errors.ts';
import { describeReason, reasonOf } from '../../telemetry/reason.ts';
import { calledAs } from '../shared/called-as.ts';
import { demoFilePath, readDemoFile } from '../shared/deployment.ts';

export interface RolloutOptions {
  readonly stack?: string;
  readonly region?: string;
  readonly demo?: boolean;
}

export const THE_DEMO = 'the running demo';

/** The demo bakes a minute in so many ms (emulator/services/app-config-control.ts). */
export const BAKE_MINUTE_OF_DEMO = 1000;

/** Where policies are pushed to, and what to call it. */
export interface RolloutTarget {
  readonly rollout: PolicyRollout;
  readonly where: string;
  close(): void;
}

export function withRolloutOptions(command: Command): Command {
  return command
    .option(
      '--stack <name>',
      `the deployed stack (SIPHONWATCH_STACK); without, a running demo; only reading goes on to ${DEFAULT_STACK} where none runs`,
    )
    .option('--region <region>', 'AWS region')
    .option('--demo', 'the running demo, nothing else');
}

const demoFile = z.object({
  region: z.string(),
  stack: z.string(),
  endpoints: z.object({ appconfig: z.string() }),
});

/**
 * @param use what changes a deployment has to name it: a push that was meant for a demo must not reach production
 * @throws InputError where there is no demo although one was asked for, its file is no longer right, or nothing is named
 */
export async function rolloutTarget(options: RolloutOptions, use: 'read' | 'change'): Promise<RolloutTarget> {
  // The SDK's advice on Node versions is for whoever builds this, not for whoever runs it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const file = demoFilePath();
  const stack = options.stack ?? (process.env.SIPHONWATCH_STACK || undefined);
  const demo = stack === undefined ? await readDemoFile() : undefined;
  if (demo === undefined) {
    if (options.demo === true)
      throw new InputError(`no demo is running here (no ${file}): start one with ${calledAs()} demo --keep`);
    if (stack === undefined && use === 'change')
      throw new InputError(
        `which deployment? Give --stack NAME (${DEFAULT_STACK} unless it was deployed under another), or start a demo that stays up: ${calledAs()} demo --keep`,
      );
    const name = stack ?? DEFAULT_STACK;
    const client = new AppConfigClient(options.region === undefined ? {} : { region: options.region });
    return {
      rollout: new AppConfigRollout(client, name),
      where: `stack ${name} in ${options.region ?? process.env.AWS_REGION ?? 'the default region'}`,
      close: () => client.destroy(),
    };
  }
  let json: unknown;
  try {
    json = JSON.parse(demo);
  } catch (error) {
    throw new InputError(`${file}: not JSON`, { cause: error });
  }
  const parsed = demoFile.safeParse(json);
  if (!parsed.success)
    throw new InputError(
      `${file}: ${describeReason(reasonOf(parsed.error, json))}; end the demo and start it again`,
    );
  const client = new AppConfigClient({
    region: parsed.data.region,
    endpoint: parsed.data.endpoints.appconfig,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  return {
    rollout: new AppConfigRollout(client, parsed.data.stack, BAKE_MINUTE_OF_DEMO),
    where: THE_DEMO,
    close: () => client.destroy(),
  };
}

import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { NO_SHADOW } from '../../contract/policy-names.ts';
import { shadowDigest } from '../../findings/shadow-digest.ts';
import { say } from '../../input/say.ts';
import { calledAs } from '../shared/called-as.ts';
import { printJson } from '../shared/command.ts';
import { asInputError, connect, type DeploymentOptions } from '../shared/deployment.ts';
import { candidateWork } from './candidate-work.ts';
import { type JsonOption, out, withTarget } from './policy-target.ts';
import { type RolloutOptions, THE_DEMO } from './rollout-target.ts';

type DigestOptions = DeploymentOptions & RolloutOptions & JsonOption & { readonly days: number };

/** Findings of either policy that a digest compares. */
const MAX_FINDINGS = 10_000;

/** `policy shadow` without a file: what the candidate did beside the active policy, on the accounts that both judged. */
export async function printDigest(options: DigestOptions): Promise<number> {
  const { candidate, where } = await withTarget(options, 'read', async (target) => {
    const id = (await target.rollout.current('shadow'))?.policy.id;
    return { candidate: id === NO_SHADOW ? undefined : id, where: target.where };
  });
  if (candidate === undefined) {
    if (options.json === true) printJson(shadowDigest({ active: [], shadow: [], period: 0 }));
    else out(`No candidate is judged beside the active policy. To begin: ${calledAs()} policy shadow FILE`);
    return 0;
  }
  const deployment = await connect(options);
  try {
    const store = new DynamoFindingStore(deployment.dynamodb, deployment.findingTable);
    const [active, shadow, work] = await Promise.all([
      store.list(MAX_FINDINGS),
      store.list(MAX_FINDINGS, true),
      candidateWork(deployment, candidate),
    ]);
    if (active.more || shadow.more)
      say(`note: only the ${MAX_FINDINGS.toLocaleString('en-US')} findings that changed last are compared`);
    const made = shadowDigest({
      active: active.findings,
      shadow: shadow.findings,
      candidate,
      work,
      period: options.days * 86_400_000,
    });
    if (options.json === true) printJson(made);
    else for (const line of made.lines) out(line);
    if (work.judged.size === 0)
      say(
        where === THE_DEMO
          ? `Send some: ${calledAs()} demo --send`
          : 'Look again when traffic has come: functions read a new candidate within their staleness bound.',
      );
    return 0;
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

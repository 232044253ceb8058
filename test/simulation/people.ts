import * as z from 'zod';
import { POLICY_PROFILES } from '../../lib/contract/policy-names.ts';
import { type Finding, finding } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import type { Pool } from './mappings.ts';
import type { World } from './world.ts';

/** A decision that somebody was told is made. */
export interface Decision {
  readonly finding: string;
  readonly id: string;
}

const MOST = 6;
/** Attempts of a person, after which no fault comes any more. */
const PATIENCE = 10;
const made = z.object({ status: z.literal(200) });

/** People who look at findings while everything goes on: they give verdicts, take them back, and try again when nothing is answered. */
export async function decide(
  triage: Pool,
  world: World,
  decisions: Decision[],
  over: () => boolean,
): Promise<void> {
  while (!over() && decisions.length < MOST) {
    await new Promise<void>((resolve) => world.timer(resolve, 20 + world.random() * 200));
    const all = findingsIn(world).filter(({ notice }) => !notice.shadow);
    const picked = all[Math.floor(world.random() * all.length)];
    if (picked === undefined) continue;
    const id = `decision-${decisions.length}`;
    const before = decisions.filter((held) => held.finding === picked.id).at(-1);
    // a verdict that changes nobody's notifications: what people are told must be as without it
    const undo = before !== undefined && !before.id.endsWith('-undo') && world.random() < 0.4;
    const event = undo
      ? request(`/findings/${picked.id}/undo`, { decision: `${id}-undo`, undoes: before.id })
      : request(`/findings/${picked.id}/verdict`, { decision: id, verdict: 'unsure' });
    for (let attempt = 0; ; attempt++) {
      const outcome = await triage.invoke(event, attempt >= PATIENCE);
      if (outcome.what !== 'done') continue;
      if (made.safeParse(outcome.answer).success)
        decisions.push({ finding: picked.id, id: undo ? `${id}-undo` : id });
      break;
    }
  }
}

function request(rawPath: string, body: object): object {
  return {
    rawPath,
    body: JSON.stringify(body),
    requestContext: {
      http: { method: 'POST' },
      authorizer: { iam: { userArn: 'arn:aws:sts::000000000000:assumed-role/Analyst/ada' } },
    },
  };
}

/** A policy is pushed, and pushed again: what it says of storing changes, what it says of judging does not. */
export function pushPolicies(world: World): void {
  for (const [after, sealAfterHours] of [
    [300, 12],
    [1500, 36],
    [4000, 20],
  ] as const)
    world.timer(
      () =>
        world.configuration.deployed.set(
          POLICY_PROFILES.active,
          JSON.stringify({ ...defaultPolicy, id: `seal-${sealAfterHours}`, sealAfterHours }),
        ),
      after * (0.5 + world.random()),
    );
}

export function findingsIn(world: World): Finding[] {
  return world.tables
    .items('findings')
    .filter(({ item }) => item?.S === 'finding')
    .map(({ body }) => finding.parse(JSON.parse(body?.S ?? '')));
}

import { Aws } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { linkMachine } from './link-machine.ts';
import { mapMachine } from './map-machine.ts';
import type { Settings } from './settings.ts';

const nameOf = ({ stackName }: Pick<Settings, 'stackName'>): string => `${stackName}-link`;

/** The machine's ARN, known before the machine is there: `link` starts what asks `link`. Undefined where runs are not divided. */
export function linkMachineArn(settings: Pick<Settings, 'stackName' | 'linkShards'>): string | undefined {
  if (settings.linkShards === 1) return undefined;
  return `arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:stateMachine:${nameOf(settings)}`;
}

/** Runs of `link` divided among invocations. The function starts one instead of making it, whatever woke it. */
export class LinkShards extends Construct {
  readonly machine: CfnStateMachine;
  readonly role: Role;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly link: IFunction; readonly settings: Settings },
  ) {
    super(scope, id);
    const { link, settings } = props;
    const { machine, role } = mapMachine(this, {
      name: nameOf(settings),
      what: 'runs of link in shards',
      fn: link,
      definition: linkMachine(link.functionArn, settings.linkShards, Aws.PARTITION),
      tracing: settings.tracing,
    });
    this.machine = machine;
    this.role = role;
  }
}

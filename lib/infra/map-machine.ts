import { Aws } from 'aws-cdk-lib';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { allow, MACHINE_TRACES } from './permissions.ts';

/** A state machine with a Distributed Map, and its role. */
export interface MapMachine {
  readonly machine: CfnStateMachine;
  readonly role: Role;
}

/** Its role may call the function and start its own shards. @param scope a part of its own */
export function mapMachine(
  scope: Construct,
  props: {
    readonly name: string;
    readonly what: string;
    readonly fn: IFunction;
    readonly definition: object;
    readonly tracing: boolean;
  },
): MapMachine {
  const { name } = props;
  const arn = (part: string) => `arn:${Aws.PARTITION}:states:${Aws.REGION}:${Aws.ACCOUNT_ID}:${part}`;
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('states.amazonaws.com'),
    description: `Siphonwatch: ${props.what}`,
    inlinePolicies: {
      own: new PolicyDocument({
        statements: [
          allow('Steps', ['lambda:InvokeFunction'], props.fn.functionArn),
          // step-functions/latest/dg/iam-policies-eg-dist-map.html: a Distributed Map's children are executions of its own machine
          allow('Shards', ['states:StartExecution'], arn(`stateMachine:${name}`)),
          allow(
            'RunningShards',
            ['states:DescribeExecution', 'states:StopExecution'],
            arn(`execution:${name}:*`),
          ),
          allow('ShardsAgain', ['states:RedriveExecution'], arn(`execution:${name}/*`)),
          ...(props.tracing ? [allow('Traces', MACHINE_TRACES, '*')] : []),
        ],
      }),
    },
  });
  const machine = new CfnStateMachine(scope, 'Machine', {
    stateMachineName: name,
    stateMachineType: 'STANDARD',
    roleArn: role.roleArn,
    definition: props.definition,
    tracingConfiguration: { enabled: props.tracing },
  });
  machine.node.addDependency(role);
  return { machine, role };
}

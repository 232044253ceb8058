import { Aws } from 'aws-cdk-lib';
import type { IRuleTarget } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { calibrateMachine } from './calibrate-machine.ts';
import { mapMachine } from './map-machine.ts';
import { allow } from './permissions.ts';
import type { Settings } from './settings.ts';

export interface CalibrateShardsProps {
  readonly calibrate: IFunction;
  /** where starts go that failed for good */
  readonly deadLetters: IQueue;
  readonly settings: Settings;
}

/** The daily calibration divided among invocations; its role may call the function and start its own shards. */
export class CalibrateShards extends Construct {
  readonly machine: CfnStateMachine;
  readonly role: Role;
  /** what the schedule starts instead of the function */
  readonly target: IRuleTarget;

  constructor(scope: Construct, id: string, { calibrate, deadLetters, settings }: CalibrateShardsProps) {
    super(scope, id);
    const { machine, role } = mapMachine(this, {
      name: `${settings.stackName}-calibrate`,
      what: 'the calibration in shards',
      fn: calibrate,
      definition: calibrateMachine(calibrate.functionArn, settings.calibrateShards, Aws.PARTITION),
      tracing: settings.tracing,
    });
    this.machine = machine;
    this.role = role;
    const starter = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      description: 'Siphonwatch: starts the calibration in shards',
      inlinePolicies: {
        own: new PolicyDocument({
          statements: [allow('Start', ['states:StartExecution'], this.machine.attrArn)],
        }),
      },
    });
    this.target = {
      bind: (rule) => {
        deadLetters.addToResourcePolicy(
          new PolicyStatement({
            sid: 'CalibrationsThatDidNotStart',
            principals: [new ServicePrincipal('events.amazonaws.com')],
            actions: ['sqs:SendMessage'],
            resources: [deadLetters.queueArn],
            conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleRef.ruleArn } },
          }),
        );
        return {
          arn: this.machine.attrArn,
          role: starter,
          deadLetterConfig: { arn: deadLetters.queueArn },
          retryPolicy: { maximumRetryAttempts: 2 },
        };
      },
    };
  }
}

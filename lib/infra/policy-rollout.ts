import { Aws } from 'aws-cdk-lib';
import {
  CfnApplication,
  CfnConfigurationProfile,
  CfnDeploymentStrategy,
  CfnEnvironment,
} from 'aws-cdk-lib/aws-appconfig';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { COMMAND } from '../contract/command.ts';
import { POLICY_ENVIRONMENT, POLICY_PROFILES } from '../contract/policy-names.ts';
import { policyJsonSchema } from '../policy/schema/json-schema.ts';
import type { Settings } from './settings.ts';

/** The AppConfig application that policies are read from; named like the stack, so that rollouts find it. */
export class PolicyApplication extends Construct {
  readonly name: string;
  readonly id: string;
  readonly application: CfnApplication;
  /** every configuration of its one environment */
  readonly configurationsArn: string;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const application = new CfnApplication(this, 'Application', {
      name: settings.stackName,
      description: `Policies of Siphonwatch: pushed with ${COMMAND} policy push, read by its functions`,
    });
    this.application = application;
    this.name = settings.stackName;
    this.id = application.ref;
    // The environment watches alarms on the functions that read it: to name it here would close a circle.
    this.configurationsArn = `arn:${Aws.PARTITION}:appconfig:${Aws.REGION}:${Aws.ACCOUNT_ID}:application/${application.ref}/environment/*/configuration/*`;
  }
}

/**
 * An account may protect configurations that were read within the last hour from deletion
 * (appconfig/latest/userguide/deletion-protection.html): then every deletion of the stack would fail half way.
 */
const DELETED_WITH_THE_STACK = 'BYPASS';

export interface PolicyRolloutProps {
  readonly application: PolicyApplication;
  readonly validator: LambdaFunction;
  readonly alarms: readonly Alarm[];
  readonly settings: Settings;
}

/**
 * How a policy goes live: validated by JSON Schema and by a function, to all readers at once, with a bake time in which
 * an alarm takes it back (docs/decisions/061-rollout-at-once.md). The stack deploys no policy: a deployment of the stack
 * would overwrite what operators pushed. Until the first push the functions use the policy that ships.
 */
export class PolicyRollout extends Construct {
  readonly alarmRole: Role;

  constructor(scope: Construct, id: string, props: PolicyRolloutProps) {
    super(scope, id);
    const { application, validator, settings } = props;
    const validators = [
      { type: 'JSON_SCHEMA', content: policyJsonSchema('draft-4') },
      { type: 'LAMBDA', content: validator.functionArn },
    ];
    for (const [slot, name] of Object.entries(POLICY_PROFILES))
      new CfnConfigurationProfile(this, slot === 'active' ? 'Policy' : 'Shadow', {
        applicationId: application.id,
        name,
        locationUri: 'hosted',
        deletionProtectionCheck: DELETED_WITH_THE_STACK,
        description:
          slot === 'active'
            ? 'The policy that accounts are judged under'
            : 'A shadow policy: judged beside the active one, recorded, notifies nobody',
        validators,
      });
    // Without a condition, as the page on validators grants it: AWS documents no source that AppConfig sends, and a
    // condition that it does not meet would refuse every push. The function reads calibrations and says yes or no.
    validator.addPermission('AppConfig', { principal: new ServicePrincipal('appconfig.amazonaws.com') });
    this.alarmRole = new Role(this, 'AlarmRole', {
      assumedBy: new ServicePrincipal('appconfig.amazonaws.com'),
      description: 'Siphonwatch: AppConfig watches the alarms that take a policy back',
      inlinePolicies: {
        own: new PolicyDocument({
          statements: [
            new PolicyStatement({ sid: 'Alarms', actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }),
          ],
        }),
      },
    });
    new CfnEnvironment(this, 'Environment', {
      applicationId: application.id,
      name: POLICY_ENVIRONMENT,
      deletionProtectionCheck: DELETED_WITH_THE_STACK,
      monitors: props.alarms.map((alarm) => ({
        alarmArn: alarm.alarmArn,
        alarmRoleArn: this.alarmRole.roleArn,
      })),
    });
    new CfnDeploymentStrategy(this, 'Strategy', {
      name: `${settings.stackName}-policy`,
      description: 'To all at once: a gradual one would judge one account under two policies in turn',
      deploymentDurationInMinutes: 0,
      growthFactor: 100,
      finalBakeTimeInMinutes: settings.policyBakeMinutes,
      replicateTo: 'NONE',
    });
  }
}

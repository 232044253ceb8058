import { Aws, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { HUNT_TABLES, workGroupName } from '../contract/hunt-names.ts';
import { acknowledge } from './acknowledgements.ts';
import { BacktestShards } from './backtest-shards.ts';
import { ROLLBACK_ALARM_IDS } from './bake-time.ts';
import { Buckets } from './buckets.ts';
import { Budget } from './budget.ts';
import { Encryption } from './encryption.ts';
import { guide } from './guidance.ts';
import { Hunts } from './hunts.ts';
import { Ingest } from './ingest.ts';
import { linkMachineArn } from './link-shards.ts';
import { Monitoring } from './monitoring.ts';
import { Notification } from './notification.ts';
import { PeoplePolicies } from './people-policies.ts';
import type { Resources } from './permissions.ts';
import { Pipeline } from './pipeline.ts';
import { PolicyApplication, PolicyRollout } from './policy-rollout.ts';
import type { Settings } from './settings.ts';
import { Tables } from './tables.ts';
import { TriageApi } from './triage-api.ts';

export interface SiphonwatchStackProps extends StackProps {
  readonly settings: Settings;
}

/** The whole deployment: into a fresh account, with nothing set up before but the CDK bootstrap. */
export class SiphonwatchStack extends Stack {
  readonly resources: Resources;
  readonly pipeline: Pipeline;
  readonly triageApi: TriageApi | undefined;
  readonly hunts: Hunts | undefined;
  readonly backtests: BacktestShards | undefined;
  readonly monitoring: Monitoring;
  readonly policyRollout: PolicyRollout;
  readonly people: PeoplePolicies;

  constructor(scope: Construct, id: string, { settings, ...props }: SiphonwatchStackProps) {
    super(scope, id, {
      description: 'Siphonwatch: finds extraction of language models in usage telemetry',
      stackName: settings.stackName,
      ...props,
    });
    const keep = settings.removal === 'retain';
    // A first deployment that fails takes its empty buckets with it, instead of leaving them to be found.
    const removalPolicy = keep ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
    // Not so the tables: a rollback cannot delete what is protected from deletion, and would itself fail.
    const tablesPolicy = keep ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    // And the key stays where they stay: a table under a key that waits for its deletion can be neither read nor changed.
    const { key } = new Encryption(this, 'Encryption', {
      removalPolicy: tablesPolicy,
      stackName: settings.stackName,
      producerAccounts: settings.producerAccounts,
      workGroups: settings.hunts ? HUNT_TABLES.map((table) => workGroupName(settings.stackName, table)) : [],
    });
    const bus = EventBus.fromEventBusName(this, 'Bus', 'default');
    this.resources = {
      key,
      ingest: new Ingest(this, 'Ingest', { key, settings }),
      tables: new Tables(this, 'Tables', {
        key,
        removalPolicy: tablesPolicy,
        deletionProtection: settings.deletionProtection,
        mode: settings.tableMode,
        units: settings.tableUnits,
      }).tables,
      buckets: new Buckets(this, 'Buckets', { key, removalPolicy, settings }),
      notification: new Notification(this, 'Notification', { key, settings }),
      eventBusArn: bus.eventBusArn,
      securityHubArn: settings.securityHub
        ? `arn:${Aws.PARTITION}:securityhub:${Aws.REGION}:${Aws.ACCOUNT_ID}:product/${Aws.ACCOUNT_ID}/default`
        : undefined,
      policies: new PolicyApplication(this, 'Policies', settings),
      calibrateShards: settings.calibrateShards,
      linkMachineArn: linkMachineArn(settings),
    };
    this.pipeline = new Pipeline(this, 'Pipeline', {
      resources: this.resources,
      settings,
      removalPolicy,
      eventBusName: bus.eventBusName,
    });
    const optional = { bundles: this.pipeline.bundles, resources: this.resources, settings, removalPolicy };
    this.triageApi = settings.triageApi ? new TriageApi(this, 'TriageApi', optional) : undefined;
    const { archive } = this.resources.buckets;
    this.hunts =
      settings.hunts && archive !== undefined
        ? new Hunts(this, 'Hunts', { ...optional, archive })
        : undefined;
    this.backtests =
      settings.backtestShards > 0 ? new BacktestShards(this, 'Backtests', optional) : undefined;
    this.monitoring = new Monitoring(this, 'Monitoring', {
      resources: this.resources,
      pipeline: this.pipeline,
      optional: {
        ...(this.triageApi === undefined ? {} : { triage: this.triageApi.worker }),
        ...(this.hunts === undefined ? {} : { compact: this.hunts.worker }),
        ...(this.backtests === undefined ? {} : { backtest: this.backtests.worker }),
      },
      compactSchedule: this.hunts?.schedule,
      machines: {
        calibrate: this.pipeline.shards?.machine,
        link: this.pipeline.linkShards?.machine,
        backtest: this.backtests?.machine,
      },
      settings,
    });
    this.people = new PeoplePolicies(this, 'People', this.resources, {
      triage: this.triageApi?.worker.fn,
      hunts: this.hunts,
    });
    this.policyRollout = new PolicyRollout(this, 'PolicyRollout', {
      application: this.resources.policies,
      validator: this.pipeline.workers.validatePolicy.fn,
      alarms: this.monitoring.alarms.filter(({ node }) => ROLLBACK_ALARM_IDS.some((id) => id === node.id)),
      settings,
    });
    if (settings.monthlyBudgetUsd > 0) new Budget(this, 'Budget', settings);
    guide(this, this, settings, this.triageApi?.url);
    acknowledge(this);
    // not known to CloudFormation's own schemas in every region yet
    Tags.of(this).add('project', 'siphonwatch', {
      excludeResourceTypes: ['AWS::CloudWatch::Dashboard', 'AWS::ApplicationAutoScaling::ScalableTarget'],
    });
  }
}

import { Aws, type RemovalPolicy } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { backtestMachine } from './backtest-machine.ts';
import type { Bundles } from './bundles.ts';
import { observability, Worker } from './functions.ts';
import { mapMachine } from './map-machine.ts';
import type { Resources } from './permissions.ts';
import type { Settings } from './settings.ts';

export interface BacktestShardsProps {
  readonly bundles: Bundles;
  readonly resources: Resources;
  readonly settings: Settings;
  readonly removalPolicy: RemovalPolicy;
}

/** The longest that Lambda lets an invocation run, s (lambda/latest/dg/gettingstarted-limits.html): a turn saves itself long before. */
const TIMEOUT_SECONDS = 900;

/** Backtests of the archive divided among invocations: nothing runs, and nothing costs, until a person starts one. */
export class BacktestShards extends Construct {
  readonly worker: Worker<'backtest'>;
  readonly machine: CfnStateMachine;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: BacktestShardsProps) {
    super(scope, id);
    const { resources, settings } = props;
    this.worker = new Worker(this, 'Backtest', {
      name: 'backtest',
      bundles: props.bundles,
      environment: {
        ...observability('backtest', settings),
        STATE_BUCKET: resources.buckets.state.bucketName,
      },
      resources,
      settings,
      removalPolicy: props.removalPolicy,
      memoryMb: settings.batchMemoryMb,
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    const { fn } = this.worker;
    const { machine, role } = mapMachine(this, {
      name: `${settings.stackName}-backtest`,
      what: 'backtests in shards',
      fn,
      definition: backtestMachine(fn.functionArn, settings.backtestShards, Aws.PARTITION),
      tracing: settings.tracing,
    });
    this.machine = machine;
    this.role = role;
  }
}

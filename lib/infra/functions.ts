import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type EnvironmentOf, FUNCTIONS, type FunctionName, nodeOptions } from '../contract/environment.ts';
import { metricsNamespace } from '../contract/metrics.ts';
import type { Bundles } from './bundles.ts';
import { type Resources, statementsFor } from './permissions.ts';
import type { Settings } from './settings.ts';

/** What every function is told about its logs and metrics. */
export function observability(name: FunctionName, settings: Settings) {
  return {
    POWERTOOLS_SERVICE_NAME: name,
    POWERTOOLS_METRICS_NAMESPACE: metricsNamespace(settings.stackName),
    LOG_LEVEL: settings.logLevel,
  };
}

export interface WorkerProps<F extends FunctionName> {
  readonly name: F;
  readonly bundles: Bundles;
  readonly environment: EnvironmentOf<F>;
  readonly resources: Resources;
  readonly settings: Settings;
  readonly removalPolicy: RemovalPolicy;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** where failed asynchronous invocations go; for functions that a schedule wakes */
  readonly deadLetterQueue?: IQueue;
}

/**
 * One Lambda function with its own role and its own log group. No reserved concurrency: an account's first quota
 * may be 10 in all, and a reservation would make the deployment fail.
 */
export class Worker<F extends FunctionName = FunctionName> extends Construct {
  readonly fn: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: WorkerProps<F>) {
    super(scope, id);
    const { name, settings, resources } = props;
    this.logGroup = new LogGroup(this, 'Logs', {
      encryptionKey: resources.key,
      // RetentionDays is an enumeration of the very numbers that the setting allows.
      retention: settings.logRetentionDays as RetentionDays,
      removalPolicy: props.removalPolicy,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `Siphonwatch ${name}: ${FUNCTIONS[name].what}`,
      // Inline, so that the role is complete before an event source mapping tries it.
      inlinePolicies: {
        own: new PolicyDocument({
          statements: statementsFor(name, resources, this.logGroup, settings.tracing),
        }),
      },
    });
    this.fn = new LambdaFunction(this, 'Function', {
      description: FUNCTIONS[name].what,
      code: props.bundles.code(name),
      handler: 'index.handler',
      runtime: settings.nodeVersion === 22 ? Runtime.NODEJS_22_X : Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      role: this.role.withoutPolicyUpdates(),
      logGroup: this.logGroup,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      tracing: settings.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      environment: { ...props.environment, NODE_OPTIONS: nodeOptions(props.memoryMb) },
      ...(props.deadLetterQueue ? { deadLetterQueue: props.deadLetterQueue, retryAttempts: 2 } : {}),
    });
  }
}

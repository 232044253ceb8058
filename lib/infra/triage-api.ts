import type { RemovalPolicy } from 'aws-cdk-lib';
import { FunctionUrlAuthType } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Bundles } from './bundles.ts';
import { observability, Worker } from './functions.ts';
import type { Resources } from './permissions.ts';
import type { Settings } from './settings.ts';

export interface TriageApiProps {
  readonly bundles: Bundles;
  readonly resources: Resources;
  readonly settings: Settings;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Findings and verdicts over HTTPS for a team's own tools (docs/decisions/057-triage-over-a-function-url.md). The URL
 * lets nobody in by itself: who may call it is said by their own IAM policies, in this account only.
 */
export class TriageApi extends Construct {
  readonly worker: Worker<'triage'>;
  readonly url: string;

  constructor(scope: Construct, id: string, props: TriageApiProps) {
    super(scope, id);
    const { resources, settings } = props;
    this.worker = new Worker(this, 'Triage', {
      name: 'triage',
      bundles: props.bundles,
      environment: {
        ...observability('triage', settings),
        FINDING_TABLE: resources.tables.finding.tableName,
      },
      resources,
      settings,
      removalPolicy: props.removalPolicy,
      memoryMb: 512,
      timeoutSeconds: 30,
    });
    this.url = this.worker.fn.addFunctionUrl({ authType: FunctionUrlAuthType.AWS_IAM }).url;
  }
}

import { readFileSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import {
  FUNCTION_NAMES,
  FUNCTIONS,
  nodeOptions,
  type PipelineFunction,
  VARIABLES,
} from '../../lib/contract/environment.ts';
import { alarmsFor } from '../../lib/infra/alarms.ts';
import { readSettings } from '../../lib/infra/settings.ts';
import {
  type Json,
  type Resource,
  referencesIn,
  resourceOf,
  resourcesOf,
  synthesized,
} from './synthesized.ts';

const template = synthesized();
const [keyId] = resourceOf(template, 'AWS::KMS::Key', 'Encryption');
const [campaignTableId] = resourceOf(template, 'AWS::DynamoDB::Table', 'TablesCampaignTable');
const keyArn = { 'Fn::GetAtt': [keyId, 'Arn'] };

function title(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
  readonly Condition?: Json;
  readonly Principal?: Json;
}

function statementsOf(document: Json | undefined): readonly Statement[] {
  return (document as unknown as { Statement: readonly Statement[] }).Statement;
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

function roleStatements(name: PipelineFunction): readonly Statement[] {
  const [, role] = resourceOf(template, 'AWS::IAM::Role', `Pipeline${title(name)}Role`);
  return (
    role.Properties.Policies as unknown as { PolicyDocument: { Statement: readonly Statement[] } }[]
  ).flatMap((policy) => policy.PolicyDocument.Statement);
}

function functionOf(name: PipelineFunction): [string, Resource] {
  return resourceOf(template, 'AWS::Lambda::Function', `Pipeline${title(name)}Function`);
}

describe('encryption', () => {
  it('one rotating key, which logs, alarms and schedules may use and only for this account', () => {
    template.hasResourceProperties('AWS::KMS::Key', { EnableKeyRotation: true });
    const [, key] = resourceOf(template, 'AWS::KMS::Key', 'Encryption');
    const services = statementsOf(key.Properties.KeyPolicy).filter((s) => s.Condition !== undefined);
    expect(services.map((s) => s.Sid)).toEqual(['LogGroupsOfThisStack', 'AlarmsToTopicAndSchedulesToQueue']);
    expect(JSON.stringify(services[0]?.Condition)).toContain(':log-group:Siphonwatch-Pipeline*');
  });

  it('everything that keeps data is under that key', () => {
    const [stream] = resourcesOf(template, 'AWS::Kinesis::Stream').values();
    expect(stream?.Properties.StreamEncryption).toEqual({ EncryptionType: 'KMS', KeyId: keyArn });
    for (const [id, table] of resourcesOf(template, 'AWS::DynamoDB::Table')) {
      expect(table.Properties.SSESpecification, id).toEqual({
        SSEEnabled: true,
        SSEType: 'KMS',
        KMSMasterKeyId: keyArn,
      });
    }
    for (const [id, topic] of resourcesOf(template, 'AWS::SNS::Topic')) {
      expect(topic.Properties.KmsMasterKeyId, id).toEqual(keyArn);
    }
    for (const [id, queue] of resourcesOf(template, 'AWS::SQS::Queue')) {
      expect(queue.Properties.KmsMasterKeyId, id).toEqual(keyArn);
    }
    for (const [id, group] of resourcesOf(template, 'AWS::Logs::LogGroup')) {
      expect(group.Properties.KmsKeyId, id).toEqual(keyArn);
      expect(group.Properties.RetentionInDays, id).toBe(30);
    }
    for (const [id, bucket] of resourcesOf(template, 'AWS::S3::Bucket')) {
      // S3 cannot deliver access logs to a bucket under a KMS key.
      const expected = id.startsWith('BucketsAccessLogs')
        ? { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }
        : {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn },
          };
      expect(bucket.Properties.BucketEncryption, id).toEqual({
        ServerSideEncryptionConfiguration: [expected],
      });
    }
  });

  it('refuses plain connections to buckets, topics and the queue', () => {
    const insecure = { Bool: { 'aws:SecureTransport': 'false' } };
    const policies = ['AWS::S3::BucketPolicy', 'AWS::SNS::TopicPolicy', 'AWS::SQS::QueuePolicy'].flatMap(
      (type) => [...resourcesOf(template, type).values()],
    );
    expect(policies).toHaveLength(
      ['AWS::S3::Bucket', 'AWS::SNS::Topic', 'AWS::SQS::Queue'].reduce(
        (sum, type) => sum + resourcesOf(template, type).size,
        0,
      ),
    );
    for (const policy of policies) {
      const denials = statementsOf(policy.Properties.PolicyDocument).filter((s) => s.Effect === 'Deny');
      expect(denials.map((s) => s.Condition)).toContainEqual(insecure);
    }
  });

  it('no bucket is public', () => {
    for (const [id, bucket] of resourcesOf(template, 'AWS::S3::Bucket')) {
      expect(bucket.Properties.PublicAccessBlockConfiguration, id).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    }
  });
});

describe('tables', () => {
  it.each([
    ['Profile', 'account', 'item', 'noticeShard', 'noticeSince', 'KEYS_ONLY', true],
    ['Finding', 'finding', 'item', 'listing', 'updatedAt', 'ALL', false],
    ['Campaign', 'campaign', 'item', 'noticeShard', 'noticeSince', 'KEYS_ONLY', true],
  ])(
    '%s: keys, index, stream, expiry, recovery, protection',
    (name, hash, range, indexHash, indexRange, projection, streams) => {
      const [, table] = resourceOf(template, 'AWS::DynamoDB::Table', `Tables${name}Table`);
      const key = (partition: string, sort: string) => [
        { AttributeName: partition, KeyType: 'HASH' },
        { AttributeName: sort, KeyType: 'RANGE' },
      ];
      expect(table.Properties).toMatchObject({
        KeySchema: key(hash, range),
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
        GlobalSecondaryIndexes: [
          { KeySchema: key(indexHash, indexRange), Projection: { ProjectionType: projection } },
        ],
      });
      expect(table.Properties.StreamSpecification).toEqual(
        streams ? { StreamViewType: 'NEW_AND_OLD_IMAGES' } : undefined,
      );
      expect(table.DeletionPolicy).toBe('Retain');
    },
  );

  it('Link: keys and expiry, no index', () => {
    const [, table] = resourceOf(template, 'AWS::DynamoDB::Table', 'TablesLinkTable');
    expect(table.Properties).toMatchObject({
      KeySchema: [
        { AttributeName: 'value', KeyType: 'HASH' },
        { AttributeName: 'member', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
    expect(table.Properties).not.toHaveProperty('GlobalSecondaryIndexes');
  });
});

describe('functions', () => {
  it.each(FUNCTION_NAMES)(
    '%s: arm64, current Node, own role and log group, no reserved concurrency',
    (name) => {
      const [, fn] = functionOf(name);
      expect(fn.Properties).toMatchObject({ Architectures: ['arm64'], Runtime: 'nodejs24.x' });
      expect(fn.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
      const [roleId] = resourceOf(template, 'AWS::IAM::Role', `Pipeline${title(name)}Role`);
      const [logsId] = resourceOf(template, 'AWS::Logs::LogGroup', `Pipeline${title(name)}Logs`);
      expect(fn.Properties.Role).toEqual({ 'Fn::GetAtt': [roleId, 'Arn'] });
      expect(fn.Properties.LoggingConfig).toEqual({ LogGroup: { Ref: logsId } });
    },
  );

  it.each(FUNCTION_NAMES)('%s is told exactly what it declares', (name) => {
    const [, fn] = functionOf(name);
    const told = Object.keys((fn.Properties.Environment as { Variables: object }).Variables);
    expect(told.sort()).toEqual([...FUNCTIONS[name].variables, 'NODE_OPTIONS'].sort());
    for (const variable of FUNCTIONS[name].variables) expect(Object.keys(VARIABLES)).toContain(variable);
  });

  it('leave room to young objects by their memory: a power of two of MiB, thrice of which is at most a tenth of it', () => {
    for (const name of FUNCTION_NAMES) {
      const [, fn] = functionOf(name);
      const { NODE_OPTIONS: options } = (fn.Properties.Environment as { Variables: Record<string, string> })
        .Variables;
      expect(options).toBe(nodeOptions(fn.Properties.MemorySize as number));
    }
    for (let memoryMb = 128; memoryMb <= 10_240; memoryMb++) {
      const [, semiSpace] = /--max-semi-space-size=(\d+)$/.exec(nodeOptions(memoryMb)) ?? [];
      if (semiSpace === undefined) expect(memoryMb).toBeLessThan(1024);
      else {
        expect([32, 64]).toContain(Number(semiSpace));
        expect(3 * Number(semiSpace)).toBeLessThanOrEqual(memoryMb / 10);
      }
    }
  });

  it('believe the clock inside a record only when told so', () => {
    const clockOf = (t: typeof template) =>
      (
        resourceOf(t, 'AWS::Lambda::Function', 'PipelineScore')[1].Properties.Environment as {
          Variables: Record<string, Json>;
        }
      ).Variables.TRUST_REPLAY_CLOCK;
    expect(clockOf(template)).toBe('false');
    expect(clockOf(synthesized({ replayClock: 'true' }))).toBe('true');
  });
});

describe('roles', () => {
  /** Actions for which AWS defines no resource. */
  const WITHOUT_RESOURCE = ['dynamodb:ListStreams', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'];

  it.each(FUNCTION_NAMES)('%s: no wildcard action, and * only where AWS knows no resource', (name) => {
    for (const statement of roleStatements(name)) {
      expect(statement.Effect).toBe('Allow');
      for (const action of list(statement.Action)) expect(action).not.toContain('*');
      if (list(statement.Resource).includes('*')) {
        for (const action of list(statement.Action)) expect(WITHOUT_RESOURCE).toContain(action);
      }
    }
  });

  it('where tracing is on, each state machine may write traces as AWS asks for, and on * nothing else', () => {
    const traced = synthesized({ tracing: true, calibrateShards: 2, linkShards: 2, backtestShards: 2 });
    const machines = [...resourcesOf(traced, 'AWS::StepFunctions::StateMachine').values()];
    expect(machines.map(({ Properties }) => Properties.TracingConfiguration)).toEqual(
      ['calibrate', 'link', 'backtest'].map(() => ({ Enabled: true })),
    );
    for (const { Properties } of machines) {
      const [id = ''] = referencesIn(Properties.RoleArn ?? null);
      const { Policies } = resourcesOf(traced, 'AWS::IAM::Role').get(id)?.Properties ?? {};
      const statements = (
        Policies as unknown as readonly {
          readonly PolicyDocument: { readonly Statement: readonly Statement[] };
        }[]
      ).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
      const onAll = statements.filter(({ Resource }) => list(Resource).includes('*'));
      // step-functions/latest/dg/xray-iam.html
      expect(onAll.flatMap(({ Action }) => list(Action)).sort(), id).toEqual([
        'xray:GetSamplingRules',
        'xray:GetSamplingTargets',
        'xray:PutTelemetryRecords',
        'xray:PutTraceSegments',
      ]);
    }
  });

  it('nothing is added to them from elsewhere', () => {
    expect(resourcesOf(template, 'AWS::IAM::Policy').size).toBe(0);
    for (const [id, role] of resourcesOf(template, 'AWS::IAM::Role')) {
      expect(role.Properties, id).not.toHaveProperty('ManagedPolicyArns');
      expect(role.Properties.Policies, id).toHaveLength(1);
    }
  });

  const REACH: Readonly<Record<PipelineFunction, readonly string[]>> = {
    score: [
      'BucketsArchive',
      'BucketsQuarantine',
      'BucketsState',
      'IngestStream',
      'PoliciesApplication',
      'TablesProfileTable',
    ],
    notify: [
      'BucketsQuarantine',
      'NotificationFindings',
      'PoliciesApplication',
      'TablesCampaignTable',
      'TablesFindingTable',
      'TablesProfileTable',
    ],
    sweep: [
      'NotificationDeadLetters',
      'NotificationFindings',
      'PoliciesApplication',
      'TablesCampaignTable',
      'TablesFindingTable',
      'TablesProfileTable',
    ],
    index: ['BucketsQuarantine', 'TablesCampaignTable', 'TablesLinkTable', 'TablesProfileTable'],
    link: [
      'BucketsState',
      'NotificationDeadLetters',
      'PoliciesApplication',
      'TablesCampaignTable',
      'TablesLinkTable',
      'TablesProfileTable',
    ],
    calibrate: [
      'BucketsState',
      'NotificationDeadLetters',
      'PoliciesApplication',
      'TablesCampaignTable',
      'TablesFindingTable',
      'TablesLinkTable',
      'TablesProfileTable',
    ],
    validatePolicy: ['BucketsState'],
  };
  it.each(FUNCTION_NAMES)('%s reaches only its own rooms, and no log group but its own', (name) => {
    const reached = [...referencesIn(roleStatements(name) as unknown as Json)]
      .filter((id) => !id.startsWith('AWS::') && id !== keyId)
      .map((id) => id.replace(/[0-9A-F]{8}$/, ''))
      .sort();
    expect(reached).toEqual([...REACH[name], `Pipeline${title(name)}Logs`].sort());
  });

  const actionsOn = (name: PipelineFunction, prefix: string): readonly string[] =>
    [
      ...new Set(
        roleStatements(name)
          .filter((s) => [...referencesIn(s.Resource)].some((id) => id.startsWith(prefix)))
          .flatMap((s) => list(s.Action)),
      ),
    ].sort();

  it('score cannot read what is set aside, nor overwrite a calibration, nor publish', () => {
    expect(actionsOn('score', 'BucketsQuarantine')).toEqual(['s3:ListBucket', 's3:PutObject']);
    expect(actionsOn('score', 'BucketsState')).toEqual(['s3:GetObject', 's3:ListBucket']);
    expect(roleStatements('score').flatMap((s) => list(s.Action))).not.toContain('sns:Publish');
  });

  it('Security Hub is out of reach unless it is switched on, and then for the sweep alone, under one product', () => {
    expect(JSON.stringify(template.toJSON())).not.toContain('securityhub');
    const on = synthesized({ securityHub: 'true' });
    const found = [...resourcesOf(on, 'AWS::IAM::Role')].flatMap(([id, role]) =>
      (role.Properties.Policies as unknown as { PolicyDocument: { Statement: readonly Statement[] } }[])
        .flatMap((policy) => policy.PolicyDocument.Statement)
        .filter((statement) => JSON.stringify(statement.Action).includes('securityhub'))
        .map((statement) => [id.replace(/Role.*/, ''), statement.Action, JSON.stringify(statement.Resource)]),
    );
    expect(found).toEqual([
      [
        'PipelineSweep',
        'securityhub:BatchImportFindings',
        expect.stringMatching(/":securityhub:".*":product\/".*"\/default"/),
      ],
    ]);
    const [, sweep] = resourceOf(on, 'AWS::Lambda::Function', 'PipelineSweep');
    expect(JSON.stringify(sweep.Properties.Environment)).toContain(':product/');
  });

  it('objects are put below a prefix, never anywhere in a bucket', () => {
    for (const name of FUNCTION_NAMES) {
      for (const statement of roleStatements(name).filter((s) => list(s.Action).includes('s3:PutObject'))) {
        expect(JSON.stringify(statement.Resource), name).toMatch(/"\/(events|aws\/lambda|calibrations)\/\*"/);
      }
    }
  });

  it('index asks for runs of link in the campaign table, and can touch no campaign there', () => {
    expect(actionsOn('index', 'TablesCampaignTable')).toEqual(['dynamodb:PutItem', 'dynamodb:UpdateItem']);
    for (const statement of roleStatements('index'))
      if (referencesIn(statement.Resource as Json).has(campaignTableId))
        expect(statement.Condition).toEqual({
          'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['link-run'] },
        });
  });

  it('only score writes whole profiles, and nobody deletes one', () => {
    for (const name of FUNCTION_NAMES) {
      const actions = actionsOn(name, 'TablesProfileTable');
      expect(actions, name).not.toContain('dynamodb:DeleteItem');
      expect(actions.includes('dynamodb:PutItem'), name).toBe(name === 'score');
    }
  });

  it('the sweep may list findings, which its digests do', () => {
    const reads = roleStatements('sweep').filter((s) => s.Sid === 'FindingsByUpdate');
    expect(reads).toMatchObject([{ Action: 'dynamodb:Query' }]);
    expect(JSON.stringify(reads[0]?.Resource)).toContain('/index/byUpdated');
  });

  it('the key serves a function only through the services that it uses', () => {
    for (const name of FUNCTION_NAMES) {
      const onKey = roleStatements(name).filter((s) => referencesIn(s.Resource).has(keyId));
      expect(onKey.length, name).toBeGreaterThan(0);
      for (const { Condition } of onKey) expect(JSON.stringify(Condition), name).toContain('kms:ViaService');
    }
  });
});

describe('what wakes the functions', () => {
  it('score: batches, bisecting, bounded retries and age, partial responses, and the payload kept', () => {
    const [, mapping] = resourceOf(template, 'AWS::Lambda::EventSourceMapping', 'PipelineScoreMapping');
    const [bucketId] = resourceOf(template, 'AWS::S3::Bucket', 'BucketsQuarantine');
    expect(mapping.Properties).toMatchObject({
      BatchSize: 10_000,
      MaximumBatchingWindowInSeconds: 60,
      ParallelizationFactor: 2,
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10_000,
      MaximumRecordAgeInSeconds: 86_400,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [bucketId, 'Arn'] } } },
      MetricsConfig: { Metrics: ['EventCount'] },
    });
  });

  it('every mapping gives up within the life of its records and keeps what it gave up on', () => {
    for (const [id, mapping] of resourcesOf(template, 'AWS::Lambda::EventSourceMapping')) {
      if (id.startsWith('PipelineLinkAsked')) continue; // see the next test
      expect(mapping.Properties, id).toMatchObject({
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        DestinationConfig: { OnFailure: expect.anything() },
      });
      expect(mapping.Properties.MaximumRetryAttempts, id).toBeGreaterThan(0);
      expect(mapping.Properties.MaximumRecordAgeInSeconds, id).toBeLessThanOrEqual(86_400);
    }
  });

  it('link wakes when a run is asked for, and for nothing else in the campaign table', () => {
    const [, mapping] = resourceOf(template, 'AWS::Lambda::EventSourceMapping', 'PipelineLinkAsked');
    const [queueId] = resourceOf(template, 'AWS::SQS::Queue', 'Notification');
    expect(mapping.Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': [campaignTableId, 'StreamArn'] },
      BatchSize: 1,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': [queueId, 'Arn'] } } },
      MaximumRecordAgeInSeconds: 900,
    });
    const [filter] = (mapping.Properties.FilterCriteria as { Filters: { Pattern: string }[] }).Filters;
    expect(JSON.parse(filter?.Pattern ?? '')).toEqual({
      eventName: ['INSERT', 'MODIFY'],
      dynamodb: { Keys: { campaign: { S: ['link-run'] }, item: { S: ['asked'] } } },
    });
  });

  it('notify wakes for items with notices only, from both tables', () => {
    for (const [prefix, table] of [
      ['PipelineNotifyProfiles', 'TablesProfileTable'],
      ['PipelineNotifyCampaigns', 'TablesCampaignTable'],
    ] as const) {
      const [, mapping] = resourceOf(template, 'AWS::Lambda::EventSourceMapping', prefix);
      const [tableId] = resourceOf(template, 'AWS::DynamoDB::Table', table);
      expect(mapping.Properties.EventSourceArn).toEqual({ 'Fn::GetAtt': [tableId, 'StreamArn'] });
      const [filter] = (mapping.Properties.FilterCriteria as { Filters: { Pattern: string }[] }).Filters;
      expect(JSON.parse(filter?.Pattern ?? '')).toEqual({
        eventName: ['INSERT', 'MODIFY'],
        dynamodb: { NewImage: { noticeShard: { S: [{ exists: true }] } } },
      });
    }
  });

  it('no table stream has more than the two readers that DynamoDB allows for', () => {
    const readers = new Map<string, number>();
    for (const mapping of resourcesOf(template, 'AWS::Lambda::EventSourceMapping').values()) {
      const source = JSON.stringify(mapping.Properties.EventSourceArn);
      readers.set(source, (readers.get(source) ?? 0) + 1);
    }
    for (const count of readers.values()) expect(count).toBeLessThanOrEqual(2);
  });

  it.each([
    ['Sweep', 'rate(5 minutes)'],
    ['Link', 'rate(15 minutes)'],
    ['Calibrate', 'cron(0 3 * * ? *)'],
  ])('%s runs by schedule, and a run that fails for good is kept', (name, expression) => {
    const [, rule] = resourceOf(template, 'AWS::Events::Rule', `Pipeline${name}Schedule`);
    const [queueId] = resourceOf(template, 'AWS::SQS::Queue', 'Notification');
    const queue = { 'Fn::GetAtt': [queueId, 'Arn'] };
    expect(rule.Properties.ScheduleExpression).toBe(expression);
    expect(rule.Properties.Targets).toMatchObject([{ DeadLetterConfig: { Arn: queue } }]);
    const [, fn] = resourceOf(template, 'AWS::Lambda::Function', `Pipeline${name}Function`);
    expect(fn.Properties.DeadLetterConfig).toEqual({ TargetArn: queue });
  });
});

describe('alarms', () => {
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');

  it('are those that were declared, with a runbook each, told to the operations topic', () => {
    const declared = alarmsFor(readSettings({}));
    const names = [...alarms.values()].map((alarm) => alarm.Properties.AlarmName);
    expect(names.sort()).toEqual(declared.map(({ id }) => `Siphonwatch-${id}`).sort());
    const [topicId] = resourceOf(template, 'AWS::SNS::Topic', 'NotificationOperations');
    for (const [id, alarm] of alarms) {
      expect(alarm.Properties.AlarmActions, id).toEqual([{ Ref: topicId }]);
      expect(alarm.Properties.AlarmDescription, id).toMatch(/Runbook: docs\/operations\.md#alarm-/);
    }
  });

  it('name what they watch: a metric without its dimension never has data', () => {
    const expected: Readonly<Record<string, string>> = {
      'AWS/Kinesis': 'StreamName',
      'AWS/DynamoDB': 'TableName',
      'AWS/SNS': 'TopicName',
      'AWS/SQS': 'QueueName',
      'AWS/Events': 'RuleName',
      'Siphonwatch/Siphonwatch': 'service',
    };
    for (const [id, alarm] of alarms) {
      if (alarm.Properties.Metrics) continue;
      const { Namespace, MetricName, Dimensions } = alarm.Properties;
      const name =
        Namespace === 'AWS/Lambda'
          ? MetricName === 'OnFailureDestinationDeliveredEventCount'
            ? 'EventSourceMappingUUID'
            : 'FunctionName'
          : expected[String(Namespace)];
      expect(Dimensions, id).toEqual([{ Name: name, Value: expect.anything() }]);
    }
  });

  it('may publish: the topic policy lets CloudWatch in, for alarms of this account', () => {
    const [, policy] = resourceOf(template, 'AWS::SNS::TopicPolicy', 'NotificationOperations');
    expect(statementsOf(policy.Properties.PolicyDocument)).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    );
  });

  it('silence on the stream is a fault', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'Siphonwatch-no-traffic',
      MetricName: 'IncomingRecords',
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
      EvaluationPeriods: 12,
      Period: 300,
    });
  });

  it('one dashboard', () => {
    expect(resourcesOf(template, 'AWS::CloudWatch::Dashboard').size).toBe(1);
  });
});

describe('the triage API', () => {
  const on = template;

  it('is there unless it is switched off', () => {
    const off = synthesized({ triageApi: false });
    off.resourceCountIs('AWS::Lambda::Url', 0);
    expect(Object.keys(off.findOutputs('*'))).not.toContain('TriageApiUrl');
  });

  it('answers nobody without IAM, and lets nobody in by itself', () => {
    const [fnId, fn] = resourceOf(on, 'AWS::Lambda::Function', 'TriageApiTriageFunction');
    expect([...resourcesOf(on, 'AWS::Lambda::Url').values()]).toMatchObject([
      { Properties: { AuthType: 'AWS_IAM', TargetFunctionArn: { 'Fn::GetAtt': [fnId, 'Arn'] } } },
    ]);
    for (const permission of resourcesOf(on, 'AWS::Lambda::Permission').values())
      expect(JSON.stringify(permission.Properties)).not.toContain(fnId);
    expect(fn.Properties).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(Object.keys(on.findOutputs('*'))).toContain('TriageApiUrl');
    expect(
      [...resourcesOf(on, 'AWS::CloudWatch::Alarm').values()].map((alarm) => alarm.Properties.AlarmName),
    ).toContain('Siphonwatch-failures-triage');
  });

  it('reaches the findings table and nothing else', () => {
    const [, role] = resourceOf(on, 'AWS::IAM::Role', 'TriageApiTriageRole');
    const statements = (
      role.Properties.Policies as unknown as { PolicyDocument: { Statement: readonly Statement[] } }[]
    ).flatMap((policy) => policy.PolicyDocument.Statement);
    const reached = [...referencesIn(statements as unknown as Json)]
      .filter((id) => !id.startsWith('AWS::'))
      .map((id) => id.replace(/[0-9A-F]{8}$/, ''));
    expect(reached.sort()).toEqual(['EncryptionKey', 'TablesFindingTable', 'TriageApiTriageLogs']);
    expect(statements.flatMap((held) => list(held.Action))).not.toContain('dynamodb:Scan');
  });
});

describe('the deployment', () => {
  it('needs nothing from the account: no look-ups, no parameter but the bootstrap version', () => {
    expect(Object.keys(template.toJSON().Parameters ?? {})).toEqual(['BootstrapVersion']);
    template.resourceCountIs('AWS::Lambda::Function', FUNCTION_NAMES.length + 1);
    template.resourceCountIs('AWS::CloudFormation::CustomResource', 0);
  });

  it('keeps what is evidence, but leaves nothing behind when the first deployment fails', () => {
    for (const type of ['AWS::S3::Bucket', 'AWS::Logs::LogGroup']) {
      template.allResources(type, { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
  });

  it('keeps raw prints from people who only read findings', () => {
    const readable = (name: string) => {
      const [, policy] = resourceOf(template, 'AWS::IAM::ManagedPolicy', name);
      return [...referencesIn(policy as never)]
        .filter((id) => /Table|Archive|Quarantine|Stream/.test(id))
        .sort();
    };
    expect(readable('PeopleAnalyst')).toEqual([expect.stringMatching(/FindingTable/)]);
    const evidence = readable('PeopleEvidence').join(' ');
    expect(evidence).toMatch(/Archive/);
    expect(evidence).not.toMatch(/Quarantine|Stream|LinkTable/);
  });

  it('says what to do next', () => {
    const outputs = template.findOutputs('*');
    expect(Object.keys(outputs)).toEqual(
      expect.arrayContaining([
        'StreamName',
        'FindingsTopicArn',
        'Next1Subscribe',
        'Next2SendEvents',
        'Next3Watch',
      ]),
    );
    expect(JSON.stringify(outputs.Next1Subscribe)).toContain('aws sns subscribe');
    expect(JSON.stringify(outputs.Next2SendEvents)).toContain('siphonwatch record');
  });

  it('has every output that the commands of docs/operations.md name', () => {
    const manual = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
    const outputs = Object.keys(template.findOutputs('*'));
    for (const [, quoted, inline] of manual.matchAll(/\$\(out (\w+)\)|`out (\w+)`/g)) {
      expect(outputs).toContain(quoted ?? inline);
    }
  });

  it('archive and quarantine expire, calibrations keep their versions', () => {
    const days = (prefix: string) =>
      JSON.stringify(resourceOf(template, 'AWS::S3::Bucket', prefix)[1].Properties.LifecycleConfiguration);
    expect(days('BucketsArchive')).toContain('"ExpirationInDays":90');
    expect(days('BucketsQuarantine')).toContain('"ExpirationInDays":90');
    expect(
      resourceOf(template, 'AWS::S3::Bucket', 'BucketsState')[1].Properties.VersioningConfiguration,
    ).toEqual({
      Status: 'Enabled',
    });
  });

  it('locks the archive where insiders are to be kept from it', () => {
    const locked = synthesized({ archiveLockDays: 60 });
    const bucket = resourceOf(locked, 'AWS::S3::Bucket', 'BucketsArchive')[1].Properties;
    expect(bucket).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 60, Mode: 'GOVERNANCE' } } },
      VersioningConfiguration: { Status: 'Enabled' },
    });
    expect(JSON.stringify(bucket.LifecycleConfiguration)).toContain('"NoncurrentDays":1');
  });

  it('follows the settings: capacity, archive off, subscribers, budget, removal', () => {
    const other = synthesized({
      stackName: 'Siphonwatch-staging',
      streamMode: 'provisioned',
      shards: '6',
      archive: 'false',
      nodeVersion: '22',
      tracing: 'false',
      findingsEmails: 'security@example.com',
      operationsEmails: 'ops@example.com',
      criticalPhones: '+4930123456, +12025550123',
      monthlyBudgetUsd: '500',
      removal: 'destroy',
      deletionProtection: 'false',
      noTrafficMinutes: '0',
    });
    other.hasResourceProperties('AWS::Kinesis::Stream', {
      ShardCount: 6,
      StreamModeDetails: { StreamMode: 'PROVISIONED' },
    });
    other.resourceCountIs('AWS::S3::Bucket', 3);
    other.resourceCountIs('AWS::SNS::Subscription', 4);
    other.hasResourceProperties('AWS::SNS::Subscription', {
      Protocol: 'sms',
      Endpoint: '+4930123456',
      FilterPolicy: { level: ['critical'], transition: ['opened', 'escalated', 'reopened'] },
    });
    other.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: Match.objectLike({ BudgetLimit: { Amount: 500, Unit: 'USD' } }),
    });
    other.allResourcesProperties('AWS::Lambda::Function', { Runtime: 'nodejs22.x' });
    other.allResources('AWS::DynamoDB::Table', { DeletionPolicy: 'Delete' });
    const [, score] = resourceOf(other, 'AWS::Lambda::Function', 'PipelineScore');
    expect(score.Properties.Environment).toMatchObject({ Variables: { ARCHIVE_BUCKET: '' } });
    expect(JSON.stringify(other.toJSON())).not.toContain('xray:');
    expect(
      [...resourcesOf(other, 'AWS::CloudWatch::Alarm').values()].map((a) => a.Properties.AlarmName),
    ).not.toContain('Siphonwatch-staging-no-traffic');
  });
});

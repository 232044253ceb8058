import { describe, expect, it } from 'vitest';
import { resolveTemplate } from '../../lib/emulator/template/template.ts';

const context = {
  stackName: 'Stack',
  assetPath: (key: string) => `/assembly/asset.${key}`,
  queueEndpoint: 'http://q',
};
const resolve = (resources: object, rest: object = {}) =>
  resolveTemplate({ Resources: resources, ...rest }, context);

const FUNCTION = {
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: 'assets', S3Key: 'abc.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Timeout: 60,
    MemorySize: 512,
    Environment: {
      Variables: {
        TABLE: { Ref: 'Table' },
        TOPIC: { Ref: 'Topic' },
        QUEUE: { Ref: 'Queue' },
        BUCKET: { Ref: 'Bucket' },
        TEXT: {
          'Fn::Sub': [
            ['AWS::Region', 'Table.Arn', '!kept', 'own'].map((name) => `$\{${name}}`).join('/'),
            { own: { Ref: 'AWS::StackName' } },
          ],
        },
        JOINED: { 'Fn::Join': [':', [{ Ref: 'AWS::Partition' }, { 'Fn::GetAtt': ['Stream', 'Arn'] }]] },
        PARTS: { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Stream', 'Arn'] }] }] },
        GONE: { 'Fn::If': ['Off', 'x', { Ref: 'AWS::NoValue' }] },
        NUMBER: 5,
      },
    },
  },
};
const RESOURCES = {
  Stream: { Type: 'AWS::Kinesis::Stream', Properties: { StreamModeDetails: { StreamMode: 'ON_DEMAND' } } },
  Table: {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'profiles',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      SSESpecification: { SSEEnabled: true },
    },
  },
  Topic: { Type: 'AWS::SNS::Topic', Properties: {} },
  Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 30 } },
  Bucket: { Type: 'AWS::S3::Bucket', Properties: {} },
  Role: { Type: 'AWS::IAM::Role', Properties: {} },
  Function: FUNCTION,
  Sometimes: { Type: 'AWS::S3::Bucket', Condition: 'Off', Properties: {} },
};
const CONDITIONS = {
  Conditions: { Off: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] }] } },
};

describe('a synthesized template', () => {
  it('gives resources under the names that functions are told', () => {
    const local = resolve(RESOURCES, CONDITIONS);
    expect(local.functions[0]?.environment).toEqual({
      TABLE: 'profiles',
      TOPIC: 'arn:aws:sns:us-east-1:000000000000:Stack-Topic',
      QUEUE: 'http://q/000000000000/Stack-Queue',
      BUCKET: 'stack-bucket',
      TEXT: 'us-east-1/arn:aws:dynamodb:us-east-1:000000000000:table/profiles/$' + '{kept}/Stack',
      JOINED: 'aws:arn:aws:kinesis:us-east-1:000000000000:stream/Stack-Stream',
      PARTS: 'stream/Stack-Stream',
      NUMBER: '5',
    });
    expect(local.functions[0]).toMatchObject({ codePath: '/assembly/asset.abc.zip', timeoutMs: 60_000 });
    expect(local.streams).toEqual([
      { logicalId: 'Stream', name: 'Stack-Stream', shards: undefined, retentionHours: 24 },
    ]);
    expect(local.buckets).toEqual(['stack-bucket']);
    expect(local.topics).toEqual(['Stack-Topic']);
    expect(local.queues).toMatchObject([{ name: 'Stack-Queue', attributes: { VisibilityTimeout: '30' } }]);
    expect(local.tables[0]).toMatchObject({
      timeToLive: 'expiresAt',
      request: { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } },
    });
    expect(local.ignored).toEqual(['AWS::IAM::Role']);
  });

  it('gives mappings with all their settings, and schedules with their targets', () => {
    const local = resolve(
      {
        ...RESOURCES,
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { Ref: 'Function' },
            EventSourceArn: { 'Fn::GetAtt': ['Table', 'StreamArn'] },
            BatchSize: 50,
            BisectBatchOnFunctionError: true,
            MaximumRetryAttempts: 3,
            FunctionResponseTypes: ['ReportBatchItemFailures'],
            FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }] },
            DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Bucket', 'Arn'] } } },
            StartingPosition: 'TRIM_HORIZON',
          },
        },
        Rule: {
          Type: 'AWS::Events::Rule',
          Properties: {
            ScheduleExpression: 'rate(5 minutes)',
            State: 'ENABLED',
            Targets: [{ Id: 'T', Arn: { 'Fn::GetAtt': ['Function', 'Arn'] } }],
          },
        },
      },
      CONDITIONS,
    );
    expect(local.mappings).toMatchObject([
      {
        functionName: 'Stack-Function',
        sourceArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/profiles/stream/2026-01-01T00:00:00.000',
        settings: {
          batchSize: 50,
          bisectBatchOnFunctionError: true,
          reportBatchItemFailures: true,
          maximumRetryAttempts: 3,
          maximumRecordAgeMs: Number.POSITIVE_INFINITY,
          parallelizationFactor: 1,
        },
        start: { kind: 'TRIM_HORIZON' },
        filters: ['{"eventName":["INSERT"]}'],
        destination: 'arn:aws:s3:::stack-bucket',
      },
    ]);
    expect(local.schedules).toMatchObject([
      { functionName: 'Stack-Function', expression: 'rate(5 minutes)' },
    ]);
  });

  it.each([
    [
      'a setting out of range',
      {
        M: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { FunctionName: 'f', EventSourceArn: 'a', BatchSize: 0 },
        },
      },
      /M \(AWS::Lambda::EventSourceMapping\)[\s\S]*BatchSize/,
    ],
    ['a reference to nothing', { F: { ...FUNCTION } }, /refers to Table, which it does not declare/],
    [
      'an intrinsic that is not known',
      { S: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: { 'Fn::Cidr': [] } } } },
      /does not know the intrinsic Fn::Cidr/,
    ],
    [
      'a tumbling window',
      {
        M: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: { FunctionName: 'f', EventSourceArn: 'a', TumblingWindowInSeconds: 60 },
        },
      },
      /no tumbling windows/,
    ],
  ])('refuses %s', (_, resources, message) => {
    expect(() => resolve(resources, CONDITIONS)).toThrow(message);
  });
});

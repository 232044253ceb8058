/** Why a role has what the recorded run did not ask for. Patterns: `*` is anything. */
export const WRITTEN_REASONS: readonly {
  readonly fn?: string;
  readonly action: string;
  readonly resource?: string;
  readonly why: string;
}[] = [
  { action: 'logs:*', why: 'Lambda writes the logs' },
  { action: 'xray:*', why: 'Lambda writes traces, where tracing is on' },
  { action: 'kms:*', why: 'services use the key in the name of the caller; emulators have no key' },
  { action: 'kinesis:*', why: 'the event source mapping reads the stream under the role' },
  {
    action: 'dynamodb:DescribeStream',
    why: 'the event source mapping reads the table stream under the role',
  },
  { action: 'dynamodb:GetRecords', why: 'the event source mapping reads the table stream under the role' },
  {
    action: 'dynamodb:GetShardIterator',
    why: 'the event source mapping reads the table stream under the role',
  },
  { action: 'dynamodb:ListStreams', why: 'the event source mapping reads the table stream under the role' },
  {
    action: 'sqs:SendMessage',
    why: 'Lambda keeps asynchronous invocations that failed for good, under the role',
  },
  {
    action: 's3:PutObject',
    resource: '<*>/aws/lambda/*',
    why: 'Lambda puts batches that it gave up there, under the role',
  },
  {
    action: 's3:ListBucket',
    why: 'without it S3 answers 403 for an object that is not there, to Lambda and to us',
  },
  {
    fn: 'Score',
    action: 'dynamodb:Query',
    resource: '<TablesProfile*',
    why: 'sealed parts of an account that has some: after weeks of traffic, which the run does not have',
  },
  {
    fn: 'Score',
    action: 's3:PutObject',
    resource: '<*>/applied/*',
    why: 'what was applied of a batch that fails in part: asks for refused writes (test/simulation)',
  },
  {
    fn: 'Notify',
    action: 'dynamodb:*',
    resource: '<TablesCampaign*',
    why: 'notices of campaigns, and an account that a campaign names: asks for a judged campaign (test/simulation)',
  },
  {
    fn: 'Notify',
    action: 'dynamodb:Query',
    resource: '<TablesFinding*',
    why: 'exceptions, and what waits while too many findings open at once',
  },
  {
    fn: 'Sweep',
    action: 'dynamodb:*',
    resource: '<TablesCampaign*',
    why: 'delivers as `notify` does, what the stream did not bring',
  },
  {
    fn: 'Sweep',
    action: 'dynamodb:UpdateItem',
    why: 'delivers as `notify` does, what the stream did not bring',
  },
  { fn: 'Sweep', action: 'sns:Publish', why: 'delivers as `notify` does, what the stream did not bring' },
  {
    fn: 'Sweep',
    action: 'events:PutEvents',
    why: 'delivers as `notify` does, what the stream did not bring',
  },
  { fn: 'Sweep', action: 'appconfig:*', why: 'routes of what it delivers' },
  {
    fn: 'Index',
    action: 'dynamodb:DeleteItem',
    resource: '<TablesLink*',
    why: 'entries under values that an account no longer shows: asks for four weeks of traffic',
  },
  {
    fn: 'Index',
    action: 'dynamodb:Query',
    resource: '<TablesLink*',
    why: 'who else shows a payment or credential: asked for accounts that opened within two days',
  },
  {
    fn: 'Index',
    action: 'dynamodb:PutItem',
    resource: '<TablesCampaign*',
    why: 'asks for a run of `link` when many accounts change at once',
  },
  {
    fn: 'Link',
    action: 'dynamodb:*',
    resource: '<TablesCampaign*',
    why: 'members and notices of campaigns: asks for a judged campaign (test/simulation)',
  },
  {
    fn: 'Calibrate',
    action: 'dynamodb:Query',
    resource: '<TablesCampaign*',
    why: 'members of groups that links hold: asked for where there are any',
  },
  {
    fn: 'Calibrate',
    action: 'dynamodb:UpdateItem',
    resource: '<TablesProfile*',
    why: 'findings of accounts that fell silent: asks for days of silence',
  },
  {
    fn: 'Triage',
    action: 'dynamodb:DeleteItem',
    resource: '<TablesFinding*',
    why: 'a verdict that is taken back ends an exception',
  },
];

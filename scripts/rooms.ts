/**
 * The rooms of the house, from the ground up. A file may import from its own room and from rooms further up in this
 * list, never from one further down: `npm run check` holds it (scripts/walls.ts).
 */
export interface Room {
  /** a folder, or one file; the longest that fits a file's path is its room */
  readonly path: string;
  readonly what: string;
  /** no AWS, no CDK, no file, no network, no clock, no randomness that is not passed in */
  readonly pure?: boolean;
  /** may build requests to AWS; everybody else asks the owners in `lib/aws` */
  readonly owns?: 'aws';
}

export const ROOMS: readonly Room[] = [
  { path: 'lib/version.ts', what: 'the version of the code', pure: true },
  { path: 'lib/time.ts', what: 'lengths of time', pure: true },
  { path: 'lib/recently-used.ts', what: 'a cache of what was used last', pure: true },
  { path: 'lib/limits.ts', what: 'bounds of inputs and stored things', pure: true },
  { path: 'lib/text', what: 'what is safe to show', pure: true },
  { path: 'lib/statistics', what: 'distributions, intervals, random generators', pure: true },
  { path: 'lib/telemetry', what: 'exchanges, usage events, recorder, adapters, producer', pure: true },
  { path: 'lib/telemetry/kinesis.ts', what: "the producer's port to a Kinesis stream", owns: 'aws' },
  { path: 'lib/contract', what: 'names that the stack and the functions share', pure: true },
  { path: 'lib/report', what: 'offline HTML pages and charts', pure: true },
  { path: 'lib/profile', what: 'slices, windows, sketches, the state of an account', pure: true },
  { path: 'lib/hunts', what: 'the archive in Parquet: columns, parts, manifests, queries', pure: true },
  { path: 'lib/signals', what: 'one measured behaviour a file', pure: true },
  { path: 'lib/scoring', what: 'peer groups, calibration, score, significance, levels', pure: true },
  { path: 'lib/forensics', what: 'was a suspect model trained on ours', pure: true },
  { path: 'lib/policy', what: 'policy as data: schema, defaults, differences', pure: true },
  { path: 'lib/findings', what: 'findings, notices, deliveries and their views', pure: true },
  { path: 'lib/detection', what: 'one batch of events folded and judged', pure: true },
  { path: 'lib/campaigns', what: 'accounts linked and judged together', pure: true },
  { path: 'lib/stores', what: 'ports, codecs and in-memory twins of tables, topics and buckets', pure: true },
  { path: 'lib/dossier', what: 'the evidence of a finding, replayable and verifiable', pure: true },
  { path: 'lib/backtest', what: 'replays, measures, tuning, validation of policies', pure: true },
  {
    path: 'lib/doctor',
    what: 'what is wrong or missing in a deployment, from what was read of it',
    pure: true,
  },
  {
    path: 'lib/console',
    what: 'what the console shows: findings as rows, one finding in full, health',
    pure: true,
  },
  { path: 'lib/aws', what: 'every class that imports the AWS SDK', owns: 'aws' },
  { path: 'lib/input', what: 'files, lines, labels, keys' },
  { path: 'lambdas', what: 'the functions' },
  { path: 'lib/infra', what: 'the CDK stack' },
  { path: 'lib/emulator', what: 'embedded AWS for the demo and the tests', owns: 'aws' },
  { path: 'console', what: "the console's page" },
  { path: 'lib/cli', what: 'the command line, one folder a command' },
  { path: 'bin', what: 'entries' },
  { path: 'examples', what: 'examples and the script that makes them' },
  { path: 'bench', what: 'benchmarks' },
];

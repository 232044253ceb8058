import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Command } from 'commander';
import * as z from 'zod';
import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { type DeployedStack, describeStack } from '../../aws/stack-outputs.ts';
import { DEFAULT_STACK } from '../../contract/command.ts';
import { InputError } from '../../input/errors.ts';
import { say } from '../../input/say.ts';
import type { FindingStore } from '../../stores/finding-store.ts';
import { describeReason, reasonOf } from '../../telemetry/reason.ts';
import { calledAs } from './called-as.ts';
import { EXIT, failureOf } from './failure.ts';
import { requireAlive } from './running-demo.ts';

/** Where a running demo says what it runs on (`demo --keep`): in the checkout, wherever a command is called from. */
export const DEMO_FILE = fileURLToPath(new URL('../../../.cache/demo.json', import.meta.url));
/** Names another one, where two demos run in a folder. */
export const DEMO_FILE_VARIABLE = 'SIPHONWATCH_DEMO';

/** The file of the demo that the verbs work on. */
export function demoFilePath(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return environment[DEMO_FILE_VARIABLE] || DEMO_FILE;
}

/** The text of the demo's file; undefined where there is none. @throws InputError where the demo was killed */
export async function readDemoFile(): Promise<string | undefined> {
  const file = demoFilePath();
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) requireAlive(file, text);
  return text;
}

const demoLabel = z.object({
  account: z.string(),
  label: z.enum(['benign', 'extraction', 'grey']),
  kind: z.string(),
  campaign: z.string(),
});
export type DemoLabel = z.infer<typeof demoLabel>;

const demoFile = z.object({
  region: z.string(),
  clock: z.iso.datetime().optional(),
  endpoints: z.object({ dynamodb: z.string(), s3: z.string().optional() }),
  tables: z.object({
    finding: z.string(),
    profile: z.string().optional(),
    campaign: z.string().optional(),
    link: z.string().optional(),
  }),
  labels: z.array(demoLabel).optional(),
  buckets: z
    .object({
      archive: z.string().optional(),
      state: z.string().optional(),
      quarantine: z.string().optional(),
    })
    .default({}),
});

export interface DeploymentOptions {
  readonly stack?: string;
  readonly table?: string;
  readonly profileTable?: string;
  readonly campaignTable?: string;
  readonly archiveBucket?: string;
  readonly stateBucket?: string;
  readonly region?: string;
  readonly endpoint?: string;
}

/** What a verb of the security team works on. */
export interface Deployment {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly findingTable: string;
  readonly profileTable: string | undefined;
  readonly campaignTable: string | undefined;
  readonly linkTable: string | undefined;
  readonly quarantineBucket: string | undefined;
  readonly archiveBucket: string | undefined;
  readonly stateBucket: string | undefined;
  /** AppConfig application of the policies in force */
  readonly policyApplication: string | undefined;
  /** address of the triage API, where the deployment has one: verdicts go through it, and no table is written from here */
  readonly triageUrl?: string;
  /** the setting of that name: what a calibration does that was learnt elsewhere */
  readonly foreignCalibration: string;
  /** what time it is for findings, ms: the replay's clock in a demo of old traffic */
  readonly now: number;
  /** what a demo's traffic was labelled as, by pseudonym */
  readonly labels?: ReadonlyMap<string, DemoLabel>;
  /** an emulator on this machine: there is no IAM that could say who acts */
  readonly local: boolean;
  /** for people: the table's name, or that it is the demo's */
  readonly where: string;
  close(): void;
}

export function withDeploymentOptions(command: Command): Command {
  return command
    .option(
      '--stack <name>',
      `the deployed stack (SIPHONWATCH_STACK), whose outputs name tables and buckets; default: a running demo, else ${DEFAULT_STACK}`,
    )
    .option('--table <name>', 'findings table (FINDING_TABLE) instead of the one of the stack')
    .option('--region <region>', 'AWS region')
    .option('--endpoint <url>', 'address of DynamoDB, for emulators (AWS_ENDPOINT_URL_DYNAMODB)');
}

/** The further tables and buckets that evidence is drawn from. */
export function withEvidenceOptions(command: Command): Command {
  return withDeploymentOptions(command)
    .option('--profile-table <name>', 'profiles table (PROFILE_TABLE)')
    .option('--campaign-table <name>', 'campaigns table (CAMPAIGN_TABLE)')
    .option('--archive-bucket <name>', 'bucket of archived events (ARCHIVE_BUCKET)')
    .option('--state-bucket <name>', 'bucket of calibrations (STATE_BUCKET)');
}

/**
 * The deployment that flags or the environment name, else the running demo's.
 * @throws InputError saying what to give where there is neither
 */
export async function connect(
  options: DeploymentOptions,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Deployment> {
  // a stack that is named on the command line stands above variables; one that is empty is not set
  const set = options.stack === undefined ? environment : {};
  const named = options.table ?? (set.FINDING_TABLE || undefined);
  const stackName = options.stack ?? (environment.SIPHONWATCH_STACK || undefined);
  const demo = named === undefined && stackName === undefined ? await readDemoFile() : undefined;
  if (demo !== undefined) return connectDemo(demo, options);
  const outputs =
    named === undefined || options.stack !== undefined
      ? await outputsOf(stackName ?? DEFAULT_STACK, options)
      : {};
  const findingTable = named ?? outputs.FindingTableName ?? '';
  const region = options.region === undefined ? {} : { region: options.region };
  const endpoint = options.endpoint === undefined ? {} : { endpoint: options.endpoint };
  const dynamodb = new DynamoDBClient({ ...region, ...endpoint });
  const s3 = new S3Client({ ...region, forcePathStyle: (environment.AWS_ENDPOINT_URL_S3 ?? '') !== '' });
  return {
    dynamodb,
    s3,
    findingTable,
    profileTable: options.profileTable ?? (set.PROFILE_TABLE || outputs.ProfileTableName),
    campaignTable: options.campaignTable ?? (set.CAMPAIGN_TABLE || outputs.CampaignTableName),
    archiveBucket: options.archiveBucket ?? (set.ARCHIVE_BUCKET || outputs.ArchiveBucketName),
    stateBucket: options.stateBucket ?? (set.STATE_BUCKET || outputs.StateBucketName),
    linkTable: set.LINK_TABLE || outputs.LinkTableName,
    quarantineBucket: set.QUARANTINE_BUCKET || outputs.QuarantineBucketName,
    policyApplication: set.POLICY_APPLICATION || outputs.PolicyApplicationName,
    ...triageUrlOf(set.TRIAGE_API_URL || outputs.TriageApiUrl),
    foreignCalibration: environment.FOREIGN_CALIBRATION || 'shadow',
    now: Date.now(),
    local: isLoopback(options.endpoint ?? environment.AWS_ENDPOINT_URL_DYNAMODB),
    where: named ?? `stack ${stackName ?? DEFAULT_STACK}`,
    close: closer(dynamodb, s3),
  };
}

/** Runs over the findings table that the options name; closes what it opened. */
export async function withFindings(
  options: DeploymentOptions,
  run: (store: FindingStore, now: number, deployment: Deployment) => Promise<number>,
): Promise<number> {
  const deployment = await connect(options);
  try {
    const store = new DynamoFindingStore(deployment.dynamodb, deployment.findingTable, {
      onUnreadable: ({ message }) => say(`left out: ${message}`),
    });
    return await run(store, deployment.now, deployment);
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

/**
 * The outputs of a deployed stack.
 * @throws InputError saying what to give where it is not found
 */
export async function outputsOf(
  name: string,
  { region }: { readonly region?: string | undefined },
): Promise<Readonly<Record<string, string>>> {
  return (await stackOf(name, { region })).outputs;
}

/** The deployed stack of that name. @throws InputError saying what to give where it is not found */
export async function stackOf(
  name: string,
  { region }: { readonly region?: string | undefined },
): Promise<DeployedStack> {
  const client = new CloudFormationClient(region === undefined ? {} : { region });
  const hint = `give --stack NAME and --region, or start a demo that stays up: ${calledAs()} demo --keep`;
  try {
    const found = await describeStack(client, name);
    if (found !== undefined) return found;
  } catch (error) {
    if (error instanceof Error && error.message === 'Region is missing')
      throw new InputError(`which deployment? ${await withoutRegion()}: ${hint}`, { cause: error });
    throw asInputError(error, `stack ${name}`);
  } finally {
    client.destroy();
  }
  throw new InputError(`there is no stack ${name} in this account and region: ${hint}`);
}

/** What stands for a deployment here, where no region is set: not that no demo runs, where one does. */
async function withoutRegion(): Promise<string> {
  const demo = await readDemoFile().catch(() => undefined);
  return demo === undefined
    ? 'No demo is running, and no AWS region is set'
    : 'This looks at a stack in AWS, which the running demo is not, and no AWS region is set';
}

async function connectDemo(text: string, options: DeploymentOptions): Promise<Deployment> {
  const file = demoFilePath();
  const json = jsonOf(text);
  const parsed = demoFile.safeParse(json);
  if (!parsed.success) throw new InputError(`${file}: ${describeReason(reasonOf(parsed.error, json))}`);
  const { region, endpoints, tables, buckets, labels } = parsed.data;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const dynamodb = new DynamoDBClient({
    region,
    credentials,
    endpoint: options.endpoint ?? endpoints.dynamodb,
  });
  const s3 = new S3Client({
    region,
    credentials,
    forcePathStyle: true,
    ...(endpoints.s3 === undefined ? {} : { endpoint: endpoints.s3 }),
  });
  return {
    dynamodb,
    s3,
    findingTable: tables.finding,
    profileTable: tables.profile,
    campaignTable: tables.campaign,
    linkTable: tables.link,
    quarantineBucket: buckets.quarantine,
    archiveBucket: buckets.archive,
    stateBucket: buckets.state,
    policyApplication: undefined,
    foreignCalibration: 'accuse',
    now: parsed.data.clock === undefined ? Date.now() : Date.parse(parsed.data.clock),
    local: true,
    ...(labels === undefined ? {} : { labels: new Map(labels.map((held) => [held.account, held])) }),
    where: `the demo (${file})`,
    close: closer(dynamodb, s3),
  };
}

function triageUrlOf(url: string | undefined): Pick<Deployment, 'triageUrl'> {
  return url === undefined ? {} : { triageUrl: url };
}

function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(endpoint).hostname);
}

function closer(...clients: readonly { destroy(): void }[]): () => void {
  return () => {
    for (const client of clients) client.destroy();
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // reported by the schema, which wants an object
  }
}

/**
 * Faults of the connection and of AWS, in words and with where they happened; of this machine's disk without, as that is
 * elsewhere; others are faults of the program.
 */
export function asInputError(error: unknown, where: string): unknown {
  if (error instanceof InputError) return error;
  const { code } = failureOf(error);
  const { message } = failureOf(error, code === EXIT.machine ? undefined : where);
  return code === EXIT.fault ? error : new InputError(message, { cause: error });
}

/**
 * The bound of every input and of every stored thing, in one place: how much, of what, and what happens to what is beyond.
 * Whoever sends must not decide how large something grows. Printed in docs/security.md; test/profile/state-bounds.test.ts and
 * its neighbours hold stored things to it, whatever valid events come.
 */
export interface Limit {
  readonly what: string;
  readonly most: number;
  readonly unit: string;
  /** the rule by which it degrades, least useful first */
  readonly beyond: string;
}

const limit = <const T extends number>(what: string, most: T, unit: string, beyond: string) => ({
  what,
  most,
  unit,
  beyond,
});

const KiB = 1024;
const MiB = 1024 * KiB;

export const LIMITS = {
  promptUnits: limit(
    'text of a prompt that is folded',
    16_384,
    'UTF-16 code units',
    'head, tail and sixteen samples',
  ),
  digestUnits: limit(
    'text of a longer prompt that its print tells from others whose samples are the same',
    131_072,
    'UTF-16 code units',
    'only samples',
  ),
  besideUnits: limit(
    'text before a prompt and beside it that its print tells from others, the newest first',
    65_536,
    'UTF-16 code units',
    'only lengths',
  ),
  besideValues: limit(
    'parts and values that are read of what stands beside a prompt and has no words',
    512,
    'values',
    'left out',
  ),
  sketchWords: limit('words of a prompt that its sketch is of', 8192, 'words', 'the first ones'),
  marks: limit('marks on one letter', 30, 'marks', 'left out'),
  typeName: limit("name of a part's type or of a role", 64, 'characters', 'counts as none'),
  messages: limit('messages of a conversation', 2048, 'messages', 'the first 64 and the newest are read'),
  conversationValues: limit(
    "parts of messages and values of tools' results that are followed",
    2048,
    'values',
    'those of the newest messages are read, of a message the first and last parts',
  ),
  objectNames: limit(
    'names of one object of an entry',
    4_096,
    'names',
    'the first and last half are read, and those by which bodies ask',
  ),
  documentValues: limit(
    'values in one document or in a text that is JSON',
    2_097_152,
    'values',
    'the document is rejected alone; the text is no JSON',
  ),
  documentNames: limit(
    'names of one object in a document or a text that is JSON',
    262_144,
    'names',
    'the document is rejected alone, of a list its element; a text in a field is no JSON',
  ),
  entryValues: limit(
    'values in one entry, but for the probabilities of tokens',
    524_288,
    'values',
    'what is small, what bodies ask by, and the ends of lists are read; a span, a log record or a line of a batch is rejected alone',
  ),
  streamEvents: limit(
    'events of the text of a streamed answer',
    16_384,
    'events',
    'the first and last half are read',
  ),
  nesting: limit('values within values of an entry that are followed', 32, 'levels', 'left out'),
  eventId: limit('id of an event', 512, 'characters', 'cut by the recorder, quarantined elsewhere'),
  eventModel: limit('model of an event', 256, 'characters', 'cut by the recorder, quarantined elsewhere'),
  eventCustomer: limit(
    'plan and product of an event',
    64,
    'characters',
    'cut by the recorder, quarantined elsewhere',
  ),
  recordBytes: limit('a record, unpacked', 4 * MiB, 'bytes', 'refused whole, and not kept'),
  recordRatio: limit(
    'a record, unpacked, in its own sizes (256 KiB always)',
    64,
    'times',
    'refused whole, and not kept',
  ),
  recordLines: limit('lines of a record', 16_384, 'lines', 'refused whole, and not kept'),
  recordFaults: limit('reasons for bad lines of a record', 100, 'reasons', 'the rest is kept together'),
  eventLine: limit('a line of a record', 32_768, 'characters', 'quarantined: no usage event is longer'),
  bucketingName: limit('name of a bucketing', 64, 'characters', 'the record is quarantined'),
  accountLanes: limit(
    'lanes of an account',
    16,
    'lanes',
    'the record is quarantined; refused by the producer',
  ),
  gatewayName: limit('name of a gateway', 64, 'characters', 'the record is quarantined'),
  eventAgeDays: limit('age of an event at its arrival (and never before 2015)', 400, 'days', 'quarantined'),
  documentCharacters: limit(
    'a document or line of a file',
    16 * MiB,
    'characters',
    'rejected alone, the rest goes on',
  ),
  lineDocuments: limit('documents in one line', 65_536, 'documents', 'the line is rejected alone'),
  documentEntries: limit(
    'entries in one document, and groups of spans or logs',
    65_536,
    'entries',
    'the document is rejected alone',
  ),
  resourceAttributes: limit(
    'attributes of a resource of OpenTelemetry, which all of its spans share',
    512,
    'attributes',
    'the first and last half are read',
  ),
  otlpMessages: limit('messages within an export in protobuf', 1_048_576, 'messages', 'refused: 400'),
  requestDocuments: limit(
    'documents and bad lines of a request to `collect`',
    65_536,
    'documents',
    'refused: 413',
  ),
  insideBytes: limit('what is packed inside an envelope', 16 * MiB, 'bytes', 'rejected alone'),
  policyBytes: limit('a policy', 1_000_000, 'bytes', 'refused'),
  policyTokens: limit('words and marks of YAML in a policy', 131_072, 'tokens', 'refused'),
  policyFaults: limit('faults of a policy that are listed', 50, 'faults', 'not listed'),
  sliceModels: limit(
    'models in a slice, of requests that were answered',
    16,
    'models',
    'those with the largest hashes are left out',
  ),
  sliceModelName: limit('name of a model in a slice', 64, 'characters', 'cut'),
  sliceEpochs: limit('key epochs in a slice', 4, 'epochs', 'the first by name are left out'),
  sliceBytes: limit('a slice, encoded', 16 * KiB, 'bytes', 'cannot be: what it holds is bounded'),
  guardEpochs: limit("streams in an account's guard", 4, 'streams', 'the oldest is left out'),
  recentIds: limit(
    "ids of an account's recent events",
    262_144,
    'ids',
    'the oldest are forgotten, and a repeat of them counts',
  ),
  comparisonBytes: limit(
    'groups of accounts that ask alike, packed, between two comparisons',
    300 * KiB,
    'bytes',
    'not kept: each run of `link` compares',
  ),
  factValues: limit('link facts of an account, of each kind', 8, 'values', 'the oldest are left out'),
  promptSamples: limit(
    'prompts kept of an account, of a fortnight and epoch',
    64,
    'prompts',
    'those with the largest hashes are left out',
  ),
  pendingPrompts: limit(
    'sampled prompts of an account that wait in its hot item',
    24,
    'prompts',
    'all move into a sealed part',
  ),
  waitingNoticeBytes: limit(
    'notices that wait in one item',
    64 * KiB,
    'bytes',
    'updates are left out; beyond twice as much all but openings, and then these',
  ),
  factsBytes: limit(
    'link facts of an account, encoded',
    32 * KiB,
    'bytes',
    'cannot be: what it holds is bounded',
  ),
  promptsBytes: limit(
    'sampled prompts of an account, encoded',
    32 * KiB,
    'bytes',
    'cannot be: what it holds is bounded',
  ),
  itemBytes: limit('an item of a table', 400 * KiB, 'bytes', 'cannot be: what it holds is bounded'),
  campaignPart: limit('members in one item of a campaign', 5000, 'members', 'another item'),
  quarantineObject: limit(
    'an object of the quarantine, and one entry more',
    8 * MiB,
    'characters',
    'another object',
  ),
  findingHistory: limit('transitions that a finding lists', 100, 'transitions', 'the oldest are left out'),
  trail: limit(
    'changes by people that a finding carries itself',
    20,
    'changes',
    'notes and owners first, then the oldest, are items of their own alone',
  ),
  trailBytes: limit('these changes', 128 * KiB, 'bytes', 'likewise; the newest stays'),
  silenceDays: limit('a silence by one person, who then rests as long', 30, 'days', 'a second principal'),
  silences: limit(
    'persons whose silences are remembered of a subject',
    20,
    'persons',
    'the earliest to end goes',
  ),
  longestSilenceDays: limit(
    'a silence by two people, or by an exception of a policy',
    366,
    'days',
    'refused',
  ),
} as const satisfies Readonly<Record<string, Limit>>;

/** The table of docs/security.md. */
export function limitTable(): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const lines = Object.values<Limit>(LIMITS).map(
    ({ what, most, unit, beyond }) => `| ${what} | ${number(most)} ${unit} | ${beyond} |`,
  );
  return ['| What | At most | Beyond it |', '|---|---|---|', ...lines].join('\n');
}

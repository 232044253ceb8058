/** One bug that somebody could write: a place in the source, and what stands there instead. */
export interface PlantedBug {
  readonly id: string;
  readonly file: string;
  /** occurs exactly once in the file */
  readonly find: string;
  readonly replace: string;
  /** what goes wrong for a user */
  readonly harm: string;
  /** fast tests that see it, where the simulation does not */
  readonly tests?: readonly string[];
}

const POSITION = 'lib/profile/position.ts';
const PROFILE = 'lib/profile/profile.ts';
const IDS = 'lib/profile/recent-ids.ts';
const BATCH = 'lib/detection/process-batch.ts';
const TABLE = 'lib/aws/profile-table.ts';
const APPLY = 'lambdas/score/apply-batch.ts';
const SCORE = 'lambdas/score/score.ts';
const DECODE = 'lambdas/score/decode-batch.ts';
const DELIVER = 'lambdas/notify/deliver.ts';
const SETTLED = 'lib/findings/settled.ts';
const NOTIFY = 'lambdas/notify/notify.ts';
const OUTBOX = 'lib/aws/outbox-items.ts';
const LINKS = 'lib/aws/link-table.ts';
const INDEX = 'lambdas/link-index/link-index.ts';
const CAMPAIGNS = 'lib/aws/campaign-table.ts';
const FINDINGS = 'lib/aws/finding-table.ts';

const FOLD = ['test/profile/fold.test.ts'];
const SCORING = ['test/lambdas/score.test.ts'];
const WRITERS = ['test/simulation/writers.test.ts'];
const THROTTLED = ['test/simulation/throttled.test.ts'];
const GIVEN_UP = ['test/simulation/given-up.test.ts'];
const LINKING = ['test/simulation/linking.test.ts'];
const CALIBRATION_RUNS = ['test/simulation/calibration-runs.test.ts'];
const OUTAGES = ['test/findings/outages.test.ts'];

const bug = (
  id: string,
  file: string,
  find: string,
  replace: string,
  harm: string,
  tests?: readonly string[],
): PlantedBug => ({ id, file, find, replace, harm, ...(tests === undefined ? {} : { tests }) });

/** Bugs over position, ids, profiles, the score function, delivery, archive, redrive and triage. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  bug(
    'guard-dropped',
    POSITION,
    'if (held === undefined) return false;',
    'if (guard.length >= 0) return false;',
    'every redelivery counts again',
  ),
  bug(
    'guard-index-open',
    POSITION,
    'return position.index > held.index;',
    'return position.index >= held.index;',
    'the last event of a batch counts again',
  ),
  bug(
    'guard-one-epoch',
    POSITION,
    'return [...guard.filter(({ epoch }) => epoch !== position.epoch), position].slice(-EPOCHS);',
    'return [position];',
    'two bucketings side by side count again',
    FOLD,
  ),
  bug(
    'sequence-unpadded',
    POSITION,
    "return sequence.padStart(SEQUENCE_WIDTH, '0');",
    'return sequence;',
    'positions of other lengths are compared as text',
    SCORING,
  ),
  bug(
    'ids-unchecked',
    PROFILE,
    'if (isRepeated(next, arrival)) {',
    'if (isRepeated(next, arrival) && next.version < 0) {',
    "a producer's retry counts again",
  ),
  bug(
    'redriven-unchecked',
    PROFILE,
    'if (redriven === true && !remember(profile.redriven, hash, 0, 0)) return true;',
    'if (redriven === true) remember(profile.redriven, hash, 0, 0);',
    'a second redrive counts again',
    FOLD,
  ),
  bug(
    'horizon-short',
    IDS,
    'export const HORIZON_SLOTS = 6;',
    'export const HORIZON_SLOTS = 2;',
    'a retry after half an hour counts again',
    FOLD,
  ),
  bug(
    'id-without-content',
    IDS,
    'export function eventHash({ id, time, model, usage, prints }: UsageEvent): number {',
    "export function eventHash({ id, time, model, usage, prints }: UsageEvent): number {\n  if (time !== '') return hash48(id);",
    'a chosen id hides requests',
    FOLD,
  ),
  bug(
    'tail-not-moved',
    IDS,
    'const parts = [...log.parts, { number: log.next, ids: log.tail }];',
    'const parts = [...log.parts];',
    'ids of a busy account are forgotten',
    ['test/stores/profile-store.test.ts'],
  ),
  bug(
    'parts-not-stored',
    TABLE,
    'for (const { log, part } of newParts(stored, next)) {',
    'for (const { log, part } of newParts(stored, next).slice(0, 0)) {',
    'ids of a busy account are lost with the environment',
    ['test/stores/profile-store.test.ts'],
  ),
  bug(
    'seal-not-stored',
    TABLE,
    'if (seal !== undefined)\n      await this.put(',
    'if (seal !== undefined && seal.number < 0)\n      await this.put(',
    'slices are lost when they leave the hot item',
  ),
  bug(
    'sealed-cache-stale',
    TABLE,
    'if (known?.name === sealedName && known.number === sealed) return known.parts;',
    'if (known !== undefined) return known.parts;',
    'a warm function judges without the newest sealed slices',
    ['test/stores/profile-store.test.ts'],
  ),
  bug(
    'sealed-last-unread',
    TABLE,
    "sealedItem(sealed, '~')",
    "sealedItem(sealed - 1, '~')",
    'the newest sealed part is not read',
  ),
  bug(
    'sealed-stays-hot',
    'lib/detection/seal.ts',
    'slices: profile.slices.filter((slice) => !leaving.includes(slice)),',
    'slices: profile.slices.slice(),',
    'sealed slices count twice',
  ),
  bug(
    'condition-without-version',
    TABLE,
    "'attribute_not_exists(#version)' : '#version = :read';",
    "'attribute_not_exists(#version)' : 'attribute_exists(#version)';",
    'a zombie overwrites newer state',
  ),
  bug(
    'first-write-unconditional',
    TABLE,
    "version === 0 ? 'attribute_not_exists(#version)'",
    "version === 0 ? 'attribute_not_exists(nothing)'",
    'of two first writers one is lost',
  ),
  bug(
    'conflict-as-saved',
    TABLE,
    'if (error instanceof ConditionalCheckFailedException) return false;',
    'if (error instanceof ConditionalCheckFailedException) return true;',
    'events of whoever came second are lost',
    WRITERS,
  ),
  bug(
    'notice-dropped',
    TABLE,
    'if (fresh.length > 0) {',
    'if (fresh.length > 1) {',
    'a finding is opened and nobody hears',
  ),
  bug(
    'version-stuck',
    BATCH,
    'profile.version = stored.profile.version + 1;',
    'profile.version = Math.max(1, stored.profile.version);',
    'two writers do not notice each other',
  ),
  bug(
    'changed-always',
    BATCH,
    'changed: replayed < arrivals.length,',
    'changed: arrivals.length > 0,',
    'redeliveries cost writes',
    SCORING,
  ),
  bug(
    'numbers-begin-anew',
    'lib/detection/episode.ts',
    'return Math.max(numbered + 1, Math.floor(at / 1000));',
    'return numbered + 1;',
    'an account that was forgotten comes back unheard',
    ['test/detection/process-batch.test.ts'],
  ),
  bug(
    'ids-begin-anew',
    'lib/findings/finding.ts',
    'const when = new Date(openedAt).toISOString()',
    'const when = new Date(openedAt % 1).toISOString()',
    'an account that comes back is added to an old finding',
    ['test/detection/process-batch.test.ts'],
  ),
  bug(
    'save-not-awaited',
    APPLY,
    "this.#sure = (await this.#store.save(state, step.state, step.seal)) === 'saved';\n    return this.#sure ? step.state : undefined;",
    'void this.#store.save(state, step.state, step.seal).catch(() => undefined);\n    return step.state;',
    'a batch is acknowledged before it is stored',
  ),
  bug(
    'stale-state-kept',
    APPLY,
    '      this.#state = undefined;\n    }\n    return error;',
    '    }\n    return error;',
    'a conflict is never healed where it happens',
    WRITERS,
  ),
  bug(
    'applied-set-aside',
    APPLY,
    'const arrivals = state === undefined ? part : unapplied(state.profile, part);',
    'const arrivals = part;',
    'what was applied is set aside and counts again',
    SCORING,
  ),
  bug(
    'prompts-of-a-part-lost',
    'lib/aws/profile-table.ts',
    'const held = { prompts: { B: encodePromptSamples(prompts) } };',
    'const held = prompts.length > 1 ? { prompts: { B: encodePromptSamples(prompts) } } : {};',
    'sampled prompts are gone once they leave the hot item',
  ),
  bug(
    'prompts-not-waiting',
    'lib/profile/prompt-sample.ts',
    'const next = { ...asked, pending: pendingOf(now, asked.sealed) };',
    'const next = { ...asked, pending: asked.pending };',
    'sampled prompts are forgotten that wait in the hot item',
  ),
  bug(
    'aside-by-a-stale-read',
    APPLY,
    'if (isPermanent(error) && this.#sure)',
    'if (isPermanent(error))',
    'what a read of a moment ago did not know to be applied is set aside',
    WRITERS,
  ),
  bug(
    'throttled-set-aside',
    'lib/stores/failures.ts',
    "  'UnreadableItem',\n  'UnusableEvent',",
    "  'UnreadableItem',\n  'UnusableEvent',\n  'InternalServerError',\n  'TimeoutError',\n  'ThrottlingException',\n  'ProvisionedThroughputExceededException',",
    'an outage fills the quarantine',
  ),
  bug(
    'too-large-retried',
    'lib/stores/failures.ts',
    "  'ValidationException',\n",
    '',
    'one item that is too large stops a shard',
    SCORING,
  ),
  bug(
    'deferred-forgotten',
    SCORE,
    'return { batchItemFailures: deferred === undefined ? [] : [{ itemIdentifier: sequenceOf(deferred) }] };',
    'return { batchItemFailures: [] };',
    'events of a throttled account are lost',
    THROTTLED,
  ),
  bug(
    'deferred-from-last',
    SCORE,
    '(a.from.sequence < b.from.sequence ? -1 : 1)',
    '(a.from.sequence < b.from.sequence ? 1 : -1)',
    'events before the last record that waits are lost',
    THROTTLED,
  ),
  bug(
    'quarantine-not-awaited',
    SCORE,
    'await this.#quarantine.put(setAside);',
    'void this.#quarantine.put(setAside).catch(() => undefined);',
    'a bad line is lost with its process',
  ),
  bug(
    'archive-not-awaited',
    SCORE,
    'await this.#archive?.put(batch.accepted);',
    'void this.#archive?.put(batch.accepted).catch(() => undefined);',
    'a rebuild misses events',
  ),
  bug(
    'unusable-nowhere',
    SCORE,
    '...applied.flatMap(unusableOf)]',
    '...applied.slice(0, 0).flatMap(unusableOf)]',
    'events of an unreadable account are lost',
    ['test/simulation/redrive.test.ts'],
  ),
  bug(
    'key-unchecked',
    DECODE,
    'if (key === this.#key) {',
    "if (key !== '') {",
    'one stray record blinds an account',
    SCORING,
  ),
  bug(
    'archive-unused-only',
    DECODE,
    '  if (accepted.size > 0)\n    batch.accepted',
    '  if (accepted.size === 0)\n    batch.accepted',
    'nothing is archived',
  ),
  bug(
    'redriven-unmarked',
    DECODE,
    'const redriven = decoded.header?.redriven === true;',
    'const redriven = decoded.header?.redriven === undefined;',
    'a second redrive counts again',
    ['test/cli/put-back.test.ts'],
  ),
  bug(
    'settled-while-busy',
    DELIVER,
    "outcome = 'busy';\n        break;",
    "outcome = 'busy';\n        settled.add(text);\n        break;",
    'a notice is lost when the one who had it dies',
  ),
  bug(
    'claim-ignored',
    DELIVER,
    'Date.parse(finding.claim.until) > now\n',
    'Date.parse(finding.claim.until) > now + 1e9\n',
    'two invocations tell one notice in two ways',
    OUTAGES,
  ),
  bug(
    'claim-forgotten',
    DELIVER,
    'held?.claim?.number === notice.number ? held.claim : undefined',
    'held?.claim?.number === -1 ? held.claim : undefined',
    'a retry tells and lists one notice',
    OUTAGES,
  ),
  bug(
    'claim-keeps-list',
    DELIVER,
    "if (claimed?.fate === 'digest') return { fate: 'digest', list: digestList(now) };",
    "if (claimed?.fate === 'digest') return { fate: 'digest', list: claimed.list };",
    'an update that waited over midnight is told to nobody',
    OUTAGES,
  ),
  bug(
    'settled-again',
    SETTLED,
    '(finding?.delivered ?? 0) >= number',
    '(finding?.delivered ?? 0) > number',
    'a notice is told again and again',
  ),
  bug(
    'passed-is-settled',
    SETTLED,
    'finding?.passed?.includes(number) !== true',
    'true',
    'a notice of a newer version is never told',
    OUTAGES,
  ),
  bug(
    'unnumbered-is-settled',
    SETTLED,
    'if (passed.unnumbered && number - delivered > 1)',
    'if (passed.unnumbered && number - delivered > 1e12)',
    'a notice in a form of a newer version is never told',
    ['test/findings/settled.test.ts'],
  ),
  bug(
    'released-never',
    DELIVER,
    'const until = new Date(delivery.now()).toISOString();',
    'const until = new Date(delivery.now() + 1e12).toISOString();',
    'a delivery that failed once is never tried again',
  ),
  bug(
    'sweep-sees-nothing',
    NOTIFY,
    'const overdue = await outbox.overdue(before, SWEPT);',
    'const overdue = (await outbox.overdue(before, SWEPT)).slice(0, 0);',
    'what the streams missed is never told',
  ),
  bug(
    'lease-for-ever',
    'lib/findings/delivery.ts',
    'lease: 130_000,',
    'lease: 1e12,',
    'a delivery that died is never taken over',
  ),
  bug(
    'outbox-unconditional',
    OUTBOX,
    'ConditionExpression: `size(notices) = :size AND',
    'ConditionExpression: `attribute_exists(notices) OR size(notices) = :size AND',
    'a notice that came meanwhile is removed unread',
    ['test/simulation/outbox.test.ts'],
  ),
  bug(
    'finding-unconditional',
    FINDINGS,
    "ConditionExpression: 'version = :read',",
    "ConditionExpression: 'version = :read OR attribute_exists(version)',",
    "two deliveries overwrite each other's record",
    ['test/findings/stores.test.ts'],
  ),
  bug(
    'quarantine-one-name',
    'lib/aws/quarantine.ts',
    "digest('hex').slice(0, 32)",
    "digest('hex').slice(0, 0)",
    'set-aside lines overwrite each other',
  ),
  bug(
    'archive-one-name',
    'lib/aws/archive.ts',
    'list.at(-1)?.sequence',
    "'0'",
    'archived records overwrite each other',
    ['test/stores/archive.test.ts'],
  ),
  bug(
    'archive-glued',
    'lib/aws/archive.ts',
    'isGzip(data) ? data : gzipSync(data), LINE_BREAK]',
    'isGzip(data) ? data : gzipSync(data)]',
    'records run into each other',
    ['test/stores/archive.test.ts'],
  ),
  bug(
    'erased-remembered',
    'lib/stores/lineage.ts',
    'if (remembered === undefined || stored === undefined || remembered.version === 0) return false;',
    'if (remembered === undefined || stored === undefined) return false;\n  if (stored.version > 0) return true;',
    'a warm function writes back what was erased',
    ['test/stores/profile-store.test.ts'],
  ),
  bug(
    'redrive-unmarked',
    'lib/cli/redrive/put-back.ts',
    'await mark({ events: events.length, refused: refused.length });',
    'void mark;',
    'every redrive begins at the beginning',
    ['test/cli/put-back.test.ts'],
  ),
  bug(
    'decision-made-twice',
    'lib/stores/verdicts.ts',
    'held.audit?.find((one) => one.decision === decision)',
    "held.audit?.find((one) => one.decision === '')",
    'an undo undoes itself',
    OUTAGES,
  ),
  bug(
    'undo-takes-newest',
    'lib/findings/triage.ts',
    'String(entry.n) === undoes : entry.decision === undoes',
    'String(entry.n) === undoes : entry.n > 0',
    'undo takes back another decision than the named one',
    OUTAGES,
  ),
  bug(
    'applied-not-noted',
    SCORE,
    'if (deferred !== undefined) await this.#noteApplied(event, batch, applied, deferred);',
    'if (deferred !== undefined && applied.length < 0) await this.#noteApplied(event, batch, applied, deferred);',
    'what was applied of a batch that Lambda gave up on counts again when it is put back',
    GIVEN_UP,
  ),
  bug(
    'deferred-noted-as-applied',
    SCORE,
    '.filter(({ event }) => remembers(state.profile, event)),',
    '.filter(({ event }) => remembers(state.profile, event) || event.id.length > 0),',
    'events of a throttled account are lost when Lambda gives up on their batch',
    GIVEN_UP,
  ),
  bug(
    'link-late-wins',
    LINKS,
    '(#version <= :version AND #at <= :about)',
    '(#version <> :version AND #at <= :about) OR #version = :version',
    'an invocation that was given up puts older link facts over newer ones',
  ),
  bug(
    'link-gone-forgotten',
    LINKS,
    'if (!forGood) return this.#write(',
    'if (!forGood && place.value.length === 0) return this.#write(',
    'an account stands under a value again that it has left',
  ),
  bug(
    'index-failure-swallowed',
    INDEX,
    'return { batchItemFailures: [{ itemIdentifier }] };',
    "return { batchItemFailures: itemIdentifier === '' ? [{ itemIdentifier }] : [] };",
    'an account is never linked though it shares a card',
  ),
  bug(
    'sealed-slices-expire-soon',
    TABLE,
    'sealedItem(seal.number, seal.name), expiresAt, {',
    'sealedItem(seal.number, seal.name), Math.ceil(this.now() / 1000) + IDS_KEPT, {',
    'slices of an account are lost within a day',
  ),
  bug(
    'campaign-saved-over',
    CAMPAIGNS,
    "'attribute_not_exists(#version)' : '#version = :read'",
    "'attribute_not_exists(#version)' : '#version >= :read'",
    'a run of link that was slow puts what it knew of a campaign over what a later one found',
    ['test/stores/campaign-store.test.ts'],
  ),
  bug(
    'accused-not-noted',
    'lib/campaigns/stored-run.ts',
    'await accusations.note(campaign.id, joined, campaign.seenAt + ACCUSED_MS);',
    'await accusations.note(campaign.id, joined.slice(1), campaign.seenAt + ACCUSED_MS);',
    'an account that a campaign names is told of as if it stood alone',
    LINKING,
  ),
  bug(
    'calibration-part-overwritten',
    'lib/aws/calibration-runs.ts',
    "IfNoneMatch: '*'",
    'IfNoneMatch: undefined',
    'an attempt that was given up changes what later steps have read: one calibration of two states of the fleet',
    CALIBRATION_RUNS,
  ),
  bug(
    'calibration-answer-lost',
    'lambdas/calibrate/steps.ts',
    'if (ended !== undefined) {',
    'if (ended !== undefined && shards < 0) {',
    'a run whose last answer was lost ends as failed though its calibration is there',
    CALIBRATION_RUNS,
  ),
];

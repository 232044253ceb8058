import * as z from 'zod';
import { answer } from '../../findings/answer.ts';
import { auditEntry, finding } from '../../findings/finding.ts';
import { policy } from '../../policy/policy.ts';
import { LEVELS } from '../../scoring/level.ts';
import { storedReview } from '../../scoring/stored-review.ts';

/**
 * What `--json` prints, by verb. Fields are added, never renamed or removed, so every object may hold more than is named here.
 * `npm run schema` writes it as JSON Schema (output.schema.json); the tests that run a verb with `--json` hold it to this.
 */

const iso = z.iso.datetime();
const count = z.number().int().min(0);
const share = z.number().min(0).max(1);
const strings = z.array(z.string());
const interval = z.tuple([share, share]);
const level = z.enum(LEVELS);

const measured = z
  .looseObject({
    benign: count,
    extraction: count,
    benignFlagged: count,
    extractionFlagged: count,
    fpr: share,
    tpr: share,
    fprInterval: interval.describe('95 %, Clopper-Pearson'),
    tprInterval: interval.describe('95 %, Clopper-Pearson'),
  })
  .describe('only with labels');

const backtestResult = z.looseObject({
  events: z.looseObject({ read: count, used: count, quarantined: count, late: count, repeated: count }),
  accounts: measured.optional(),
  byKind: z
    .record(z.string(), z.looseObject({ label: z.string(), accounts: count, flagged: count }))
    .optional(),
  campaigns: z
    .array(
      z.looseObject({ campaign: z.string(), accounts: count, memberRecall: share, flagged: z.boolean() }),
    )
    .optional(),
  flags: z.array(
    z.looseObject({
      account: z.string(),
      level,
      firstAt: iso,
      score: z.number(),
      via: z.enum(['account', 'campaign']),
    }),
  ),
  versions: z.looseObject({ policy: z.string(), calibration: z.string(), code: z.string() }),
  learntFrom: z
    .looseObject({ traffic: z.enum(['later', 'overlapping', 'foreign']), words: z.string() })
    .optional(),
});

const change = z.looseObject({
  field: z.string(),
  before: z.string(),
  after: z.string(),
  effect: z.string(),
});
const deployment = z.looseObject({ number: count, state: z.string() });
const pushed = z.looseObject({
  slot: z.enum(['active', 'shadow']),
  policy: z.string(),
  where: z.string(),
  deployment,
  changes: z.array(change),
});
const step = z.looseObject({
  chance: share,
  monthly: share,
  benign: count,
  extraction: count,
  caught: count,
});
const verdictMade = z.looseObject({
  finding: z.string(),
  entry: auditEntry,
  exception: z.looseObject({ subject: z.string(), until: iso }).nullable(),
});

export const OUTPUTS = {
  backtest: backtestResult.extend({
    compared: backtestResult
      .extend({ change: z.looseObject({ gained: strings, lost: strings }) })
      .optional()
      .describe('the second policy of --compare'),
  }),
  'backtest --distributed': z.looseObject({
    cost: z
      .looseObject({
        objects: count,
        bytes: count,
        shards: count,
        minutes: z.number(),
        usd: z.number(),
        lines: z.array(z.looseObject({ what: z.string(), usd: z.number() })),
      })
      .describe('without --yes: what a run would cost; its outcome is that of backtest'),
  }),
  tune: z.union([
    z.looseObject({ ok: z.literal(false), reason: z.string() }),
    z.looseObject({
      ok: z.literal(true),
      policy,
      changes: z.array(change),
      expected: step.describe('of accounts that the model has not seen'),
      frontier: z.array(step),
      search: z
        .looseObject({
          windows: z.array(
            z.looseObject({
              windows: z.array(z.number()),
              caught: z.number(),
              better: z.number(),
              worse: z.number(),
              chance: z.number(),
              chosen: z.boolean(),
            }),
          ),
          untried: z.array(z.array(z.number())),
          calm: z.array(
            z.looseObject({
              calmHours: z.number(),
              opened: z.number(),
              returned: z.number(),
              notices: z.number(),
              chosen: z.boolean(),
            }),
          ),
        })
        .describe('windows and hysteresis that were tried, the policy’s own first'),
      notes: strings.describe('what has to be said of the levels'),
      backtest: measured.optional().describe('what backtest counts on the same files'),
      started: measured
        .optional()
        .describe(
          'what it counts under the policy that the search started from, where that names the shipped calibration',
        ),
    }),
  ]),
  calibrate: z.looseObject({
    id: z.string(),
    madeAt: iso,
    days: z.number(),
    accounts: count,
    events: count,
    foreign: z.boolean(),
    levels: z
      .looseObject({
        watch: z.number(),
        suspect: z.number().optional(),
        critical: z.number().optional(),
        groups: z
          .number()
          .optional()
          .describe(
            'share of benign accounts that are named through groups within a month, at most; absent: nobody is named through a group',
          ),
        unranked: z
          .number()
          .optional()
          .describe(
            'share of accounts that are named through new groups within thirty days although no rank supports it, at most: a count, beside groups; absent: none',
          ),
      })
      .describe('chances a month at which levels are reached; absent: the level does not exist'),
    unsupported: strings,
    review: z.array(z.looseObject({ accounts: strings, why: strings })).optional(),
    learningCurve: z.array(z.looseObject({ answered: z.number(), recall: z.number() })).optional(),
  }),
  learning: z.looseObject({
    state: z.enum(['learning', 'live', 'held back']),
    inForce: z.string(),
    newest: z.looseObject({ id: z.string(), madeAt: iso, accounts: count, days: z.number() }).optional(),
    missing: strings,
    ready: z.boolean(),
    flaggedInShadow: count,
  }),
  review: z.union([
    z.looseObject({ review: storedReview.nullable() }),
    z.looseObject({ answers: z.array(answer) }),
  ]),
  drift: z.looseObject({
    calibration: z.string(),
    accounts: count,
    watched: count.describe('facts times groups'),
    alpha: share,
    drifted: z.array(
      z.looseObject({ fact: z.string(), group: z.string(), log10E: z.number(), evidence: z.string() }),
    ),
  }),
  'policy validate': z.looseObject({
    files: z.array(z.looseObject({ file: z.string(), ok: z.boolean(), faults: z.array(z.looseObject({})) })),
  }),
  'policy diff': z.looseObject({
    before: z.string(),
    after: z.string(),
    changes: z.array(change),
    warnings: strings,
    traffic: z.looseObject({ gained: strings, lost: strings }).optional().describe('with --events'),
  }),
  'policy status': z.looseObject({
    where: z.string(),
    active: z.looseObject({ policy: z.string(), calibration: z.string() }).optional(),
    shadow: z.looseObject({ policy: z.string() }).nullable(),
    history: z.array(deployment),
  }),
  'policy push': pushed,
  'policy shadow': z.union([
    z
      .looseObject({
        candidate: z.string().optional(),
        policies: strings,
        from: z.string(),
        to: z.string(),
        accounts: count,
        counts: z.looseObject({ active: count, shadow: count, both: count }).describe('accounts'),
        onlyShadow: z.array(z.looseObject({ finding: z.string(), subject: z.string(), level })),
        onlyActive: z.array(z.looseObject({ finding: z.string(), subject: z.string(), level })),
        lines: strings,
      })
      .describe('without a file: what the candidate found'),
    pushed.describe('with a file'),
    z.looseObject({ shadow: z.null() }).describe('--off'),
  ]),
  'policy rollback': z.looseObject({
    policy: z.string(),
    where: z.string(),
    deployment: deployment.nullable(),
  }),
  'policy promote': z.looseObject({ policy: z.string().nullable() }),
  'findings list': z.looseObject({ findings: z.array(finding), more: z.boolean() }),
  'findings show': z.looseObject({
    finding,
    audit: z.array(auditEntry),
    exception: z.looseObject({ subject: z.string(), until: iso }).nullable(),
    view: z.looseObject({}),
  }),
  triage: verdictMade,
  dossier: z.looseObject({
    finding: z.string(),
    out: z.string(),
    files: strings,
    head: z.string(),
    keyId: z.string().nullable(),
    reproduced: z.boolean(),
    missing: strings,
  }),
  'dossier verify': z.looseObject({
    ok: z.boolean(),
    standing: z.enum(['verified', 'broken', 'unverified']),
    faults: z.array(z.looseObject({ path: z.string(), what: z.string() })),
    doubts: strings,
    finding: z.string().nullable(),
    keyId: z.string().nullable(),
    reproduced: z.boolean().nullable(),
  }),
  resolve: z.looseObject({
    resolved: z.array(z.looseObject({ id: z.string(), account: z.string() })),
    unresolved: strings,
    candidates: count,
  }),
  plan: z.looseObject({
    workload: z.looseObject({}),
    shards: count,
    concurrency: count,
    total: z.looseObject({ onDemand: z.number(), provisioned: z.number() }).describe('USD a month'),
  }),
  doctor: z.looseObject({
    stack: z.looseObject({ name: z.string(), status: z.string() }),
    checks: count,
    found: z.array(
      z.looseObject({
        check: z.string(),
        severity: z.enum(['wrong', 'missing']),
        what: z.string(),
        remedy: z.string(),
      }),
    ),
    unseen: z.array(z.looseObject({ what: z.string(), why: z.string() })),
  }),
  teardown: z.looseObject({
    stack: z.string(),
    done: z.boolean(),
    policyVersions: count,
    buckets: z.array(z.looseObject({ bucket: z.string(), objects: count })),
    left: strings,
    tablesBeside: strings,
  }),
  rebuild: z.looseObject({}),
  redrive: z.looseObject({ objects: count, usable: count, putBack: count, refused: count }),
  record: z.looseObject({ events: count, files: strings, from: z.string(), development: z.boolean() }),
  'keyring check': z.looseObject({
    development: z.boolean(),
    epochs: z.array(z.looseObject({ id: z.string() })),
  }),
  'vectors --check': z.looseObject({
    right: count,
    all: count,
    results: z.array(z.looseObject({ name: z.string(), differs: strings })),
  }),
  console: z.looseObject({ url: z.url(), accounts: count }),
  demo: z.looseObject({
    engine: z.string(),
    policy: z.looseObject({ id: z.string() }).describe('what accounts were judged under'),
    counts: z.looseObject({
      events: count,
      used: count,
      accounts: count,
      findings: count,
      notifications: count,
    }),
    story: z
      .looseObject({
        planted: count,
        ordinary: count,
        found: count,
        wronged: count.describe('false positives'),
      })
      .optional(),
    suspects: z.array(z.looseObject({ finding: z.string(), level })),
    problems: strings,
    next: z.array(z.looseObject({ command: z.string(), what: z.string() })),
  }),
  'demo --send': z.looseObject({ events: count, weeks: count, from: iso, to: iso }),
  recalibrate: z.looseObject({
    run: z.string().optional(),
    state: z.string().optional(),
    started: iso.optional(),
    ended: iso.optional(),
    cause: z.string().optional(),
    made: z.looseObject({ id: z.string(), accounts: count }).optional(),
    maps: z
      .array(z.looseObject({ map: z.string(), shards: count, done: count, running: count, failed: count }))
      .optional(),
    cost: z
      .looseObject({
        accounts: count,
        shards: count,
        minutes: z.number(),
        usd: z.number(),
        lines: z.array(z.looseObject({ what: z.string(), usd: z.number() })),
      })
      .optional()
      .describe('without --yes: what a run would cost'),
  }),
  hunt: z.looseObject({
    query: z.string().optional(),
    table: z.enum(['events', 'prints']).optional(),
    since: z.iso.date().optional(),
    until: z.iso.date().optional(),
    source: z.looseObject({
      days: z.array(z.iso.date()),
      events: count,
      prints: count,
      erased: count.describe('rows that forget took out'),
      notes: strings.describe('what is missing or not known to be there'),
    }),
    columns: strings,
    rows: z.array(z.array(z.unknown())).describe('values in the order of the columns; times of UTC'),
    cut: z.boolean(),
    athena: z
      .looseObject({ bytes: count, usd: z.number() })
      .optional()
      .describe('what the query would read there, over the same days'),
  }),
  'hunt --list': z.looseObject({
    queries: z.array(
      z.looseObject({
        id: z.string(),
        title: z.string(),
        question: z.string(),
        explanation: z.string(),
        table: z.enum(['events', 'prints']),
        reads: strings,
        sql: z.string(),
      }),
    ),
  }),
  forget: z.looseObject({ dryRun: z.boolean(), places: z.array(z.looseObject({})), notLookedAt: strings }),
} as const satisfies Readonly<Record<string, z.ZodType>>;

export type OutputName = keyof typeof OUTPUTS;

/** All of them in one JSON Schema, each under `$defs`. */
export function outputJsonSchema(): string {
  const $defs = Object.fromEntries(
    Object.entries(OUTPUTS).map(([name, schema]) => {
      const { $schema: _, ...made } = z.toJSONSchema(schema, {
        target: 'draft-7',
        io: 'input',
        unrepresentable: 'any',
      });
      return [name, made];
    }),
  );
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', title: 'What siphonwatch prints with --json, by verb', $defs }, null, 1)}\n`;
}

import type { Command } from 'commander';

interface Verb {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** The command line: one file a verb under lib/cli, loaded when it is called, so that help comes at once. */
export const VERBS: Readonly<Record<string, Verb>> = {
  record: {
    summary: 'turn exchanges into usage events',
    load: async () => (await import('./record/record.ts')).recordCommand(),
  },
  collect: {
    summary: 'listen for OpenTelemetry, LiteLLM and exchanges',
    load: async () => (await import('./collect/collect.ts')).collectCommand(),
  },
  keyring: {
    summary: "the recorder's keys: new, rotate, check",
    load: async () => (await import('./keyring/keyring.ts')).keyringCommand(),
  },
  vectors: {
    summary: 'test vectors for recorders in other languages',
    load: async () => (await import('./vectors/vectors.ts')).vectorsCommand(),
  },
  demo: {
    summary: 'the whole pipeline on embedded AWS',
    load: async () => (await import('./demo/demo.ts')).demoCommand(),
  },
  backtest: {
    summary: 'replay recorded traffic',
    load: async () => (await import('./backtest/backtest.ts')).backtestCommand(),
  },
  calibrate: {
    summary: 'learn what is normal in each peer group',
    load: async () => (await import('./calibrate/calibrate.ts')).calibrateCommand(),
  },
  recalibrate: {
    summary: 'calibrate the whole deployment in shards, now',
    load: async () => (await import('./recalibrate/recalibrate.ts')).recalibrateCommand(),
  },
  drift: {
    summary: 'are accounts still like those that were learnt from?',
    load: async () => (await import('./drift/drift.ts')).driftCommand(),
  },
  learning: {
    summary: 'how far the learning of a deployment is',
    load: async () => (await import('./learning/learning.ts')).learningCommand(),
  },
  review: {
    summary: 'whose verdict helps most, and answers to it',
    load: async () => (await import('./review/review.ts')).reviewCommand(),
  },
  findings: {
    summary: 'list and show findings',
    load: async () => (await import('./findings/findings.ts')).findingsCommand(),
  },
  triage: {
    summary: 'record a verdict, a note or an owner, or undo a verdict',
    load: async () => (await import('./findings/triage.ts')).triageCommand(),
  },
  dossier: {
    summary: "a finding's evidence, complete and verifiable",
    load: async () => (await import('./dossier/dossier.ts')).dossierCommand(),
  },
  hunt: {
    summary: 'ask the archive a question in SQL',
    load: async () => (await import('./hunt/hunt.ts')).huntCommand(),
  },
  forensics: {
    summary: 'was a suspect model trained on ours?',
    load: async () => (await import('./forensics/forensics.ts')).forensicsCommand(),
  },
  plan: {
    summary: 'capacity and cost for an amount of traffic',
    load: async () => (await import('./plan/plan.ts')).planCommand(),
  },
  doctor: {
    summary: 'what is wrong or missing in a deployment',
    load: async () => (await import('./doctor/doctor.ts')).doctorCommand(),
  },
  teardown: {
    summary: 'empty what a deployment filled, before its stack is deleted',
    load: async () => (await import('./teardown/teardown.ts')).teardownCommand(),
  },
  redrive: {
    summary: 'put quarantined events back on the stream',
    load: async () => (await import('./redrive/redrive.ts')).redriveCommand(),
  },
  rebuild: {
    summary: 'make the profiles anew from the archive',
    load: async () => (await import('./rebuild/rebuild.ts')).rebuildCommand(),
  },
  forget: {
    summary: 'remove one customer from everything stored',
    load: async () => (await import('./forget/forget.ts')).forgetCommand(),
  },
  policy: {
    summary: 'check, compare and roll out policies',
    load: async () => (await import('./policy/policy.ts')).policyCommand(),
  },
  tune: {
    summary: 'propose a policy from labelled traffic',
    load: async () => (await import('./tune/tune.ts')).tuneCommand(),
  },
  console: {
    summary: 'a local page: findings, verdicts, campaigns, thresholds',
    load: async () => (await import('./console/console.ts')).consoleCommand(),
  },
  resolve: {
    summary: "a pseudonym's account, for holders of the key",
    load: async () => (await import('./findings/resolve.ts')).resolveCommand(),
  },
};

/** A benchmark as `npm run bench` calls it: `npm run bench:NAME`. */
export interface Benchmark {
  /** folder of DIR that `--data` names ('' for DIR itself); undefined: it needs none, or makes its own */
  readonly data?: 'traffic' | '';
  readonly args?: readonly string[];
  /** it writes JSON whose numbers have a baseline */
  readonly compared?: true;
}

/** All of them, in the order in which they run: the short ones first. */
export const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  bundles: {},
  inputs: {},
  formats: {},
  'mixed-lines': { args: ['--lines', '100000'] },
  recorder: {},
  'worst-text': { args: ['--seconds', '20'] },
  'worst-conversation': { args: ['--seconds', '20'] },
  collect: {},
  console: {},
  hunts: {},
  fleet: {},
  lanes: { args: ['--seconds', '20'] },
  // ratios need no fortnight of traffic
  score: { data: 'traffic', args: ['--events', '40000'], compared: true },
  backtest: { data: 'traffic', compared: true },
  cost: { data: 'traffic', args: ['--share', '0.12'] },
  campaigns: { data: 'traffic' },
  documents: { data: 'traffic' },
  learning: { data: 'traffic' },
  detect: { data: 'traffic' },
  'strangers-campaigns': { data: '' },
  strangers: { data: '' },
  evasion: { data: '' },
  forensics: { data: '' },
};

import type { LinkRuns } from '../../lib/aws/link-runs.ts';
import type { DividedParts } from '../../lib/campaigns/divided-parts.ts';
import { type Basis, DividedRun } from '../../lib/campaigns/divided-run.ts';
import type { LinkPorts, LinkReport } from '../../lib/campaigns/stored-run.ts';
import type { LinkPlanned, LinkStepInput } from '../../lib/contract/link-steps.ts';
import type { Rules } from '../../lib/detection/judge.ts';

/** What steps work on. */
export interface StepPorts {
  readonly runs: LinkRuns;
  /** @param begun processing time of the run's first step, ms */
  readonly stored: (rules: Rules, begun: number) => LinkPorts;
  /** the rules in force; a run begins: what it is about to read presses no longer */
  readonly begin: () => Promise<Rules>;
  readonly now: () => number;
}

/** What `finish` leaves, for whoever asks it again. */
const ENDED = 'ended';

/** What a shard answers. */
export interface ShardAnswer {
  readonly shard: number;
  /** accounts, or campaigns that were judged */
  readonly found: number;
}

/** The steps of a run of `link` in shards (lib/campaigns/divided-run.ts), each with what it needs of AWS. */
export class LinkSteps {
  readonly #ports: StepPorts;

  constructor(ports: StepPorts) {
    this.#ports = ports;
  }

  /** What the state machine gets back, small whatever the fleet's size; of `finish` the whole report. */
  async run(
    input: LinkStepInput,
  ): Promise<LinkPlanned | ShardAnswer | { readonly due: number } | LinkReport> {
    switch (input.step) {
      case 'plan':
        return this.#plan(input);
      case 'group':
        return { due: await (await this.#divided(input)).group() };
      case 'finish':
        return this.#finish(input);
      case 'read':
        return { shard: input.shard, found: await (await this.#divided(input)).read(input.shard) };
      case 'judge': {
        const { judged } = await (await this.#divided(input)).judge(input.shard);
        return { shard: input.shard, found: judged };
      }
      default: {
        const divided = await this.#divided(input);
        return { shard: input.shard, found: await divided.contents(input.step, input.shard) };
      }
    }
  }

  async #plan({ run, shards }: LinkStepInput): Promise<LinkPlanned> {
    const parts = this.#parts(run);
    if ((await parts.get<Basis>('basis')) === undefined) {
      const rules = await this.#ports.begin();
      const begun = this.#ports.now();
      await new DividedRun(this.#ports.stored(rules, begun), parts, shards).plan(rules, begun);
    }
    return { run, shards, items: Array.from({ length: shards }, (_, shard) => ({ shard })) };
  }

  /** What was done is noted before the run's parts go, as the answer may be lost and the step asked again. */
  async #finish(input: LinkStepInput): Promise<LinkReport> {
    const { runs } = this.#ports;
    const report =
      (await runs.get<LinkReport>(input.run, ENDED)) ??
      (await runs.keep<LinkReport>(input.run, ENDED, await (await this.#divided(input)).finish()));
    await runs.drop(input.run, ENDED);
    return report;
  }

  async #divided({ run, shards }: LinkStepInput): Promise<DividedRun> {
    const parts = this.#parts(run);
    const { rules, begun } = await parts.need<Basis>('basis');
    return new DividedRun(this.#ports.stored(rules, begun), parts, shards);
  }

  #parts(run: string): DividedParts {
    const { runs } = this.#ports;
    return {
      keep: (name, value) => runs.keep(run, name, value),
      get: (name) => runs.get(run, name),
      need: (name) => runs.need(run, name),
    };
  }
}

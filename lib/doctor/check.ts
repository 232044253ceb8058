import type { DeploymentFacts } from './facts.ts';

/** Something wrong or missing, and what to do about it. */
export interface Diagnosis {
  readonly check: string;
  /** wrong: act; missing: decide whether it is meant so */
  readonly severity: 'wrong' | 'missing';
  readonly what: string;
  readonly remedy: string;
}

export interface Check {
  readonly id: string;
  readonly severity: Diagnosis['severity'];
  readonly remedy: string;
  /** one sentence for each thing found; undefined facts find nothing */
  readonly find: (facts: DeploymentFacts) => readonly string[];
}

/** What the shipped settings have, where an alarm or a mapping that has it in force cannot be read. */
export const SHIPPED = {
  calibrationAgeHours: 49,
  undeliveredSeconds: 15 * 60,
  recordAgeHours: 24,
  iteratorAgeMs: 15 * 60_000,
};
/** Use of a quota at which there is no room for a peak. */
export const NEARLY = 0.8;

/** At what an alarm is raised, as deployed: what is too old or too late is what the settings in force say. */
export const thresholdOf = ({ alarms = [], stack }: DeploymentFacts, id: string, shipped: number): number =>
  alarms.find(({ name }) => name === `${stack.name}-${id}`)?.threshold ?? shipped;

export const when = (condition: boolean | undefined, text: string): readonly string[] =>
  condition === true ? [text] : [];

import type { SFNClient } from '@aws-sdk/client-sfn';
import { COMMAND } from '../contract/command.ts';
import { type MachineRun, MapMachineRuns } from './map-machine-runs.ts';

/** One calibration in shards. Of its maps, `see` is before `measure`. */
export interface CalibrationRun extends Omit<MachineRun, 'output' | 'name'> {
  /** what it made: the calibration's id and its accounts; absent where too few accounts showed enough */
  readonly made?: { readonly id: string; readonly accounts: number };
}

/** The one owner of the state machine of the calibration in shards. */
export class CalibrationMachine {
  readonly #runs: MapMachineRuns;

  constructor(client: SFNClient, arn: string) {
    this.#runs = new MapMachineRuns(client, arn);
  }

  /** The run that began last; undefined where there is none. */
  async latest(): Promise<CalibrationRun | undefined> {
    const latest = await this.#runs.latest();
    return latest === undefined ? undefined : asCalibration(latest);
  }

  async start(): Promise<CalibrationRun> {
    return asCalibration(await this.#runs.start());
  }

  async describe(executionArn: string): Promise<CalibrationRun> {
    return asCalibration(await this.#runs.describe(executionArn));
  }

  /** Ends a run. What its steps left stays for two days, and it may be resumed. */
  async cancel(executionArn: string): Promise<void> {
    await this.#runs.cancel(executionArn, `${COMMAND} recalibrate`);
  }

  /** Goes on with a run that failed or was cancelled. */
  async resume(executionArn: string): Promise<void> {
    await this.#runs.resume(executionArn);
  }
}

function asCalibration({ output, name: _, ...run }: MachineRun): CalibrationRun {
  const made = madeBy(output);
  return {
    ...run,
    ...(made === undefined ? {} : { made }),
    // the map that began first comes first
    maps: [...run.maps].sort((a, b) => (a.map === b.map ? 0 : a.map === 'see' ? -1 : 1)),
  };
}

function madeBy(output: string | undefined): CalibrationRun['made'] {
  if (output === undefined) return undefined;
  const json: unknown = JSON.parse(output);
  if (typeof json !== 'object' || json === null || !('id' in json) || !('accounts' in json)) return undefined;
  return { id: String(json.id), accounts: Number(json.accounts) };
}

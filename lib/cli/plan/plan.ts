import { Command, InvalidArgumentError } from 'commander';
import { MEASURED, planCapacity } from '../../infra/capacity.ts';
import { printJson, runCommand } from '../shared/command.ts';

function positive(text: string): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) throw new InvalidArgumentError('must be a positive number');
  return value;
}

/** `plan --events-per-second N`: shards, concurrency, write units, bytes and money. */
export function planCommand(): Command {
  return new Command('plan')
    .description(
      'capacity and monthly cost for an amount of traffic, at list prices; the demo prints measured write units for each event',
    )
    .requiredOption('--events-per-second <n>', 'mean traffic', positive)
    .option('--accounts <n>', 'active accounts', positive, 10_000)
    .option('--bytes-per-event <n>', 'in a packed record, compressed', positive, MEASURED.bytesPerEvent)
    .option('--write-units-per-event <n>', 'as the demo measures it', positive, MEASURED.writeUnitsPerEvent)
    .option('--events-per-record <n>', 'events that the producer packs', positive, MEASURED.eventsPerRecord)
    .option('--archive-days <n>', 'retention of the archive', positive, MEASURED.archiveDays)
    .option('--json', 'print one JSON document')
    .action(
      (options: {
        eventsPerSecond: number;
        accounts: number;
        bytesPerEvent: number;
        writeUnitsPerEvent: number;
        eventsPerRecord: number;
        archiveDays: number;
        json?: boolean;
      }) =>
        runCommand('plan', () => {
          const { json, ...given } = options;
          const workload = { ...MEASURED, ...given };
          const made = planCapacity(workload);
          if (json === true) printJson({ workload, ...made });
          else {
            const usd = (value: number): string =>
              `$${value.toLocaleString('en-US', { maximumFractionDigits: 0 })}`;
            const { monthly } = made;
            process.stdout.write(
              `${[
                `${given.eventsPerSecond} events a second, capacity for three times that`,
                `stream     ${made.shards} shards provisioned ${usd(monthly.streamProvisioned)} a month, on demand ${usd(monthly.streamOnDemand)}`,
                `functions  ${made.concurrency} at once, ${usd(monthly.functions)}`,
                `tables     ${made.writeUnitsPerSecond} write units a second, ${usd(monthly.tables)}`,
                `archive    ${given.archiveDays} days, ${usd(monthly.archive)}`,
                `total      ${usd(monthly.total)} a month at list prices, without support, transfer and alarms`,
              ].join('\n')}\n`,
            );
          }
          return Promise.resolve(0);
        }),
    );
}

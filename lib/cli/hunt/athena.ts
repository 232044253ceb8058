import { DEFAULT_STACK } from '../../contract/command.ts';
import { databaseName, type HuntTable, workGroupName } from '../../contract/hunt-names.ts';
import { athenaSql, type Days } from '../../hunts/dialect.ts';
import type { HuntQuery } from '../../hunts/queries.ts';
import { InputError } from '../../input/errors.ts';

/** Where to ask in AWS. */
export interface AthenaPlace {
  readonly workGroup: string;
  readonly database: string;
  readonly region: string | undefined;
  /** id of the stored query, where the stack's outputs say it */
  readonly namedQuery: string | undefined;
}

/**
 * Of a stack's outputs; without them the names that the stack gives.
 * @param of `table` that is asked, which has a workgroup of its own; `outputs` undefined: the stack was not looked at
 * @throws InputError where the stack has no hunts
 */
export function athenaPlace(
  query: string | undefined,
  of: {
    readonly table: HuntTable;
    readonly stack: string | undefined;
    readonly region: string | undefined;
    readonly outputs: Readonly<Record<string, string>> | undefined;
  },
): AthenaPlace {
  const name = of.stack ?? DEFAULT_STACK;
  if (of.outputs !== undefined && of.outputs.HuntWorkGroup === undefined)
    throw new InputError(`the stack ${name} has no hunts: deploy it with -c siphonwatch:hunts=true`);
  return {
    workGroup:
      (of.table === 'prints' ? of.outputs?.HuntPrintsWorkGroup : of.outputs?.HuntWorkGroup) ??
      workGroupName(name, of.table),
    database: of.outputs?.HuntDatabase ?? databaseName(name),
    region: of.region,
    namedQuery: query === undefined ? undefined : namedQueries(of.outputs?.HuntQueries)[query],
  };
}

/** `name=id` pairs, comma between (lib/infra/guidance.ts). */
function namedQueries(text = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(',').map((pair) => pair.split('=') as [string, string]));
}

/**
 * Commands that run a query in Athena and print its result, to be pasted into a shell. They say in which database, by
 * which workgroup, wait as long as the query runs, and end where aws fails. None of them ends the shell itself.
 */
export function athenaCommands(
  what: { readonly query?: HuntQuery | undefined; readonly sql: string },
  days: Days,
  { workGroup, database, region, namedQuery }: AthenaPlace,
): string {
  const at = region === undefined ? '' : ` --region ${region}`;
  const { query } = what;
  const stored =
    query === undefined
      ? []
      : [
          `# ${query.title}`,
          `# in the console: Athena, workgroup ${workGroup}, Saved queries, ${query.id}${namedQuery === undefined ? '' : ` (id ${namedQuery})`}`,
        ];
  return [
    ...stored,
    "sql=$(cat <<'SQL'",
    athenaSql(what.sql, days),
    'SQL',
    ')',
    `id=$(aws athena start-query-execution${at} --work-group ${workGroup} \\`,
    `  --query-execution-context Database=${database} --query-string "$sql" \\`,
    '  --query QueryExecutionId --output text)',
    // an id that is empty, or a state that aws does not tell, ends the loop: nothing here waits for ever
    `while state=; [ -n "$id" ] && state=$(aws athena get-query-execution${at} --query-execution-id "$id" \\`,
    '  --query QueryExecution.Status.State --output text)',
    'do case $state in QUEUED|RUNNING) sleep 2;; *) break;; esac; done',
    `echo "state: \${state:-not known, see above}"`,
    '[ -z "$state" ] ||',
    `aws athena get-query-execution${at} --query-execution-id "$id" \\`,
    "  --query 'QueryExecution.[Status.StateChangeReason,Statistics.DataScannedInBytes]' --output text",
    '[ "$state" = SUCCEEDED ] &&',
    `aws athena get-query-results${at} --query-execution-id "$id" --output table`,
    '',
  ].join('\n');
}

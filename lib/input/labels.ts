import * as z from 'zod';
import { LABELS, type Label, type Labels } from '../backtest/labels.ts';
import { printable } from '../telemetry/reason.ts';
import { PSEUDONYM } from '../telemetry/usage-event.ts';
import { InputError } from './errors.ts';
import { readBatches } from './lines.ts';
import { say } from './say.ts';

/** Labels for evaluation: CSV with the header `account,label,kind,campaign`. */

/** Only asked where a name is no pseudonym yet, so that a file of pseudonyms needs no key. */
export type PseudonymOf = (account: string) => string | Promise<string>;

const COLUMNS = ['account', 'label', 'kind', 'campaign'] as const;
const labelValue = z.enum(LABELS);

/**
 * Reads a labels file and pseudonymises its accounts as the recorder does; an account that is a pseudonym already
 * (labels made for telemetry without its keys) stays as it is.
 * @throws InputError naming line, field and value: missing column, unknown label, duplicate or empty account
 */
export async function labelsReader(file: string, pseudonymOf?: PseudonymOf): Promise<Labels> {
  const list: Label[] = [];
  const byPseudonym = new Map<string, Label>();
  let columns: Record<(typeof COLUMNS)[number], number> | undefined;
  for await (const batch of readBatches([file])) {
    for (const [index, text] of batch.lines.entries()) {
      const row = text.endsWith('\r') ? text.slice(0, -1) : text;
      if (row.trim() === '') continue;
      if (columns === undefined && row.includes('\ufffd'))
        throw new InputError(`${file}: is no text (not UTF-8): is it the right file?`);
      const where = `${batch.file}:${batch.first + index}`;
      const cells = cellsOf(row, where);
      if (columns === undefined) {
        columns = columnsOf(cells, where);
        continue;
      }
      const label = await labelOf(cells, columns, where, pseudonymOf);
      const earlier = byPseudonym.get(label.pseudonym);
      if (earlier !== undefined)
        throw new InputError(`${where}: account: ${printable(label.account)} is labelled twice`);
      byPseudonym.set(label.pseudonym, label);
      list.push(label);
    }
  }
  if (columns === undefined)
    throw new InputError(`${file}: empty; the first line should be ${COLUMNS.join(',')}`);
  if (list.length === 0) throw new InputError(`${file}: no labels below the header`);
  return { list, byPseudonym };
}

function columnsOf(cells: readonly string[], where: string): Record<(typeof COLUMNS)[number], number> {
  const found = {} as Record<(typeof COLUMNS)[number], number>;
  for (const column of COLUMNS) {
    found[column] = cells.findIndex((cell) => cell.trim() === column);
    if (found[column] < 0)
      throw new InputError(
        `${where}: header: column ${column} is missing (got ${printable(cells.join(','))})`,
      );
  }
  return found;
}

async function labelOf(
  cells: readonly string[],
  columns: Record<(typeof COLUMNS)[number], number>,
  where: string,
  pseudonymOf: PseudonymOf | undefined,
): Promise<Label> {
  const cell = (column: (typeof COLUMNS)[number]) => cells[columns[column]]?.trim() ?? '';
  const account = cell('account');
  if (account === '') throw new InputError(`${where}: account: empty`);
  const label = labelValue.safeParse(cell('label'));
  if (!label.success)
    throw new InputError(`${where}: label: ${printable(cell('label'))} is not one of ${LABELS.join(', ')}`);
  let pseudonym = account;
  if (!PSEUDONYM.test(account)) {
    if (pseudonymOf === undefined)
      throw new InputError(
        `${where}: account: ${printable(account)} is not a pseudonym; give the key it was recorded under (--keyring or --key-seed)`,
      );
    pseudonym = await pseudonymOf(account);
  }
  return { account, pseudonym, label: label.data, kind: cell('kind'), campaign: cell('campaign') };
}

/**
 * Says of labels whose accounts sent nothing that they count nowhere: silence about them would hide a wrong key or a wrong file.
 * @param isHere whether an account has events, by pseudonym
 * @param so what that means here
 */
export function tellAbsent(
  { list }: Pick<Labels, 'list'>,
  isHere: (pseudonym: string) => boolean,
  so: string,
): void {
  const absent = list.filter(({ pseudonym }) => !isHere(pseudonym));
  const [first] = absent;
  if (first === undefined) return;
  const key =
    absent.length === list.length
      ? ' Probably the events were recorded under another key: give --keyring or --key-seed.'
      : '';
  say(
    `WARNING: ${absent.length} of ${list.length} labelled accounts have no events here (the first is ${printable(first.account)}): ${so}.${key}`,
  );
}

/** The cells of a line of CSV (RFC 4180, without line breaks inside quotes). */
export function cellsOf(row: string, where: string): string[] {
  if (!row.includes('"')) return row.split(',');
  const cells: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  while (pattern.lastIndex <= row.length) {
    const match = pattern.exec(row);
    if (match === null) throw new InputError(`${where}: quotes are not closed (got ${printable(row)})`);
    cells.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === '') break;
  }
  return cells;
}

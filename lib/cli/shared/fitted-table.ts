import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import { wrap } from '../../findings/format.ts';
import { largest } from '../../statistics/extremes.ts';

/** A column of a table in a terminal. */
export interface Column {
  readonly head: string;
  readonly right?: boolean;
  /** the narrowest that still says something; the column gives way down to it. Without, it keeps its width */
  readonly min?: number;
  /** left out where the terminal is too narrow, the highest number first */
  readonly optional?: number;
  /** goes on in a further line instead of being cut */
  readonly wrap?: boolean;
  /** where the terminal is too narrow, on a line of its own below its row, before any column is left out */
  readonly below?: boolean;
  /** not shown at all where no row has anything in it */
  readonly sparse?: boolean;
}

const GAP = 2;
const NARROWEST = 40;
/** Of what stands below its row. */
const INDENT = ' '.repeat(4);

/** Columns of the terminal, else those that the environment names, else enough for a file. */
export function terminalWidth(stream: { readonly columns?: number | undefined } = process.stdout): number {
  const named = Number(process.env.COLUMNS);
  return Math.max(NARROWEST, stream.columns ?? (Number.isInteger(named) && named > 0 ? named : 120));
}

const NO_BORDER = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) => [
    [side, ''],
    ...(['top', 'bottom'].includes(side)
      ? [
          [`${side}-mid`, ''],
          [`${side}-left`, ''],
          [`${side}-right`, ''],
        ]
      : []),
    ...(['left', 'mid', 'right'].includes(side) ? [[`${side}-mid`, '']] : []),
  ]),
);

const widthOf = (cell: string): number =>
  Math.max(
    0,
    ...stripVTControlCharacters(cell)
      .split('\n')
      .map((line) => [...line].length),
  );

/** A table that no line of is wider than `width` (columns of the terminal), as long as the fixed columns fit by themselves. */
export function fittedTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = terminalWidth(),
): string {
  let shown = columns
    .map((column, at) => ({
      column,
      at,
      natural: largest(
        rows.map((row) => widthOf(row[at] ?? '')),
        widthOf(column.head),
      ),
    }))
    .filter(({ column, at }) => column.sparse !== true || rows.some((row) => (row[at] ?? '') !== ''));
  const least = (): number =>
    shown.reduce((sum, { column, natural }) => sum + Math.min(natural, column.min ?? natural) + GAP, -GAP);
  const under = least() > width ? shown.filter(({ column }) => column.below === true) : [];
  shown = shown.filter((held) => !under.includes(held));
  while (least() > width) {
    const last = Math.max(...shown.map(({ column }) => column.optional ?? 0));
    if (last === 0) break;
    shown = shown.filter(({ column }) => column.optional !== last);
  }
  const kept = new Set([...shown, ...under].map(({ at }) => at));
  const gone = columns.filter((_, at) => !kept.has(at) && rows.some((row) => (row[at] ?? '') !== ''));
  const widths = shown.map(({ natural }) => natural);
  const total = (): number => widths.reduce((sum, held) => sum + held + GAP, -GAP);
  // the widest of those that may gives way first
  while (total() > width) {
    let widest = -1;
    shown.forEach(({ column }, i) => {
      const may = column.min !== undefined && (widths[i] as number) > column.min;
      if (may && (widest < 0 || (widths[i] as number) > (widths[widest] as number))) widest = i;
    });
    if (widest < 0) break;
    widths[widest] = (widths[widest] as number) - 1;
  }
  const table = new Table({
    head: shown.map(({ column }, i) => placed(column.head, widths[i] as number, column)),
    colWidths: widths.map((held, i) => held + (i === widths.length - 1 ? 0 : GAP)),
    chars: { ...NO_BORDER, middle: '' },
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
    wordWrap: true,
  });
  for (const row of rows) {
    table.push(shown.map(({ column, at }, i) => placed(row[at] ?? '', widths[i] as number, column)));
    for (const { at } of under)
      if ((row[at] ?? '') !== '')
        table.push([{ content: wrap(row[at] ?? '', width, INDENT, INDENT), colSpan: shown.length }]);
  }
  const lines = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return [...lines, ...leftOut(gone, width)].join('\n');
}

/** What the terminal is too narrow for is named, so that nobody takes it for absent. */
function leftOut(gone: readonly Column[], width: number): string[] {
  if (gone.length === 0) return [];
  const names = gone.map(({ head }) => head).join(', ');
  return wrap(`(too narrow for: ${names}; a wider terminal or --json has them)`, width).split('\n');
}

/** Cut with an ellipsis, or set flush right; a cell that fits keeps its colours. */
function placed(cell: string, width: number, { right, wrap: further }: Column): string {
  const own = widthOf(cell);
  if (own > width)
    return further === true
      ? wrap(cell, width) // to the column's width: the gap beside it stays
      : `${[...stripVTControlCharacters(cell)].slice(0, Math.max(1, width - 1)).join('')}…`;
  return right === true ? `${' '.repeat(width - own)}${cell}` : cell;
}

import type { FindingRow } from '../lib/console/finding-rows.ts';

/** Filters and orders of the list of findings. Pure; nothing of the browser. */

export const SORTS = ['urgency', 'newest', 'oldest', 'tokens'] as const;
export const STATES = ['open', 'calmed', 'closed'] as const;
export const LEVELS_SHOWN = ['critical', 'suspect', 'watch', 'clear'] as const;
export const AGES: Readonly<Record<string, number>> = { '1 day': 1, '7 days': 7, '30 days': 30 };
const DAY_MS = 86_400_000;

export interface Listed {
  readonly row: FindingRow;
  /** stands below the finding of its campaign */
  readonly below: boolean;
}

const RANK: Readonly<Record<string, number>> = { critical: 3, suspect: 2, watch: 1, clear: 0 };

function compare(sort: string): (a: FindingRow, b: FindingRow) => number {
  if (sort === 'newest') return (a, b) => b.updated - a.updated;
  if (sort === 'oldest') return (a, b) => a.opened - b.opened;
  if (sort === 'tokens') return (a, b) => b.outputTokens - a.outputTokens;
  return (a, b) =>
    (RANK[b.level] ?? 0) - (RANK[a.level] ?? 0) ||
    STATES.indexOf(a.state as 'open') - STATES.indexOf(b.state as 'open') ||
    b.outputTokens - a.outputTokens ||
    b.updated - a.updated;
}

/** Whether a row is wanted by the fields of the address. */
export function fits(row: FindingRow, query: URLSearchParams, now: number): boolean {
  const asked = (name: string): string => query.get(name) ?? '';
  const state = asked('state') || 'open';
  if (state !== 'all' && row.state !== state) return false;
  if (asked('level') !== '' && row.level !== asked('level')) return false;
  if (asked('verdict') !== '' && (row.verdict || 'none') !== asked('verdict')) return false;
  if (asked('owner') !== '' && (row.owner || 'nobody') !== asked('owner')) return false;
  if (asked('type') !== '' && row.type !== asked('type')) return false;
  if (asked('reason') !== '' && !row.signals.includes(asked('reason'))) return false;
  const days = AGES[asked('age')];
  if (days !== undefined && now - row.opened > days * DAY_MS) return false;
  const find = asked('find').trim().toLowerCase();
  if (find === '') return true;
  return haystackOf(row).includes(find);
}

/** Row to what a search looks through: made once, not at every letter. */
const haystacks = new WeakMap<FindingRow, string>();

function haystackOf(row: FindingRow): string {
  let held = haystacks.get(row);
  if (held === undefined) {
    held = [row.id, row.subject, row.plan, row.product, row.reason, row.reason2, row.owner]
      .join('\n')
      .toLowerCase();
    haystacks.set(row, held);
  }
  return held;
}

/** Lists of rows to their orders: sorted once, not at every letter of a search. */
const ordered = new WeakMap<readonly FindingRow[], Map<string, readonly FindingRow[]>>();

function inOrder(rows: readonly FindingRow[], sort: string): readonly FindingRow[] {
  const orders = ordered.get(rows) ?? new Map<string, readonly FindingRow[]>();
  ordered.set(rows, orders);
  const held = orders.get(sort) ?? [...rows].sort(compare(sort));
  orders.set(sort, held);
  return held;
}

/** What is shown, in order; accounts of a campaign that is shown stand below it. */
export function listed(rows: readonly FindingRow[], query: URLSearchParams, now: number): Listed[] {
  const sort = query.get('sort') ?? '';
  const wanted = inOrder(rows, (SORTS as readonly string[]).includes(sort) ? sort : '').filter((row) =>
    fits(row, query, now),
  );
  const heads = new Set(wanted.filter(({ type }) => type === 'campaign').map(({ id }) => id));
  const below = new Map<string, FindingRow[]>();
  for (const row of wanted)
    if (heads.has(row.campaign)) below.set(row.campaign, [...(below.get(row.campaign) ?? []), row]);
  return wanted.flatMap((row) =>
    heads.has(row.campaign)
      ? []
      : [{ row, below: false }, ...(below.get(row.id) ?? []).map((held) => ({ row: held, below: true }))],
  );
}

/** Age for a narrow column: 40 min, 7 h, 12 d */
export function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 60) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} d`;
}

export function amount(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)} bn`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(1)} m`;
  return value.toLocaleString('en-US');
}

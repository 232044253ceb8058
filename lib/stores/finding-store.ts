import type { Answer } from '../findings/answer.ts';
import type { Row } from '../findings/digest-message.ts';
import type { Exception, ExceptionPort } from '../findings/exception.ts';
import type { AuditEntry, Finding } from '../findings/finding.ts';

/** A finding as it is stored, with the version that a write has to name. */
export interface StoredFinding {
  readonly finding: Finding;
  readonly version: number;
}

/** A small piece of state of delivery itself (the storm brake), as JSON text. */
export interface StoredState {
  readonly body: string;
  readonly version: number;
}

/** A finding whose copy in Security Hub is behind, and the change that it waits for. */
export interface AwaitedImport {
  readonly id: string;
  readonly token: string;
}

export interface FindingPage {
  readonly findings: readonly Finding[];
  /** more than `limit` were there */
  readonly more: boolean;
}

/** The findings table: findings with their verdicts, the audit trail, answers to the review, exceptions, lists that wait to be told. */
export interface FindingStore extends ExceptionPort {
  find(id: string): Promise<StoredFinding | undefined>;
  /** Writes if the stored version is still `read` (undefined: if there is none); false where it is not. */
  write(next: Finding, read: number | undefined): Promise<boolean>;
  /** Newest changes first. `shadow`: findings of shadow policies instead. */
  list(limit: number, shadow?: boolean): Promise<FindingPage>;
  /** All changes that people made, ascending. */
  audit(id: string): Promise<readonly AuditEntry[]>;
  /** Keeps entries as items of their own; those that are there stay as they are. */
  keepAudit(id: string, entries: readonly AuditEntry[]): Promise<void>;
  putException(held: Exception): Promise<void>;
  dropException(subject: string): Promise<void>;
  /**
   * Puts a line into a list that is told later; a repeat changes nothing. False where the line has left the list for another one.
   * @param expires ms since 1970
   */
  enlist(list: string, held: Row, expires: number): Promise<boolean>;
  /**
   * The line of a delivery leaves a list before it is in it, for another one: whoever still has it on the way there is refused.
   * False where it got in already, and stays. A repeat changes nothing. @param expires ms since 1970
   */
  leave(list: string, delivery: string, expires: number): Promise<boolean>;
  rows(list: string): Promise<readonly Row[]>;
  /** Whether a list has the line of a delivery; one read, however long the list is. */
  isEnlisted(list: string, delivery: string): Promise<boolean>;
  /** Marks a finding whose Security Hub copy is behind; `token` says since which change. A repeat replaces itself. */
  awaitImport(id: string, token: string): Promise<void>;
  /** Findings that were marked, at most `limit`. */
  awaitingImport(limit: number): Promise<readonly AwaitedImport[]>;
  /** Takes the mark away if it is still the one that was read. */
  imported(read: AwaitedImport): Promise<void>;
  /** Keeps an answer to the review; what stands stays: a repeat of a decision changes nothing. @returns what stands */
  putAnswer(held: Answer): Promise<Answer>;
  /** All answers that were ever given, in any order. */
  answers(): Promise<readonly Answer[]>;
  state(name: string): Promise<StoredState | undefined>;
  writeState(name: string, body: string, read: number | undefined): Promise<boolean>;
}

const LEFT = '{"left":';

/** What stands in a list instead of a line that left it. */
export function leftMark(delivery: string): string {
  return JSON.stringify({ left: delivery });
}

/** Whether a stored line of a list is one, and no mark of one that left. */
export function isLine(body: string): boolean {
  return !body.startsWith(LEFT);
}

/** A stored item that this code cannot read: damaged, or of a newer version. */
export class FindingError extends Error {
  override readonly name = 'FindingError';
}

/** What becomes of an item of a list that this code cannot read; without it, whoever lists is stopped. */
export interface FindingStoreOptions {
  /** it is passed over, and all the others are there */
  readonly onUnreadable?: (error: FindingError) => void;
}

/** What can be read of a list's items. @throws FindingError where nobody takes what cannot */
export function readable<I, T>(
  items: readonly I[],
  read: (item: I) => T,
  { onUnreadable }: FindingStoreOptions,
): T[] {
  return items.flatMap((item) => {
    try {
      return [read(item)];
    } catch (error) {
      if (onUnreadable === undefined || !(error instanceof FindingError)) throw error;
      onUnreadable(error);
      return [];
    }
  });
}

/** @throws FindingError naming what it is */
export function parse<T>(
  what: string,
  schema: {
    safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
  },
  text: string,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FindingError(`${what} is not JSON`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) throw new FindingError(`${what}: ${result.error.message}`);
  return result.data;
}

export function newestFirst(a: Finding, b: Finding): number {
  if (a.updatedAt !== b.updatedAt) return a.updatedAt < b.updatedAt ? 1 : -1;
  return a.id < b.id ? -1 : 1;
}

import { type Answer, answer } from '../findings/answer.ts';
import { type Row, row } from '../findings/digest-message.ts';
import { type Exception, exception, inForce } from '../findings/exception.ts';
import { type AuditEntry, auditEntry, type Finding, finding } from '../findings/finding.ts';
import {
  type AwaitedImport,
  type FindingPage,
  type FindingStore,
  type FindingStoreOptions,
  isLine,
  leftMark,
  newestFirst,
  parse,
  readable,
  type StoredFinding,
  type StoredState,
} from './finding-store.ts';

/** The twin in memory, with the same conditions. */
export class MemoryFindingStore implements FindingStore {
  readonly findings = new Map<string, { body: string; version: number }>();
  readonly audits = new Map<string, Map<number, string>>();
  readonly exceptions = new Map<string, string>();
  readonly lists = new Map<string, Map<string, string>>();
  readonly awaited = new Map<string, string>();
  readonly answered = new Map<string, string>();
  readonly states = new Map<string, StoredState>();
  readonly #options: FindingStoreOptions;

  constructor(options: FindingStoreOptions = {}) {
    this.#options = options;
  }

  async find(id: string): Promise<StoredFinding | undefined> {
    const held = this.findings.get(id);
    return held && { finding: parse(`finding ${id}`, finding, held.body), version: held.version };
  }
  async write(next: Finding, read: number | undefined): Promise<boolean> {
    if (this.findings.get(next.id)?.version !== read) return false;
    this.findings.set(next.id, { body: JSON.stringify(next), version: (read ?? 0) + 1 });
    return true;
  }
  async list(limit: number, shadow = false): Promise<FindingPage> {
    const all = readable(
      [...this.findings.values()],
      (held) => parse('finding', finding, held.body),
      this.#options,
    )
      .filter((held) => held.notice.shadow === shadow)
      .sort(newestFirst);
    return { findings: all.slice(0, limit), more: all.length > limit };
  }
  async audit(id: string): Promise<readonly AuditEntry[]> {
    return [...(this.audits.get(id)?.values() ?? [])]
      .map((held) => parse(`audit of ${id}`, auditEntry, held))
      .sort((a, b) => a.n - b.n);
  }
  async keepAudit(id: string, entries: readonly AuditEntry[]): Promise<void> {
    const held = this.audits.get(id) ?? new Map<number, string>();
    this.audits.set(id, held);
    for (const entry of entries) if (!held.has(entry.n)) held.set(entry.n, JSON.stringify(entry));
  }
  async exceptionFor(subject: string, now: number): Promise<Exception | undefined> {
    const text = this.exceptions.get(subject);
    const held = text === undefined ? undefined : parse(`exception of ${subject}`, exception, text);
    return held !== undefined && inForce(held, now) ? held : undefined;
  }
  async putException(held: Exception): Promise<void> {
    this.exceptions.set(held.subject, JSON.stringify(held));
  }
  async dropException(subject: string): Promise<void> {
    this.exceptions.delete(subject);
  }
  async enlist(list: string, held: Row): Promise<boolean> {
    return isLine(this.#put(list, held.delivery, JSON.stringify(held)));
  }
  async leave(list: string, delivery: string): Promise<boolean> {
    return !isLine(this.#put(list, delivery, leftMark(delivery)));
  }
  /** What stands there now: this, where nothing stood. */
  #put(list: string, delivery: string, body: string): string {
    const rows = this.lists.get(list) ?? new Map<string, string>();
    this.lists.set(list, rows);
    const held = rows.get(delivery) ?? body;
    rows.set(delivery, held);
    return held;
  }
  async rows(list: string): Promise<readonly Row[]> {
    const rows = [...(this.lists.get(list) ?? new Map<string, string>())]
      .filter(([, held]) => isLine(held))
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return readable(rows, ([, held]) => parse(`row of ${list}`, row, held), this.#options);
  }
  async isEnlisted(list: string, delivery: string): Promise<boolean> {
    const held = this.lists.get(list)?.get(delivery);
    return held !== undefined && isLine(held);
  }
  async awaitImport(id: string, token: string): Promise<void> {
    this.awaited.set(id, token);
  }
  async awaitingImport(limit: number): Promise<readonly AwaitedImport[]> {
    return [...this.awaited].slice(0, limit).map(([id, token]) => ({ id, token }));
  }
  async imported({ id, token }: AwaitedImport): Promise<void> {
    if (this.awaited.get(id) === token) this.awaited.delete(id);
  }
  async putAnswer(held: Answer): Promise<Answer> {
    const key = `${held.account}#${held.decision}`;
    const stands = this.answered.get(key);
    if (stands !== undefined) return parse('answer', answer, stands);
    this.answered.set(key, JSON.stringify(held));
    return held;
  }
  async answers(): Promise<readonly Answer[]> {
    return readable([...this.answered.values()], (held) => parse('answer', answer, held), this.#options);
  }
  async state(name: string): Promise<StoredState | undefined> {
    return this.states.get(name);
  }
  async writeState(name: string, body: string, read: number | undefined): Promise<boolean> {
    if (this.states.get(name)?.version !== read) return false;
    this.states.set(name, { body, version: (read ?? 0) + 1 });
    return true;
  }
}

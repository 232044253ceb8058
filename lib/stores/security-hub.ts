import type { AsffFinding } from '../findings/views/asff.ts';

/** A finding that Security Hub did not take, and why. */
export interface ImportRefusal {
  /** ASFF Id */
  readonly id: string;
  readonly why: string;
}

/** Where findings are imported to, in the AWS Security Finding Format. */
export interface FindingHub {
  /**
   * Imports findings; one that is there already (by its Id) is updated. Returns those that were refused.
   * @throws where the service did not answer, or may not be used: nothing is known to be imported
   */
  import(findings: readonly AsffFinding[]): Promise<readonly ImportRefusal[]>;
}

/** BatchImportFindings: findings in one call, bytes of one finding and of one call (API_BatchImportFindings). */
export const IMPORT_MAX = { findings: 100, findingBytes: 240_000, batchBytes: 6_000_000 } as const;

/** The twin in memory: the newest copy of each finding by its Id, and every import in order. */
export class MemoryHub implements FindingHub {
  readonly findings = new Map<string, AsffFinding>();
  readonly imports: AsffFinding[] = [];

  async import(findings: readonly AsffFinding[]): Promise<readonly ImportRefusal[]> {
    for (const held of findings) {
      this.imports.push(held);
      this.findings.set(held.Id, held);
    }
    return [];
  }
}

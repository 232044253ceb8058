import { BatchImportFindingsCommand, type SecurityHubClient } from '@aws-sdk/client-securityhub';
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

export class SecurityHub implements FindingHub {
  readonly #client: SecurityHubClient;

  constructor(client: SecurityHubClient) {
    this.#client = client;
  }

  async import(findings: readonly AsffFinding[]): Promise<readonly ImportRefusal[]> {
    const refused: ImportRefusal[] = [];
    const fitting: { readonly finding: AsffFinding; readonly bytes: number }[] = [];
    for (const finding of findings) {
      const bytes = Buffer.byteLength(JSON.stringify(finding));
      if (bytes <= IMPORT_MAX.findingBytes) fitting.push({ finding, bytes });
      else
        refused.push({
          id: finding.Id,
          why: `has ${bytes} bytes, at most ${IMPORT_MAX.findingBytes} are allowed`,
        });
    }
    for (const batch of batches(fitting)) {
      const { FailedFindings = [] } = await this.#client.send(
        new BatchImportFindingsCommand({ Findings: [...batch] }),
      );
      // It answers 200 for findings that it did not take.
      for (const failed of FailedFindings)
        refused.push({ id: failed.Id ?? '', why: `${failed.ErrorCode}: ${failed.ErrorMessage}` });
    }
    return refused;
  }
}

function* batches(
  findings: readonly { readonly finding: AsffFinding; readonly bytes: number }[],
): Generator<readonly AsffFinding[]> {
  let batch: AsffFinding[] = [];
  let size = 0;
  for (const { finding, bytes } of findings) {
    if (batch.length === IMPORT_MAX.findings || size + bytes > IMPORT_MAX.batchBytes) {
      yield batch;
      batch = [];
      size = 0;
    }
    batch.push(finding);
    size += bytes;
  }
  if (batch.length > 0) yield batch;
}

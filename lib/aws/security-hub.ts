import { BatchImportFindingsCommand, SecurityHubClient } from '@aws-sdk/client-securityhub';
import type { AsffFinding } from '../findings/views/asff.ts';
import { type FindingHub, IMPORT_MAX, type ImportRefusal } from '../stores/security-hub.ts';

/** Security Hub of the account, with as many attempts as other clients have. */
export const securityHub = (): SecurityHub => new SecurityHub(new SecurityHubClient({ maxAttempts: 5 }));

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

export function* batches(
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

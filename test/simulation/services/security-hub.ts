import { BatchImportFindingsCommand } from '@aws-sdk/client-securityhub';
import type { AsffFinding } from '../../../lib/findings/views/asff.ts';

/** Findings of one request, bytes of one finding and of a request (API_BatchImportFindings). */
const MOST = { findings: 100, findingBytes: 240_000, requestBytes: 6_000_000 };

/** Security Hub: what was imported, by id. */
export class ImportedFindings {
  readonly held = new Map<string, AsffFinding>();

  run(command: object): unknown {
    if (!(command instanceof BatchImportFindingsCommand))
      throw new Error(`${command.constructor.name} is not modelled`);
    const findings = (command.input.Findings ?? []) as AsffFinding[];
    if (findings.length === 0 || findings.length > MOST.findings)
      throw Object.assign(new Error('1 to 100 findings'), { name: 'InvalidInputException' });
    if (JSON.stringify(findings).length > MOST.requestBytes)
      throw Object.assign(new Error('request is too large'), { name: 'LimitExceededException' });
    const refused = findings.filter((one) => !this.#take(one));
    return {
      SuccessCount: findings.length - refused.length,
      FailedCount: refused.length,
      FailedFindings: refused.map(({ Id }) => ({ Id, ErrorCode: 'InvalidInput', ErrorMessage: 'refused' })),
    };
  }

  /** An import that is not newer than what is held changes nothing (userguide, finding-update-batchimportfindings.html). */
  #take(finding: AsffFinding): boolean {
    if (JSON.stringify(finding).length > MOST.findingBytes) return false;
    const held = this.held.get(finding.Id);
    if (held === undefined || Date.parse(held.UpdatedAt) < Date.parse(finding.UpdatedAt))
      this.held.set(finding.Id, finding);
    return true;
  }
}

import { DynamoFindingStore } from '../../aws/finding-table.ts';
import { say } from '../../input/say.ts';
import { verdictsByAccount } from '../../stores/verdicts.ts';
import { asInputError, connect, type DeploymentOptions } from './deployment.ts';

/** What the security team said of findings, as labels: confirmed is extraction; unsure says nothing. By pseudonym. */
export async function verdictsOf(options: DeploymentOptions): Promise<Map<string, 'benign' | 'extraction'>> {
  const deployment = await connect(options);
  try {
    const verdicts = await verdictsByAccount(
      new DynamoFindingStore(deployment.dynamodb, deployment.findingTable),
    );
    const said = new Map<string, 'benign' | 'extraction'>();
    for (const [account, verdict] of verdicts)
      if (verdict !== 'unsure') said.set(account, verdict === 'benign' ? 'benign' : 'extraction');
    say(`${said.size} accounts with verdicts from ${deployment.where}`);
    return said;
  } catch (error) {
    throw asInputError(error, deployment.where);
  } finally {
    deployment.close();
  }
}

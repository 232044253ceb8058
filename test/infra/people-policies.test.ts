import { describe, expect, it } from 'vitest';
import { KEYS } from '../../lib/aws/finding-table.ts';
import { digestList } from '../../lib/findings/delivery.ts';
import { findingIdStart } from '../../lib/findings/finding.ts';
import { type Json, resourceOf, synthesized } from './synthesized.ts';

/** An analyst who uses his permissions with tools of his own. */

interface Statement {
  readonly Action: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

const template = synthesized();
const withoutApi = synthesized({ triageApi: false });

function statementsOf(name: string, of = withoutApi): readonly Statement[] {
  const [, policy] = resourceOf(of, 'AWS::IAM::ManagedPolicy', name);
  const document = policy.Properties.PolicyDocument as Json as unknown as { Statement: readonly Statement[] };
  return document.Statement;
}

const actionsOf = ({ Action }: Statement): readonly string[] => [Action].flat();

/** Whether a statement allows the action on the items of a partition, as `ForAllValues:StringLike` compares them. */
function allowed(name: string, action: string, partition: string): boolean {
  return statementsOf(name).some((statement) => {
    if (!actionsOf(statement).includes(action)) return false;
    const keys = statement.Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
    if (keys === undefined) return true;
    return [keys].flat().some((pattern) => partition.startsWith(pattern.replace(/\*$/, '')));
  });
}

describe('the policy of analysts without the triage API', () => {
  const account = findingIdStart('account', 'a_lcgz5gm2xl6yoyl27aqrp3bovp');
  const list = `list#${digestList(Date.parse('2026-04-01T00:00:00Z'))}`;

  it('writes what a verdict by the commands writes', () => {
    const campaign = findingIdStart('campaign', 'c_lcgz5gm2xl6yoyl2');
    const exception = KEYS.exception('a_x').finding.S;
    for (const partition of [account, campaign, exception, list, KEYS.awaited(account).finding.S])
      expect(allowed('PeopleAnalyst', 'dynamodb:PutItem', partition), partition).toBe(true);
    expect(allowed('PeopleAnalyst', 'dynamodb:DeleteItem', exception)).toBe(true);
  });

  it('deletes no finding and no trail, and touches neither erasures nor the state of delivery', () => {
    for (const partition of [account, 'erasure', KEYS.state('digest').finding.S, list])
      expect(allowed('PeopleAnalyst', 'dynamodb:DeleteItem', partition), partition).toBe(false);
    for (const partition of ['erasure', KEYS.state('digest').finding.S])
      expect(allowed('PeopleAnalyst', 'dynamodb:PutItem', partition), partition).toBe(false);
  });
});

describe('the policies of who uses the triage API', () => {
  it.each([
    ['PeopleAnalyst', 'reads findings', ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Query']],
    ['PeopleCaller', 'reaches no table', []],
  ])('%s %s, and writes by the URL of the function alone', (name, _, reads) => {
    const statements = statementsOf(name, template);
    const actions = statements.flatMap(actionsOf).filter((action) => !action.startsWith('kms:'));
    expect(actions.sort()).toEqual([...reads, 'lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'].sort());
    for (const statement of statements)
      if (actionsOf(statement).includes('lambda:InvokeFunction'))
        // else the caller would write the event, and whose verdict it is
        expect(statement.Condition).toEqual({ Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } });
    expect(Object.keys(template.findOutputs('*'))).toContain('TriagePolicyArn');
    expect(Object.keys(withoutApi.findOutputs('*'))).not.toContain('TriagePolicyArn');
  });
});

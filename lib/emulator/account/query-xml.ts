import type { AccountState } from './account-state.ts';

/** Answers of services that speak the query protocol: form in, XML out. */

/** An error that the query protocol reports as a caller's. */
export class QueryError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const escaped = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[sign] ?? sign,
  );

type Xml = string | readonly Xml[] | { readonly [name: string]: Xml };

/** Lists become <member> elements, as in every answer of the protocol. */
export function xml(value: Xml): string {
  if (typeof value === 'string') return escaped(value);
  if (Array.isArray(value)) return value.map((item: Xml) => `<member>${xml(item)}</member>`).join('');
  return Object.entries(value)
    .map(([name, inner]) => `<${name}>${xml(inner)}</${name}>`)
    .join('');
}

export function answer(action: string, result: Xml): string {
  return `<${action}Response><${action}Result>${xml(result)}</${action}Result><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></${action}Response>`;
}

/**
 * CloudFormation: what is asked about a stack. Unknown names are refused with a ValidationError, as AWS does
 * (AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
 */
export function cloudFormation(
  action: string,
  form: URLSearchParams,
  account: AccountState,
): Xml | undefined {
  const { stack, resources } = account;
  const name = form.get('StackName') ?? stack.name;
  if (name !== stack.name) throw new QueryError('ValidationError', `Stack with id ${name} does not exist`);
  if (action === 'DescribeStacks')
    return {
      Stacks: [
        {
          StackName: stack.name,
          StackId: `arn:aws:cloudformation:us-east-1:000000000000:stack/${stack.name}/local`,
          StackStatus: stack.status,
          CreationTime: '2026-01-01T00:00:00Z',
          Outputs: Object.entries(stack.outputs).map(([OutputKey, OutputValue]) => ({
            OutputKey,
            OutputValue,
          })),
        },
      ],
    };
  if (action === 'ListStackResources')
    return {
      StackResourceSummaries: resources.map(({ logicalId, name: physical, type }) => ({
        LogicalResourceId: logicalId,
        PhysicalResourceId: physical,
        ResourceType: type,
        ResourceStatus: 'CREATE_COMPLETE',
        LastUpdatedTimestamp: '2026-01-01T00:00:00Z',
      })),
    };
  return undefined;
}

/**
 * SNS's SMS sandbox: a new account sends to verified numbers only
 * (sns/latest/dg/sns-sms-sandbox.html, API_CreateSMSSandboxPhoneNumber).
 */
export function smsSandbox(action: string, form: URLSearchParams, { sms }: AccountState): Xml | undefined {
  if (action === 'GetSMSSandboxAccountStatus') return { IsInSandbox: String(sms.sandbox) };
  if (action === 'GetSMSAttributes')
    return { attributes: { entry: { key: 'MonthlySpendLimit', value: String(sms.limitUsd) } } };
  if (action === 'SetSMSAttributes') {
    const limit = Number(form.get('attributes.entry.1.value'));
    // no more than the account's quota, which a new account has at USD 1 (sns/latest/dg/channels-sms-awssupport-spend-threshold.html)
    if (form.get('attributes.entry.1.key') !== 'MonthlySpendLimit' || !(limit <= Math.max(1, sms.limitUsd)))
      throw new QueryError(
        'InvalidParameter',
        'Invalid parameter: MonthlySpendLimit is above the quota of the account',
      );
    sms.limitUsd = limit;
    return {};
  }
  if (action === 'CreateSMSSandboxPhoneNumber') {
    const number = form.get('PhoneNumber') ?? '';
    if (!/^\+[1-9]\d{6,14}$/.test(number))
      throw new QueryError('InvalidParameter', 'Invalid parameter: PhoneNumber is not in E.164 format');
    sms.numbers.set(number, 'Pending');
    return {};
  }
  if (action === 'ListSMSSandboxPhoneNumbers')
    return { PhoneNumbers: [...sms.numbers].map(([PhoneNumber, Status]) => ({ PhoneNumber, Status })) };
  return undefined;
}

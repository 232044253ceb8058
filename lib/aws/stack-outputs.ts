import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/** A deployed stack, as far as commands need it. */
export interface DeployedStack {
  readonly name: string;
  /** such as UPDATE_COMPLETE */
  readonly status: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The stack of that name in the client's account and region; undefined where there is none. */
export async function describeStack(
  client: CloudFormationClient,
  name: string,
): Promise<DeployedStack | undefined> {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = Stacks;
    if (stack === undefined) return undefined;
    return {
      name,
      status: stack.StackStatus ?? 'unknown',
      outputs: Object.fromEntries(
        (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      ),
    };
  } catch (error) {
    // CloudFormation answers with a general error (API_DescribeStacks: "returns an error if the stack doesn't exist")
    if (error instanceof Error && /does not exist/.test(error.message)) return undefined;
    throw error;
  }
}

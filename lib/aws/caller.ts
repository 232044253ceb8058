import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

/** The ARN of whoever these credentials belong to, as STS knows it; undefined where STS does not say. */
export async function callerArn(region: string | undefined): Promise<string | undefined> {
  const sts = new STSClient(region === undefined ? {} : { region });
  try {
    return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
  } finally {
    sts.destroy();
  }
}

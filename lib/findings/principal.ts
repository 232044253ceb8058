/** Roles of IAM Identity Center, which itself sets the session name: the person who signed in. */
const IDENTITY_CENTER = /^AWSReservedSSO_/;

/** Who acts, as far as IAM vouches for it, and what the caller calls itself. */
export interface Author {
  readonly principal: string;
  /** chosen by the caller: says nothing about who it is */
  readonly claimed?: string;
}

/**
 * The principal of a caller's ARN. Whoever assumes a role chooses the session's name, so the role alone is the principal;
 * for roles of IAM Identity Center the name is the person's, and stays. A user who asks STS for a federation token chooses its
 * name as well: all of an account's are one principal.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (unique identifiers, session names)
 */
export function authorOfArn(arn: string): Author {
  const assumed = /^(arn:[^:]*:sts::[^:]*:assumed-role\/([^/]+))\/(.+)$/.exec(arn);
  const [, role = '', name = '', session = ''] = assumed ?? [];
  const federated = /^(arn:[^:]*:sts::[^:]*:federated-user)\/(.+)$/.exec(arn);
  if (federated !== null) return { principal: federated[1] ?? arn, claimed: federated[2] ?? '' };
  if (assumed === null || IDENTITY_CENTER.test(name)) return { principal: arn };
  return { principal: role, claimed: session };
}

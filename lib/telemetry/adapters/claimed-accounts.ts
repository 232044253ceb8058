/** What becomes of facts that only the client's fields say. */
export interface ClientTrust {
  /** fields that the operator trusts, by name */
  readonly trusted: ReadonlySet<string>;
  /** an account that only an untrusted field names is refused; otherwise it is taken and counted */
  readonly strict: boolean;
}

export const NO_TRUST: ClientTrust = { trusted: new Set(), strict: false };

/** Begins the name under which an account is counted that only a client's field names. */
export const CLIENT_NAMED = 'account from ';

/** An account, and the untrusted field that it is from. */
export interface NamedAccount {
  readonly account: string | undefined;
  readonly claimedBy?: string | undefined;
}

/** The account that the gateway's own fields name; else what the client says, where that may be taken. */
export function accountOf(
  own: string | undefined,
  claims: Readonly<Record<string, string | undefined>>,
  { trusted, strict }: ClientTrust,
): NamedAccount {
  if (own !== undefined) return { account: own };
  const found = Object.entries(claims).filter(([, name]) => name !== undefined);
  const sure = found.find(([field]) => trusted.has(field));
  if (sure !== undefined) return { account: sure[1] };
  const [claim] = found;
  if (claim === undefined) return { account: undefined };
  return { account: strict ? undefined : claim[1], claimedBy: claim[0] };
}

/** What a client says in one of several fields: the one that the operator trusts, else the only one that is there. */
export function claimOf(
  claims: Readonly<Record<string, string | undefined>>,
  { trusted }: ClientTrust,
): string | undefined {
  const found = Object.entries(claims).filter(([, said]) => said !== undefined);
  const [only] = found;
  return found.find(([field]) => trusted.has(field))?.[1] ?? (found.length === 1 ? only?.[1] : undefined);
}

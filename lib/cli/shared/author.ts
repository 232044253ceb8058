import { userInfo } from 'node:os';
import { callerArn } from '../../aws/caller.ts';
import { type Author, authorOfArn } from '../../findings/principal.ts';
import { plain } from '../../findings/sanitize.ts';
import { InputError } from '../../input/errors.ts';
import type { Deployment } from './deployment.ts';

/** Who decides: the caller that IAM knows; on an emulator, where there is no IAM, whoever is named. */
export async function authorOf(
  options: { readonly by?: string; readonly region?: string },
  { local }: Deployment,
): Promise<Author> {
  const claimed = plain(options.by ?? '', 200);
  if (claimed === '') throw new InputError('--by: must name somebody');
  if (local) return { principal: claimed };
  const arn = await callerArn(options.region);
  if (arn === undefined) throw new InputError('AWS STS does not say who calls');
  return { claimed, ...authorOfArn(arn) };
}

/** The name under which the operating system knows whoever runs this. */
export function userName(): string {
  return userInfo().username;
}

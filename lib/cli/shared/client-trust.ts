import { type Command, Option } from 'commander';
import { ADAPTER_DEFAULTS } from '../../telemetry/adapters/adapter.ts';
import type { ClientTrust } from '../../telemetry/adapters/claimed-accounts.ts';
import { CLIENT_FIELDS } from '../../telemetry/adapters/field-control.ts';

/**
 * What becomes of facts that the watched customer can set: trusted where the operator names the field; else an account that
 * nothing else names is refused where events go to a stream, and taken with a warning in a first look at a file.
 */
export function clientTrust(trusted: readonly string[] | undefined, stream: boolean): ClientTrust {
  return { trusted: new Set(trusted), strict: stream };
}

/** Adds the options by which a reader of gateways' logs is told of accounts what no log says. */
export function withAccountOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--trust-client-fields <names...>',
        'take facts about accounts from these fields, which the customer itself can set',
      ).choices(CLIENT_FIELDS),
    )
    .option(
      '--account-field <name>',
      'where entries name the account: a field beside the bodies, dots for a field in a field; of OpenTelemetry an attribute',
    )
    .option('--plan <name>', 'plan of accounts whose log does not say', ADAPTER_DEFAULTS.plan)
    .option('--product <name>', 'product of accounts whose log does not say', ADAPTER_DEFAULTS.product);
}

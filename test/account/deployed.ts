import { type AccountState, accountState } from '../../lib/emulator/account/account-state.ts';
import { startControlPlane } from '../../lib/emulator/account/control-plane.ts';
import { eventRules } from '../../lib/emulator/account/json-operations.ts';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import { type Emulators, endpointVariables, startEmulators } from '../../lib/emulator/services/emulators.ts';
import { createResources } from '../../lib/emulator/template/resources.ts';
import { type LocalTemplate, resolveTemplate } from '../../lib/emulator/template/template.ts';
import { synthesized } from '../infra/synthesized.ts';

/** The synthesized stack in the embedded cloud, without its functions: what commands that look at a deployment see. */
export interface DeployedAccount {
  readonly template: LocalTemplate;
  readonly emulators: Emulators;
  readonly clients: Clients;
  readonly account: AccountState;
  /** that point an SDK, or a command, at all of it */
  readonly variables: Readonly<Record<string, string>>;
  /** functions that were invoked by hand */
  readonly invoked: string[];
  close(): Promise<void>;
}

export async function deployed(settings: Readonly<Record<string, unknown>> = {}): Promise<DeployedAccount> {
  const emulators = await startEmulators();
  const { endpoints } = emulators;
  const template = resolveTemplate(synthesized(settings).toJSON(), {
    stackName: 'Siphonwatch',
    assetPath: () => 'unused',
    queueEndpoint: endpoints.messages,
  });
  const clients = localClients(endpoints);
  await createResources(template, clients);
  emulators.appConfig.declare(template.appConfig, async () => undefined);
  const account = accountState(template);
  const invoked: string[] = [];
  emulators.bus.answer((operation, input) => eventRules(operation, input, account));
  const control = await startControlPlane({
    account,
    messages: endpoints.messages,
    lines: () => [],
    invoke: async (name) => {
      invoked.push(name);
      return { response: {} };
    },
  });
  return {
    template,
    emulators,
    clients,
    account,
    variables: { ...endpointVariables(endpoints), ...control.variables },
    invoked,
    async close() {
      clients.close();
      await control.close();
      await emulators.close();
    },
  };
}

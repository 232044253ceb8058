import {
  GetLatestConfigurationCommand,
  ResourceNotFoundException,
  StartConfigurationSessionCommand,
} from '@aws-sdk/client-appconfigdata';

/** AppConfig: a session's token is good for one poll; an empty answer says that nothing changed since the last. */
export class Configuration {
  /** text by configuration profile; none: nothing was ever deployed */
  readonly deployed = new Map<string, string>();
  readonly #seen = new Map<string, { profile: string; text: string | undefined }>();
  #tokens = 0;

  run(command: object): unknown {
    if (command instanceof StartConfigurationSessionCommand) {
      const profile = command.input.ConfigurationProfileIdentifier ?? '';
      if (!this.deployed.has(profile))
        throw new ResourceNotFoundException({ message: 'nothing is deployed', $metadata: {} });
      return { InitialConfigurationToken: this.#token(profile, undefined) };
    }
    if (command instanceof GetLatestConfigurationCommand) {
      const token = command.input.ConfigurationToken ?? '';
      const session = this.#seen.get(token);
      if (session === undefined)
        throw Object.assign(new Error('the token is not known'), { name: 'BadRequestException' });
      this.#seen.delete(token);
      const text = this.deployed.get(session.profile) ?? '';
      return {
        NextPollConfigurationToken: this.#token(session.profile, text),
        Configuration: new TextEncoder().encode(text === session.text ? '' : text),
      };
    }
    throw new Error(`${command.constructor.name} is not modelled`);
  }

  #token(profile: string, text: string | undefined): string {
    const token = `t${++this.#tokens}`;
    this.#seen.set(token, { profile, text });
    return token;
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply.ts';

export interface HostedVersion {
  readonly number: number;
  readonly content: Buffer;
  readonly type: string;
  readonly description: string;
}

/** Versions of hosted configurations, as AppConfig keeps them: numbers are never given twice, also after a deletion. */
export class HostedVersions {
  readonly #held = new Map<string, Map<number, HostedVersion>>();
  readonly #made = new Map<string, number>();

  of(application: string, profile: string): ReadonlyMap<number, HostedVersion> {
    return this.#held.get(nameOf(application, profile)) ?? new Map();
  }

  /**
   * Answers a request below `.../hostedconfigurationversions`
   * (appconfig/2019-10-09/APIReference/API_CreateHostedConfigurationVersion.html and its neighbours).
   * @param number of the version that the path names; empty: all of them
   */
  handle(
    { application, profile, number }: { application: string; profile: string; number: string },
    request: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse; readonly body: Buffer },
    { send, fail }: Reply,
  ): true {
    const { incoming, outgoing, body } = request;
    const versions = this.of(application, profile);
    if (incoming.method === 'POST')
      return sendVersion(outgoing, 201, this.#add(application, profile, request.incoming, body));
    if (number === '')
      return send(200, {
        Items: [...versions.values()].reverse().map((held) => ({
          ApplicationId: application,
          ConfigurationProfileId: profile,
          VersionNumber: held.number,
          Description: held.description,
          ContentType: held.type,
        })),
      });
    const found = versions.get(Number(number));
    if (found === undefined)
      return fail(404, 'ResourceNotFoundException', `no version ${number} of ${profile}`);
    if (incoming.method !== 'DELETE') return sendVersion(outgoing, 200, found);
    this.#held.get(nameOf(application, profile))?.delete(found.number);
    outgoing.writeHead(204);
    outgoing.end();
    return true;
  }

  #add(application: string, profile: string, incoming: IncomingMessage, content: Buffer): HostedVersion {
    const name = nameOf(application, profile);
    const number = (this.#made.get(name) ?? 0) + 1;
    this.#made.set(name, number);
    const version = {
      number,
      content,
      type: String(incoming.headers['content-type'] ?? ''),
      description: String(incoming.headers.description ?? ''),
    };
    const held = this.#held.get(name) ?? new Map<number, HostedVersion>();
    this.#held.set(name, held.set(number, version));
    return version;
  }
}

const nameOf = (application: string, profile: string): string => JSON.stringify([application, profile]);

function sendVersion(outgoing: ServerResponse, status: number, version: HostedVersion): true {
  outgoing.writeHead(status, {
    'content-type': version.type,
    'version-number': String(version.number),
    description: version.description,
  });
  outgoing.end(version.content);
  return true;
}

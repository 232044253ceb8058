import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const LOOPBACK = /^(?:127\.0\.0\.1|\[::1\]|localhost|[a-z0-9.-]+\.localhost)(?::\d+)?$/i;

/** Whether a program on this machine asks: a page in a browser sends its origin, or the name that it was reached by. */
function isLocal({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined && LOOPBACK.test(headers.host ?? '');
}

/**
 * Lets a server answer programs on this machine only, and no page in a browser: neither one that asks across origins nor
 * one whose name was pointed at loopback (DNS rebinding).
 * @param server all of whose listeners for requests are there already
 */
export function localOnly<T extends Server>(server: T): T {
  const listeners = server.listeners('request') as ((
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) => void)[];
  server.removeAllListeners('request');
  server.on('request', (incoming, outgoing) => {
    if (!isLocal(incoming)) {
      outgoing.writeHead(403, { 'content-type': 'text/plain' });
      outgoing.end('this emulator answers programs on this machine only\n');
      return;
    }
    for (const listener of listeners) listener.call(server, incoming, outgoing);
  });
  return server;
}

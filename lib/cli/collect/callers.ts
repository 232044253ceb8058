import type { IncomingHttpHeaders } from 'node:http';

/** Hosts by which programs reach a listener on loopback: an address, or a name that never leaves the machine (RFC 6761). */
const LOOPBACK_HOST =
  /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost|[a-z0-9.-]{1,253}\.localhost)(?::\d{1,5})?$/i;
const LOOPBACK_ADDRESS = /^(?:127\.|::1$|::ffff:127\.)/;

/** Whether an address that a server is bound to is reached from this machine only. */
export function isLoopback(address: string): boolean {
  return LOOPBACK_ADDRESS.test(address);
}

/**
 * Why a request comes from a page in a browser, or undefined where a program sends it. A page may send a plain POST to any
 * address without asking (https://fetch.spec.whatwg.org/#simple-header), and browsers then say where it is from: `Origin` and
 * `Sec-Fetch-Site`. A page whose own name was pointed at loopback (DNS rebinding) is same-origin; its name stands in `Host`.
 * @param loopback whether the server is bound to loopback, and so reached by no other name
 */
export function pageCaller(headers: IncomingHttpHeaders, loopback: boolean): string | undefined {
  const { origin, host } = headers;
  if (loopback && host !== undefined && !LOOPBACK_HOST.test(host))
    return 'host: a listener on loopback is asked by a name of loopback';
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    return 'origin: pages of other sites may not send';
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    return 'sec-fetch-site: pages of other sites may not send';
  return undefined;
}

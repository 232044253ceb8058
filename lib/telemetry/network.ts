/**
 * Canonical forms of a client's address and of its block, so that one address has one print however the gateway
 * writes it. Addresses come from the adversary: anything is accepted, garbage has a form of its own and no block.
 */
export interface IpOrigin {
  readonly address: string;
  /** /24 for IPv4, /48 for IPv6; absent where the text is no address */
  readonly network?: string;
}

/** An address with its zone, or what a header says instead; more is not looked at. */
const LONGEST = 1024;

/** The place of an address as the gateway wrote it: IPv4, IPv6, IPv4-mapped, with port, zone, or a forwarding list. */
export function placeOf(given: string): IpOrigin {
  const text = given.slice(0, LONGEST);
  const comma = text.indexOf(',');
  let host = (comma < 0 ? text : text.slice(0, comma)).trim();
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  if (bracketed?.[1] !== undefined) host = bracketed[1];
  const v4 = ipv4(host) ?? ipv4(/^([0-9.]+):\d+$/.exec(host)?.[1] ?? '');
  if (v4 !== undefined) return v4Place(v4);
  const zone = host.indexOf('%');
  const v6 = ipv6(zone < 0 ? host : host.slice(0, zone));
  if (v6 === undefined) return { address: `?${host}` };
  if (v6.slice(0, 5).every((part) => part === 0) && v6[5] === 0xffff) {
    const high = v6[6] as number;
    const low = v6[7] as number;
    return v4Place([high >> 8, high & 255, low >> 8, low & 255]);
  }
  const hex = v6.map((part) => part.toString(16));
  return { address: `6/${hex.join(':')}`, network: `6/${hex.slice(0, 3).join(':')}/48` };
}

function v4Place(bytes: readonly number[]): IpOrigin {
  return { address: `4/${bytes.join('.')}`, network: `4/${bytes.slice(0, 3).join('.')}/24` };
}

function ipv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  const bytes: number[] = [];
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part)) return undefined;
    const byte = Number(part);
    if (byte > 255) return undefined;
    bytes.push(byte);
  }
  return bytes;
}

function ipv6(text: string): number[] | undefined {
  if (!text.includes(':')) return undefined;
  let source = text;
  const dotted = /^(.*:)(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  if (dotted?.[1] !== undefined && dotted[2] !== undefined) {
    const v4 = ipv4(dotted[2]);
    if (v4 === undefined) return undefined;
    const [a, b, c, d] = v4 as [number, number, number, number];
    source = `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return undefined;
  const groups = (half: string | undefined) => (half === undefined || half === '' ? [] : half.split(':'));
  const head = groups(halves[0]);
  const tail = groups(halves[1]);
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.map((group) => Number.parseInt(group, 16));
}

import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How far a signature's time may lie from now (IAM user guide, "Why requests are signed"). */
const SKEW_MS = 5 * 60_000;

/** Who may call, and what AWS knows of them. */
export interface Caller {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly arn: string;
}

/**
 * A Lambda function URL with IAM authentication: recomputes the Signature Version 4 of a request, refuses whom it does not know,
 * and hands the function an event of payload format 2.0 (IAM user guide, "Create a signed AWS API request";
 * lambda/latest/dg/urls-invocation.html).
 */
export async function functionUrl(
  handler: (event: unknown) => Promise<{ readonly statusCode: number; readonly body: string }>,
  callers: readonly Caller[],
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = '', url = '/', headers } = incoming;
      const caller = callers.find((one) => signedBy(one, { method, url, headers, body }));
      const { statusCode, body: answer } =
        caller === undefined
          ? { statusCode: 403, body: '{"Message":"Forbidden"}' }
          : await handler({
              version: '2.0',
              rawPath: url,
              body,
              requestContext: { http: { method }, authorizer: { iam: { userArn: caller.arn } } },
            });
      outgoing.writeHead(statusCode, { 'content-type': 'application/json' }).end(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Signed {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function signedBy(caller: Caller, { method, url, headers, body }: Signed): boolean {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  const [, key, day = '', region = '', service = '', names = '', signature] = found ?? [];
  const date = String(headers['x-amz-date']);
  const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (key !== caller.accessKeyId || service !== 'lambda' || !names.split(';').includes('host')) return false;
  if (!(Math.abs(at - Date.now()) < SKEW_MS)) return false;
  const sha = (text: string) => createHash('sha256').update(text).digest('hex');
  const hmac = (secret: string | Buffer, text: string) => createHmac('sha256', secret).update(text).digest();
  const canonical = [
    method,
    url,
    '',
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    sha(body),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const secret = [region, service, 'aws4_request'].reduce<Buffer>(
    hmac,
    hmac(`AWS4${caller.secretAccessKey}`, day),
  );
  return (
    hmac(secret, ['AWS4-HMAC-SHA256', date, scope, sha(canonical)].join('\n')).toString('hex') === signature
  );
}

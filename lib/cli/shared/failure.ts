import { FILE_TROUBLE, InputError, NotYetError } from '../../input/errors.ts';
import { escapeUnsafeLines } from '../../text/unsafe.ts';
import { typedHere } from './called-as.ts';

/** How every verb ends: docs/command-line.md has the same table, a test holds the two together. */
export const EXIT = {
  done: 0,
  /** the work was done and its answer is no: not verified, not all resolved, refused by the data */
  no: 1,
  /** what was typed or given cannot be used: an option, a file's content, a name of nothing */
  input: 2,
  /** `dossier verify`: nothing is wrong, but nobody trusted vouches for it */
  unverified: 3,
  /** this machine would not: disk full, no permission, no free port */
  machine: 4,
  /** AWS or the network would not: no region, no credentials, no permission, nobody answers */
  service: 5,
  /** nothing is wrong, but something else has to end first: the same again, later */
  wait: 6,
  /** a fault of the program */
  fault: 70,
  /** Ctrl-C */
  interrupted: 130,
  /** SIGTERM */
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface Failure {
  readonly code: ExitCode;
  /** one line for people: what happened, and what to do */
  readonly message: string;
}

interface Remedy {
  readonly code: ExitCode;
  readonly what: string;
  readonly remedy: string;
}

const machine = (what: string, remedy: string): Remedy => ({ code: EXIT.machine, what, remedy });
const service = (what: string, remedy: string): Remedy => ({ code: EXIT.service, what, remedy });
const input = (what: string, remedy: string): Remedy => ({ code: EXIT.input, what, remedy });

const CREDENTIALS = 'sign in again (aws sso login), or set AWS_PROFILE or AWS_ACCESS_KEY_ID';
const PERMISSION =
  'ask for the permission that the message names; docs/operations.md lists what each role may do';
const RETRY = 'try again in a minute';

/** By `error.code`: the system's (errno(3)) and the network's. */
const BY_CODE: Readonly<Record<string, Remedy>> = {
  ENOSPC: machine(
    'the disk is full',
    'free some space, or name a file on another disk; nothing was left half written',
  ),
  EDQUOT: machine('the disk quota is used up', 'free some space, or name a file on another disk'),
  EACCES: machine(FILE_TROUBLE.EACCES, 'name a file or folder that you may use, or ask its owner'),
  EPERM: machine(FILE_TROUBLE.EPERM, 'name a file or folder that you may use, or ask its owner'),
  EROFS: machine('the file system is read-only', 'name a file on another one'),
  EFBIG: machine('the file would be larger than the system allows', 'name a file on another disk'),
  EIO: machine('the device reported an error', 'check the disk'),
  EMFILE: machine('too many files are open', 'raise the limit (ulimit -n), or give fewer files'),
  ENFILE: machine('too many files are open on this machine', 'end other programs'),
  ENOMEM: machine('there is no memory left', 'end other programs, or give less traffic at a time'),
  ERR_WORKER_OUT_OF_MEMORY: machine(
    'there is no memory left',
    'end other programs, or give less traffic at a time',
  ),
  ERR_SHARD_KILLED: machine('a process was ended from outside', 'the same command again'),
  EADDRINUSE: machine('the port is in use', 'give another, or 0 for any'),
  ENOENT: input(FILE_TROUBLE.ENOENT, 'check the name'),
  ENOTDIR: input(FILE_TROUBLE.ENOTDIR, 'check the name'),
  EISDIR: input(FILE_TROUBLE.EISDIR, 'name a file in it'),
  ENAMETOOLONG: input(FILE_TROUBLE.ENAMETOOLONG, 'give a shorter one'),
  ELOOP: input(FILE_TROUBLE.ELOOP, 'check the name'),
  EEXIST: input(FILE_TROUBLE.EEXIST, 'give another name'),
  ERR_INVALID_ARG_VALUE: input('a value cannot be used', 'check what you typed'),
  Z_DATA_ERROR: input('damaged gzip data', 'make the file again'),
  Z_BUF_ERROR: input('truncated gzip data', 'make the file again'),
  ECONNREFUSED: service('nothing answers', 'is it up, and is the address right?'),
  ECONNRESET: service('the connection was cut', RETRY),
  EPIPE: service('the connection was closed from the other side', RETRY),
  ETIMEDOUT: service('no answer in time', RETRY),
  ENOTFOUND: service('the address is not known', 'check the region, the endpoint and the network'),
  EAI_AGAIN: service('the address cannot be looked up', 'check the network'),
  EHOSTUNREACH: service('the address cannot be reached', 'check the network'),
  ENETUNREACH: service('the network cannot be reached', 'check the network'),
  CERT_HAS_EXPIRED: service(
    'the certificate at the other end has expired',
    'check the clock and the endpoint',
  ),
  DEPTH_ZERO_SELF_SIGNED_CERT: service(
    'the certificate is not trusted',
    'set NODE_EXTRA_CA_CERTS where a proxy signs',
  ),
  SELF_SIGNED_CERT_IN_CHAIN: service(
    'the certificate is not trusted',
    'set NODE_EXTRA_CA_CERTS where a proxy signs',
  ),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: service(
    'the certificate is not trusted',
    'set NODE_EXTRA_CA_CERTS where a proxy signs',
  ),
};

/** By `error.name`: what AWS services answer (each service's API reference, "Common Errors"), and what the SDK says before. */
const BY_NAME: Readonly<Record<string, Remedy>> = {
  CredentialsProviderError: service('there are no AWS credentials', CREDENTIALS),
  TokenProviderError: service('the AWS sign-in has ended', CREDENTIALS),
  UnrecognizedClientException: service('AWS does not know these credentials', CREDENTIALS),
  InvalidClientTokenId: service('AWS does not know these credentials', CREDENTIALS),
  InvalidAccessKeyId: service('AWS does not know these credentials', CREDENTIALS),
  SignatureDoesNotMatch: service('AWS does not accept these credentials', CREDENTIALS),
  InvalidSignatureException: service(
    'AWS does not accept these credentials',
    `${CREDENTIALS}; check the clock`,
  ),
  ExpiredToken: service('the AWS credentials have expired', CREDENTIALS),
  ExpiredTokenException: service('the AWS credentials have expired', CREDENTIALS),
  AccessDenied: service('AWS does not allow it', PERMISSION),
  VerdictNotWritten: service(
    'AWS does not allow these credentials to write verdicts into the table',
    'a deployment with a triage API takes them there: name the stack (--stack NAME) instead of its table, or set TRIAGE_API_URL',
  ),
  AccessDeniedException: service('AWS does not allow it', PERMISSION),
  KMSAccessDeniedException: service('AWS does not allow the use of the key', PERMISSION),
  AuthorizationError: service('AWS does not allow it', PERMISSION),
  ResourceNotFoundException: service('there is no such table or resource', 'check the name and the region'),
  NoSuchBucket: service('there is no such bucket', 'check the name and the region'),
  NoSuchKey: service('there is no such object', 'check the name'),
  PermanentRedirect: service('the bucket is in another region', 'give --region'),
  ThrottlingException: service('AWS is throttling', RETRY),
  ProvisionedThroughputExceededException: service('AWS is throttling', RETRY),
  TooManyRequestsException: service('AWS is throttling', RETRY),
  SlowDown: service('AWS is throttling', RETRY),
  ServiceUnavailable: service('the service is not available', RETRY),
  InternalServerError: service('the service has a fault', RETRY),
  TimeoutError: service('no answer in time', 'check the endpoint and the network, then try again'),
};

const UNREADABLE: Remedy = service(
  'the answer is none of that service',
  'is the endpoint right, and is there a proxy on the way?',
);
const ANSWERED: Remedy = service(
  'AWS answered with an error',
  'the service’s API reference says what it means',
);

const REGION: Remedy = service('which AWS region?', 'give --region, or set AWS_REGION');

/** What the machine or a service said, looked for along the chain of causes; undefined where it was neither. */
function remedyOf(error: unknown): { readonly remedy: Remedy; readonly at: Error } | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const named = Object.hasOwn(BY_NAME, at.name) ? BY_NAME[at.name] : undefined;
    const coded = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
    const remedy = at.message === 'Region is missing' ? REGION : (named ?? coded ?? answered(at));
    if (remedy !== undefined) return { remedy, at };
    if (at instanceof AggregateError && at.errors.length > 0) return remedyOf(at.errors[0]);
  }
  return undefined;
}

/** Errors that the SDK made of an answer: with a fault of the service, or of something that is no answer of its at all. */
function answered(error: Error): Remedy | undefined {
  if ('$fault' in error) return ANSWERED;
  return '$response' in error || '$metadata' in error ? UNREADABLE : undefined;
}

/** What stands behind the words: the path of a file, or the service's own sentence, which names what it wanted. */
function detailOf(at: Error): string {
  if ('path' in at && typeof at.path === 'string') return at.path;
  if ('address' in at && 'port' in at) return `${String(at.address)}:${String(at.port)}`;
  if (at.name !== 'Error' && at.message !== '' && at.message !== 'UnknownError')
    return at.message.split('\n')[0] ?? '';
  if ('hostname' in at) return String(at.hostname);
  return '';
}

/** Whether whoever read our output has gone (`| head`): the work is done for them. */
export function readerGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'EPIPE' &&
    'syscall' in error &&
    error.syscall === 'write'
  );
}

/**
 * The one place that turns an error into an exit code and one line with a remedy. Never shows a stack: a fault of the program
 * says how to get one.
 * @param where what was being worked on, such as a table's name
 */
export function failureOf(error: unknown, where?: string): Failure {
  const prefix = where === undefined || where === '' ? '' : `${where}: `;
  const found = remedyOf(error);
  if (error instanceof NotYetError) return { code: EXIT.wait, message: `${prefix}${error.message}` };
  if (error instanceof InputError)
    return {
      code: found?.remedy.code ?? EXIT.input,
      message: `${prefix}${error.message}`,
    };
  if (found !== undefined) {
    const { remedy, at } = found;
    const detail = detailOf(at);
    return {
      code: remedy.code,
      message: `${prefix}${detail === '' ? '' : `${detail}: `}${remedy.what}: ${remedy.remedy}`,
    };
  }
  const said =
    error instanceof Error ? `${error.name}: ${error.message.split('\n')[0] ?? ''}` : String(error);
  return {
    code: EXIT.fault,
    message: `${prefix}a fault of the program (${said}). Please report it with what you typed; SIPHONWATCH_DEBUG=1 shows where it happened`,
  };
}

/** Prints what went wrong and returns the exit code. @param name the verb */
export function tellFailure(name: string, error: unknown, where?: string): ExitCode {
  if (readerGone(error)) return EXIT.done;
  const { code, message } = failureOf(error, where);
  const stack =
    error instanceof Error && (process.env.SIPHONWATCH_DEBUG ?? '') !== '' ? `${error.stack ?? ''}\n` : '';
  process.stderr.write(`${stack}${name}: ${escapeUnsafeLines(typedHere(message))}\n`);
  return code;
}

/**
 * What no verb can catch: errors of the standard streams and of what runs beside it. A reader that went away ends the
 * program quietly, as it does other programs.
 * @param name the verb
 */
export function watchProcess(name: string): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error) => {
      if (readerGone(error)) process.exit(process.exitCode ?? EXIT.done);
      process.exit(tellFailure(name, error, stream === process.stdout ? 'standard output' : undefined));
    });
  const end = (error: unknown): never => process.exit(tellFailure(name, error));
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

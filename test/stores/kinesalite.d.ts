/** The part of the Kinesis emulator that tests use; the package ships no types. */
declare module 'kinesalite' {
  export default function kinesalite(options: { createStreamMs?: number }): import('node:http').Server;
}

/**
 * Hosts one emulator in a thread of its own, so that the emulators do not share a core with the runner.
 * Plain JavaScript because a thread starts before any TypeScript loader; it registers one for what it imports.
 * workerData: { kind: 'streams' } | { kind: 'tables', upstreamPort?: number } | { kind: 'messages' }.
 * Answers { port } once it listens on loopback; closes on the message 'close'.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

const listen = (server) =>
  new Promise((resolve, reject) => {
    // A server under load must not close a connection on which the next request is already under way.
    server.keepAliveTimeout = 3_600_000;
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
const closed = (server) =>
  new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });

register();
const { localOnly } = await import('./local-only.ts');

const hosts = {
  async streams() {
    const { default: kinesalite } = await import('kinesalite');
    const server = localOnly(
      kinesalite({ createStreamMs: 0, deleteStreamMs: 0, updateStreamMs: 0, shardLimit: 1000 }),
    );
    return { port: await listen(server), close: () => closed(server) };
  },
  async tables() {
    const { TableProxy } = await import('../tables/table-proxy.ts');
    if (workerData.upstreamPort) return TableProxy.start(workerData.upstreamPort);
    const { default: dynalite } = await import('dynalite');
    const server = localOnly(dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 }));
    const proxy = await TableProxy.start(await listen(server));
    return {
      port: proxy.port,
      async close() {
        await proxy.close();
        await closed(server);
      },
    };
  },
  async messages() {
    // Its own start function listens on every interface: build the app and listen on loopback.
    const { buildApp } = await import('fauxqs');
    const app = buildApp({ logger: false });
    // It knows its queues by a host name of its own, which not every machine resolves: any host will do.
    let queues = '';
    app.addHook('preHandler', async ({ body }) => {
      if (typeof body?.QueueUrl === 'string')
        body.QueueUrl = body.QueueUrl.replace(/^https?:\/\/[^/]+/, queues);
    });
    localOnly(app.server).keepAliveTimeout = 3_600_000;
    const address = await app.listen({ port: 0, host: '127.0.0.1' });
    const port = Number(new URL(address).port);
    queues = `http://sqs.${process.env.AWS_REGION ?? 'us-east-1'}.localhost:${port}`;
    return { port, close: () => app.close() };
  },
};

const host = await hosts[workerData.kind]();
parentPort.on('message', async (message) => {
  if (message !== 'close') return;
  await host.close();
  parentPort.postMessage({ closed: true });
  parentPort.close();
});
parentPort.postMessage({ port: host.port });

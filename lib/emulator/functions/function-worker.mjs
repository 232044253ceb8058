/**
 * One execution environment of a function: loads the deployed bundle once and runs one invocation at a time.
 * Plain JavaScript, because what runs here is the bundle and nothing of this repository.
 * workerData: { entry, exportName, name, arn, memoryMb }. Messages in: { requestId, payload, deadline }; out:
 * { ready } | { requestId, payload } | { requestId, error }.
 */
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';

const module = await import(pathToFileURL(workerData.entry).href);
const handler = module[workerData.exportName] ?? module.default?.[workerData.exportName];
if (typeof handler !== 'function') {
  throw new Error(`${workerData.entry} exports no function "${workerData.exportName}"`);
}

const errorOf = (error) => ({
  errorType: error?.name ?? 'Error',
  errorMessage: error?.message ?? String(error),
  trace: String(error?.stack ?? error),
});

/** What was logged must be read before the invocation is over, as it would be in CloudWatch. */
const flushed = (stream) => new Promise((resolve) => stream.write('', resolve));
const answer = async (message) => {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  parentPort.postMessage(message);
};

parentPort.on('message', async ({ requestId, payload, deadline }) => {
  const context = {
    awsRequestId: requestId,
    functionName: workerData.name,
    functionVersion: '$LATEST',
    invokedFunctionArn: workerData.arn,
    memoryLimitInMB: String(workerData.memoryMb),
    logGroupName: `/aws/lambda/${workerData.name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    const result = await handler(JSON.parse(payload), context);
    await answer({ requestId, payload: JSON.stringify(result ?? null) });
  } catch (error) {
    await answer({ requestId, error: errorOf(error) });
  }
});
parentPort.postMessage({ ready: true });

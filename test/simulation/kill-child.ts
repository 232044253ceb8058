import { readFileSync } from 'node:fs';

/**
 * One life of a deployed bundle: hands it the batches of a file from the one that is named on, as a mapping does, and says
 * after each that it is done. It is killed from outside at any moment.
 * Arguments: bundle, file of batches, index of the first batch.
 */
const [bundle = '', file = '', from = '0'] = process.argv.slice(2);

interface Batch {
  readonly Records: readonly { readonly kinesis: { readonly sequenceNumber: string } }[];
}

const { handler } = (await import(bundle)) as {
  handler: (event: Batch, context: object) => Promise<{ batchItemFailures: { itemIdentifier: string }[] }>;
};
const batches = JSON.parse(readFileSync(file, 'utf8')) as Batch[];
for (const [i, batch] of batches.entries()) {
  if (i < Number(from)) continue;
  for (let left = batch.Records; left.length > 0; ) {
    const answer = await handler({ Records: left }, { getRemainingTimeInMillis: () => 60_000 });
    const [first] = answer.batchItemFailures;
    left = left.slice(
      first === undefined
        ? left.length
        : left.findIndex(({ kinesis }) => kinesis.sequenceNumber === first.itemIdentifier),
    );
  }
  process.stdout.write(`${i}\n`);
}

import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import { type Emulators, startEmulators } from '../../lib/emulator/services/emulators.ts';
import { createTable } from '../tables.ts';
import { missing } from './engines.ts';
import { answersLike, TableName } from './stand-in-requests.ts';

const lacks = missing('dynamodb-local');

describe.skipIf(lacks !== undefined)(
  `the stand-in of DynamoDB${lacks === undefined ? '' : ` (skipped: ${lacks})`}`,
  () => {
    let emulators: Emulators;
    let clients: Clients;
    beforeAll(async () => {
      emulators = await startEmulators('dynamodb-local');
      clients = localClients(emulators.endpoints);
      await createTable(clients.dynamodb, 'link', TableName);
    });
    afterAll(async () => {
      clients?.close();
      await emulators?.close();
    });

    it("answers and refuses as Amazon's DynamoDB Local does", { timeout: 600_000 }, () =>
      answersLike(clients.dynamodb, 100),
    );
  },
);

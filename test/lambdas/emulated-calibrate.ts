import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { vi } from 'vitest';
import { type Clients, localClients } from '../../lib/emulator/services/clients.ts';
import { endpointVariables, startEmulators } from '../../lib/emulator/services/emulators.ts';
import { createTable } from '../tables.ts';

/** What `calibrate` works on, emulated: its tables and its bucket are there, its environment names them. */
export interface EmulatedCalibrate {
  readonly clients: Clients;
  close(): Promise<void>;
}

const TABLES = { profile: 'profiles', finding: 'findings', link: 'links', campaign: 'campaigns' } as const;
export const STATE_BUCKET = 'state';

/** The function reads its environment when it is loaded: import its handler after this. */
export async function emulatedCalibrate(): Promise<EmulatedCalibrate> {
  const emulators = await startEmulators();
  const clients = localClients(emulators.endpoints);
  for (const [name, value] of Object.entries({
    ...endpointVariables(emulators.endpoints),
    PROFILE_TABLE: TABLES.profile,
    FINDING_TABLE: TABLES.finding,
    LINK_TABLE: TABLES.link,
    CAMPAIGN_TABLE: TABLES.campaign,
    STATE_BUCKET,
    FOREIGN_CALIBRATION: 'accuse',
    POLICY_APPLICATION: 'Siphonwatch',
    POLICY_STALENESS_SECONDS: '30',
    POWERTOOLS_SERVICE_NAME: 'calibrate',
    POWERTOOLS_METRICS_NAMESPACE: 'test',
    LOG_LEVEL: 'SILENT',
  }))
    vi.stubEnv(name, value);
  for (const kind of ['profile', 'finding', 'link', 'campaign'] as const)
    await createTable(clients.dynamodb, kind, TABLES[kind]);
  await clients.s3.send(new CreateBucketCommand({ Bucket: STATE_BUCKET }));
  return {
    clients,
    close: async () => {
      vi.unstubAllEnvs();
      clients.close();
      await emulators.close();
    },
  };
}

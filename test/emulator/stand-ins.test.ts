import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SecurityHubClient } from '@aws-sdk/client-securityhub';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecurityHub } from '../../lib/aws/security-hub.ts';
import { type AppConfig, startAppConfig } from '../../lib/emulator/services/app-config.ts';
import { LOCAL_CREDENTIALS } from '../../lib/emulator/services/emulators.ts';
import { type EventBus, startEventBus } from '../../lib/emulator/services/event-bus.ts';
import { startSecurityHub } from '../../lib/emulator/services/security-hub.ts';
import { applyNotice } from '../../lib/findings/finding.ts';
import { asff } from '../../lib/findings/views/asff.ts';
import { NOW, opened } from '../findings/notices.ts';

describe('the event bus', () => {
  let bus: EventBus;
  let client: EventBridgeClient;
  beforeAll(async () => {
    bus = await startEventBus(() => 42);
    client = new EventBridgeClient({
      region: 'us-east-1',
      credentials: LOCAL_CREDENTIALS,
      endpoint: bus.endpoint,
    });
  });
  afterAll(async () => {
    client.destroy();
    await bus.close();
  });

  it('keeps what is put, and refuses entries one by one as AWS does', async () => {
    const answer = await client.send(
      new PutEventsCommand({
        Entries: [
          { Source: 'siphonwatch', DetailType: 'Finding', Detail: '{"id":1}' },
          { Source: 'siphonwatch', DetailType: 'Finding', Detail: '{' },
          { Source: 'siphonwatch', Detail: '{}' },
        ],
      }),
    );
    expect(answer.FailedEntryCount).toBe(2);
    expect(answer.Entries?.map((entry) => entry.ErrorCode)).toEqual([
      undefined,
      'MalformedDetail',
      'InvalidArgument',
    ]);
    expect(bus.events).toMatchObject([{ DetailType: 'Finding', Detail: '{"id":1}', arrivedAt: 42 }]);
  });
});

describe('the configuration service', () => {
  let config: AppConfig;
  const names = { application: 'siphonwatch', environment: 'demo', profile: 'policy' };
  beforeAll(async () => {
    config = await startAppConfig();
  });
  afterAll(() => config.close());

  it('gives a session each version once, and the extension path always the whole', async () => {
    config.set(names, '{"version":1}');
    const started = await fetch(`${config.endpoint}/configurationsessions`, {
      method: 'POST',
      body: JSON.stringify({
        ApplicationIdentifier: names.application,
        EnvironmentIdentifier: names.environment,
        ConfigurationProfileIdentifier: names.profile,
      }),
    });
    let { InitialConfigurationToken: token } = (await started.json()) as Record<string, string>;
    const poll = async (): Promise<string> => {
      const response = await fetch(`${config.endpoint}/configuration?configuration_token=${token}`);
      token = response.headers.get('next-poll-configuration-token') ?? '';
      return response.text();
    };
    expect(await poll()).toBe('{"version":1}');
    expect(await poll()).toBe('');
    config.set(names, '{"version":2}');
    expect(await poll()).toBe('{"version":2}');
    const extension = `${config.endpoint}/applications/siphonwatch/environments/demo/configurations/policy`;
    expect(await (await fetch(extension)).text()).toBe('{"version":2}');
    expect((await fetch(`${extension}x`)).status).toBe(404);
  });
});

describe('Security Hub', () => {
  it('is given a hundred findings a call; what it refuses, or is too large for it, is named', async () => {
    const local = await startSecurityHub();
    const client = new SecurityHubClient({
      region: 'us-east-1',
      credentials: LOCAL_CREDENTIALS,
      endpoint: local.endpoint,
    });
    try {
      const home = { partition: 'aws', region: 'us-east-1', accountId: '000000000000' } as const;
      const base = asff(applyNotice(undefined, opened), home, NOW);
      const findings = Array.from({ length: 205 }, (_, i) => ({ ...base, Id: `f${i}` }));
      const without = { ...base, Id: 'without', Title: '' };
      const large = { ...base, Id: 'large', ProductFields: { x: 'x'.repeat(250_000) } };
      const hub = new SecurityHub(client);
      expect(await hub.import([...findings, without, large])).toEqual([
        { id: 'large', why: expect.stringContaining('at most 240000 are allowed') },
        { id: 'without', why: 'InvalidInput: Finding does not have Title' },
      ]);
      expect(local.calls).toEqual([100, 100, 6]);
      const UpdatedAt = new Date(NOW + 1).toISOString();
      await hub.import([{ ...base, Id: 'f3', RecordState: 'ARCHIVED', UpdatedAt }]);
      // overtaken by the one before
      await hub.import([{ ...base, Id: 'f3' }]);
      expect(local.findings.size).toBe(205);
      expect(local.findings.get('f3')?.RecordState).toBe('ARCHIVED');
    } finally {
      client.destroy();
      await local.close();
    }
  });
});

import { expect, it } from 'vitest';
import { type HubDelivery, importFindings } from '../../lambdas/notify/security-hub.ts';
import { applyNotice } from '../../lib/findings/finding.ts';
import type { AsffFinding } from '../../lib/findings/views/asff.ts';
import { MemoryFindingStore } from '../../lib/stores/finding-memory.ts';
import { escalated, NOW, opened } from './notices.ts';

it('an import that read a finding before it changed does not replace one that read it after', async () => {
  const findings = new MemoryFindingStore();
  const held = new Map<string, AsffFinding>();
  let now = NOW;
  const delivery: HubDelivery = {
    findings,
    home: { partition: 'aws', region: 'eu-central-1', accountId: '123456789012' },
    now: () => ++now,
    report: () => undefined,
    hub: {
      // what is not newer changes nothing (Security Hub User Guide, "Using BatchImportFindings")
      import: async (documents) => {
        for (const one of documents) {
          const before = held.get(one.Id);
          if (before === undefined || before.UpdatedAt < one.UpdatedAt) held.set(one.Id, one);
        }
        return [];
      },
    },
  };
  const first = applyNotice(undefined, opened);
  await findings.write(first, undefined);
  await findings.awaitImport(first.id, '1');
  const { find } = findings;
  let goOn = (): void => undefined;
  const waits = new Promise<void>((resolve) => (goOn = resolve));
  findings.find = async (id) => {
    const read = await find.call(findings, id);
    await waits;
    return read;
  };
  const early = importFindings(delivery);
  await new Promise((resolve) => setTimeout(resolve, 5));
  findings.find = find;
  const second = applyNotice(first, { ...escalated, finding: first.id });
  await findings.write(second, 1);
  await findings.awaitImport(first.id, '2');
  await importFindings(delivery);
  goOn();
  await early;
  expect([...held.values()].map(({ ProductFields }) => ProductFields['siphonwatch/transition'])).toEqual([
    'escalated',
  ]);
  expect(await findings.awaitingImport(1)).toEqual([]);
});

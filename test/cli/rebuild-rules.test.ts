import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { rebuildRules } from '../../lib/cli/rebuild/rebuild-rules.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { testCalibration } from '../calibration.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'siphonwatch-rules-'));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const file = (name: string, content: object): string => {
  writeFileSync(join(folder, name), JSON.stringify(content));
  return join(folder, name);
};
const deployment = {
  s3: new S3Client({ region: 'us-east-1' }),
  stateBucket: undefined,
  policyApplication: undefined,
  foreignCalibration: 'shadow',
};

describe('what a rebuild judges by', () => {
  it('accuses nobody by a calibration that was learnt elsewhere, as the functions do, unless the setting says so', async () => {
    expect((await rebuildRules(deployment, {})).calibration.id).toBe('unlearnt');
    const accusing = await rebuildRules({ ...deployment, foreignCalibration: 'accuse' }, {});
    expect(accusing.calibration.id).toBe('default');
  });

  it('is the calibration of the file that is named, whatever the policy names', async () => {
    const own = { ...testCalibration, id: 'own', foreign: false };
    const policy = file('policy.json', { ...defaultPolicy, id: 'p', calibration: 'elsewhere' });
    const rules = await rebuildRules(deployment, { policy, calibration: file('own.json', own) });
    expect([rules.policy.id, rules.calibration.id]).toEqual(['p', 'own']);
  });

  it('is nothing where the calibration is of another format: a rebuild that judged nobody would take every level away', async () => {
    const former = Object.assign(new S3Client({ region: 'us-east-1' }), {
      send: () =>
        Promise.resolve({ Body: { transformToString: () => Promise.resolve('{"v":2,"id":"own"}') } }),
    });
    const policy = file('former.json', { ...defaultPolicy, id: 'p', calibration: 'own' });
    await expect(rebuildRules({ ...deployment, s3: former, stateBucket: 'b' }, { policy })).rejects.toThrow(
      /own: is of format 2/,
    );
  });

  it('is no other calibration than the one that the policy names, where no file is', async () => {
    const policy = file('other.json', { ...defaultPolicy, id: 'p', calibration: 'elsewhere' });
    await expect(rebuildRules(deployment, { policy })).rejects.toThrow(/Give --state-bucket/);
  });
});

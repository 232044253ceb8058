import { ArchiveReader } from '../../lib/aws/archive-reader.ts';
import { FactItems } from '../../lib/aws/fact-items.ts';
import { DynamoFindingStore } from '../../lib/aws/finding-table.ts';
import { ProfileTable } from '../../lib/aws/profile-table.ts';
import { QuarantineBucket } from '../../lib/aws/quarantine.ts';
import { RebuiltTable } from '../../lib/aws/rebuilt-table.ts';
import { NOTHING_REBUILT, type Rebuilt, rebuildGroup } from '../../lib/cli/rebuild/rebuild-accounts.ts';
import { type Compared, compareAccounts } from '../../lib/cli/rebuild/switch-over.ts';
import { recordId } from '../../lib/findings/finding.ts';
import { defaultPolicy } from '../../lib/policy/policy.ts';
import { defaultCalibration } from '../../lib/scoring/default-calibration.ts';
import { CODE_VERSION } from '../../lib/version.ts';
import { DAY } from '../events.ts';
import { Clients } from './functions.ts';
import { inVirtualTime } from './virtual-time.ts';
import type { World } from './world.ts';

const KEPT = { retentionDays: 35 };

/** What `siphonwatch rebuild` does, over the services of a world. */
export class Rebuild {
  readonly #world: World;
  readonly #clients: Clients;
  readonly #table: RebuiltTable;

  constructor(world: World) {
    this.#world = world;
    this.#clients = new Clients(world, { dead: false, sure: true });
    this.#table = new RebuiltTable(this.#clients.dynamodb, 'profiles', 'rebuilt');
  }

  async run(): Promise<Rebuilt> {
    const { dynamodb, s3 } = this.#clients;
    const archive = new ArchiveReader(s3, 'archive');
    const findings = new DynamoFindingStore(dynamodb, 'findings');
    const sum = { ...NOTHING_REBUILT };
    await this.#table.make();
    const days = await archive.days();
    for (const group of await archive.groups(days))
      await rebuildGroup(
        group,
        days,
        {
          archive,
          table: this.#table,
          profiles: new ProfileTable(dynamodb, 'rebuilt', KEPT),
          beside: {
            links: new FactItems(dynamodb, 'rebuilt', KEPT),
          },
          rules: {
            policy: defaultPolicy,
            calibration: defaultCalibration,
            code: CODE_VERSION,
            shadow: false,
          },
          decode: { permittedSkew: 300_000, trustReplayClock: false, developmentKeys: false },
          quarantined: await new QuarantineBucket(s3, 'quarantine').places(),
          settled: async (notice) =>
            (await findings.find(recordId(notice)))?.finding.delivered === notice.number,
          stream: undefined,
        },
        sum,
      );
    return sum;
  }

  compare(replace = false): Promise<Compared> {
    const { dynamodb } = this.#clients;
    return compareAccounts(
      {
        table: this.#table,
        live: new ProfileTable(dynamodb, 'profiles', KEPT),
        rebuilt: new ProfileTable(dynamodb, 'rebuilt', KEPT),
        longestWindow: 14 * DAY,
      },
      replace,
    );
  }

  in<T>(work: () => Promise<T>): Promise<T> {
    return inVirtualTime(this.#world, () => this.#world.until(work()));
  }
}

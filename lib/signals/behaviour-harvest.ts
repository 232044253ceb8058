import { seen } from '../profile/bottom-k.ts';
import { CELL_MS, type CellMark } from '../profile/slice.ts';
import type { Behaviour } from '../telemetry/usage-event.ts';
import { lowerShare, percent, type Signal, type SignalInput } from './signal.ts';

/** A behaviour that requests show and that cells are marked with. */
type Harvested = Behaviour & CellMark;

/** Cells in an hour: a run of an hour is one doubling, so that runs count little and days of harvesting much. */
const HOUR_OF_CELLS = 3_600_000 / CELL_MS;

interface Harvest {
  /** active five-minute cells with the behaviour, fewer where prompts repeat */
  readonly cells: number;
  /** share of requests that show it, smaller where prompts repeat */
  readonly share: number;
}

const NOTHING: Harvest = { cells: 0, share: 0 };

/**
 * How much of a behaviour a window shows. Cells, not requests: an evaluation run that asks a thousand times in ten
 * minutes has shown it for ten minutes. Repeated prompts count less: re-running one set is not harvesting.
 */
function harvested({ window, samples }: SignalInput, behaviour: Harvested): Harvest {
  const { counts, cells } = window;
  if (counts[behaviour] === 0) return NOTHING;
  const sightings = samples === undefined ? 0 : seen(samples.prompt);
  const fresh = samples === undefined || sightings === 0 ? 1 : samples.prompt.hashes.length / sightings;
  return { cells: cells[behaviour] * fresh, share: (counts[behaviour] / counts.events) * fresh };
}

/**
 * Harvest of a behaviour: its share of requests (lower end, over active cells) times the doublings of the number of
 * five-minute cells in which it was seen. Either alone is ordinary: an evaluation run has the share, a large
 * customer has the cells; harvesting has both.
 * @param what the behaviour in the words of the evidence: `12 % of requests ...`
 */
export function harvestOf(
  behaviour: Harvested,
  what: string,
  declared: Omit<Signal, 'unit' | 'value' | 'evidence'>,
): Signal {
  return {
    ...declared,
    unit: 0.3,
    value(sight) {
      const { active } = sight.window.cells;
      if (active < 4) return undefined;
      const { share, cells } = harvested(sight, behaviour);
      return share === 0 ? 0 : lowerShare(share * active, active) * Math.log2(1 + cells / HOUR_OF_CELLS);
    },
    evidence(sight) {
      const { share, cells } = harvested(sight, behaviour);
      const { counts } = sight.window;
      return `${percent(share)} of requests ${what} (${counts[behaviour]} of ${counts.events}), in about ${Math.round(cells)} separate five-minute stretches`;
    },
  };
}

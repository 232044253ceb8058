import type { Cloud } from '../../emulator/cloud.ts';
import type { DemoProgress } from './demo-progress.ts';

/** How far a demo is: by what the functions have judged, not by what was sent. */
export interface ProgressMeter {
  /** @param clock newest event time, ms; @param phase what holds it up, in words, or empty */
  at(clock: number, phase: string): void;
  stop(): void;
}

const DRAW_MS = 250;
/** Metrics of `score` that say what became of an event. */
const DONE = new Set(['EventsUsed', 'EventsLate', 'EventsRepeated', 'EventsQuarantined']);
/** No time left is named before so much is judged, and before so long: the first guess would be wild. */
const GUESS_FROM = { share: 0.04, ms: 5000 };

/** Events that the functions are done with; counts up as metrics come in, without going over the old ones again. */
export function judgedEvents(cloud: Pick<Cloud, 'metrics'>): () => number {
  let seen = 0;
  let judged = 0;
  return () => {
    for (; seen < cloud.metrics.length; seen++) {
      const metric = cloud.metrics[seen];
      if (metric !== undefined && DONE.has(metric.name)) judged += metric.value;
    }
    return judged;
  };
}

/** Draws by itself while nothing else happens. @param totalOf events that there will be; undefined: not known */
export function progressMeter(
  cloud: Pick<Cloud, 'metrics'>,
  totalOf: () => number | undefined,
  progress: DemoProgress,
  clock: () => number = () => performance.now(),
): ProgressMeter {
  const began = clock();
  const judgedSoFar = judgedEvents(cloud);
  let at = Number.NEGATIVE_INFINITY;
  let phase = '';
  const draw = (): void => {
    const judged = judgedSoFar();
    const total = totalOf();
    const share = total === undefined || total === 0 ? undefined : Math.min(1, judged / total);
    // what it waits for comes first: it is what stays where the line is short
    const waits = phase !== '' && (share ?? 1) >= 1;
    progress.now(
      [
        ...(waits ? [phase] : []),
        ...(Number.isFinite(at) ? [new Date(at).toISOString().slice(0, 10)] : []),
        ...timeLeft(share, clock() - began),
        ...(waits ? [] : [`${judged.toLocaleString('en-US')} events judged`]),
      ],
      share,
    );
  };
  const timer = setInterval(draw, DRAW_MS);
  timer.unref();
  return {
    at(now, what) {
      at = now;
      phase = what;
      draw();
    },
    stop: () => clearInterval(timer),
  };
}

/** `about 40 s left`, in steps that do not flicker. */
function timeLeft(share: number | undefined, ms: number): string[] {
  if (share === undefined || share < GUESS_FROM.share || ms < GUESS_FROM.ms || share >= 1) return [];
  const seconds = ((ms / share) * (1 - share)) / 1000;
  return [`about ${seconds < 10 ? Math.ceil(seconds) : Math.ceil(seconds / 10) * 10} s left`];
}

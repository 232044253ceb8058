import type { Terminal } from '../record/record.ts';

/** What a demo does, told without a pause: on a terminal one line that is redrawn, else a line at every step and now and then. */
export interface DemoProgress {
  /** a new step begins, such as `2/4 starting the emulators` */
  step(text: string): void;
  /** how far the step is, the most important first: what does not fit into the line is left out; drawn at the next tick */
  now(parts: readonly string[], share?: number): void;
  /** the step is over, with what came of it */
  done(text?: string): void;
  /** at once, not at the next tick */
  draw(): void;
  stop(): void;
}

const TICK_MS = 200;
/** Without a terminal a word comes at least so often. */
const QUIET_MS = 15_000;
const SPIN = ['|', '/', '-', '\\'];

/** @param clock milliseconds, for how long a step has taken */
export function demoProgress(
  { stderr }: Terminal,
  clock: () => number = () => performance.now(),
): DemoProgress {
  const live = stderr.isTTY === true;
  const width = (): number =>
    'columns' in stderr && typeof stderr.columns === 'number' ? stderr.columns : 80;
  let step = '';
  let detail: readonly string[] = [];
  let share: number | undefined;
  let began = clock();
  let said = clock();
  let turn = 0;
  const elapsed = (): string => `${Math.round((clock() - began) / 1000)} s`;
  const draw = (): void => {
    if (step === '') return;
    if (!live) {
      if (clock() - said < QUIET_MS) return;
      said = clock();
      const far = share === undefined ? [] : [`${Math.floor(share * 100)} %`];
      const words = [...far, ...detail].join(', ');
      stderr.write(`  ${elapsed()}: ${words === '' ? 'still at it' : words}\n`);
      return;
    }
    turn = (turn + 1) % SPIN.length;
    const bar = share === undefined ? '' : ` ${barOf(share, 10)} ${Math.floor(share * 100)} %`;
    const whole = (parts: number): string =>
      `${SPIN[turn]} ${[`${step}${bar}`, ...detail.slice(0, parts)].join(', ')} (${elapsed()})`;
    let parts = detail.length;
    while (parts > 0 && [...whole(parts)].length >= width()) parts--;
    stderr.write(`\r\u001b[2K${[...whole(parts)].slice(0, width() - 1).join('')}`);
  };
  const timer = setInterval(draw, TICK_MS);
  timer.unref();
  return {
    draw,
    step(text) {
      step = text;
      detail = [];
      share = undefined;
      began = clock();
      said = began;
      if (live) draw();
      else stderr.write(`${text} ...\n`);
    },
    now(parts, part) {
      detail = parts;
      share = part;
    },
    done(text) {
      if (live) stderr.write(`\r\u001b[2K${step}: ${text ?? 'done'} (${elapsed()})\n`);
      else stderr.write(`  ${text ?? 'done'} (${elapsed()})\n`);
      step = '';
    },
    stop() {
      clearInterval(timer);
      if (live && step !== '') stderr.write('\r\u001b[2K');
    },
  };
}

function barOf(share: number, cells: number): string {
  const full = Math.min(cells, Math.max(0, Math.round(share * cells)));
  return `[${'='.repeat(full)}${' '.repeat(cells - full)}]`;
}

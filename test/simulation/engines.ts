import { checkEngine, type Engine, EngineMissing } from '../../lib/emulator/services/emulators.ts';

/** Why an engine cannot be tested here, in one sentence; undefined: it can. */
export function missing(engine: Engine): string | undefined {
  try {
    checkEngine(engine);
    return undefined;
  } catch (error) {
    if (error instanceof EngineMissing) return error.message;
    throw error;
  }
}

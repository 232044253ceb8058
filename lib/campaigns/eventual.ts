/** A value that is there, or will be: what a port gives that is in memory in one place and a table in another. */
export type Eventual<T> = T | Promise<T>;

/**
 * A procedure that stops wherever it has to wait, so that one text of it runs against memory (`runNow`) and against
 * tables (`runLater`).
 */
export type Procedure<T> = Generator<Eventual<unknown>, T, unknown>;

/** Waits for a value inside a procedure: `const members = yield* got(ports.members(accounts))`. */
export function* got<T>(value: Eventual<T>): Procedure<T> {
  // both drivers answer with the value that they were given
  return (yield value) as T;
}

/** Runs a procedure whose values are all there. @throws TypeError where one would have to be waited for */
export function runNow<T>(procedure: Procedure<T>): T {
  let step = procedure.next();
  while (step.done !== true) {
    if (step.value instanceof Promise) throw new TypeError('a value in memory has to be there at once');
    step = procedure.next(step.value);
  }
  return step.value;
}

/** Runs a procedure and waits where it has to. A port that fails is thrown inside the procedure, which may clean up. */
export async function runLater<T>(procedure: Procedure<T>): Promise<T> {
  let step = procedure.next();
  while (step.done !== true) step = await resumed(procedure, step.value);
  return step.value;
}

async function resumed<T>(
  procedure: Procedure<T>,
  value: Eventual<unknown>,
): Promise<IteratorResult<Eventual<unknown>, T>> {
  let answer: unknown;
  try {
    answer = await value;
  } catch (error) {
    return procedure.throw(error);
  }
  return procedure.next(answer);
}

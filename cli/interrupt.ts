const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns Ctrl-C and SIGTERM into something that a loop can ask for. `end()` MUST be called. */
export interface Interruption {
  /** Waits; true, at once, when interrupted. */
  within(milliseconds: number): Promise<boolean>;
  readonly signal: AbortSignal;
  end(): void;
}

export function interruption(also?: AbortSignal): Interruption {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  for (const signal of signals) process.on(signal, abort);
  also?.addEventListener('abort', abort);
  if (also?.aborted) abort();
  return {
    signal: controller.signal,
    within: (milliseconds) =>
      new Promise((resolve) => {
        if (controller.signal.aborted) return resolve(true);
        const timer = setTimeout(() => {
          controller.signal.removeEventListener('abort', early);
          resolve(false);
        }, milliseconds);
        const early = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        controller.signal.addEventListener('abort', early, { once: true });
      }),
    end: () => {
      for (const signal of signals) process.off(signal, abort);
      also?.removeEventListener('abort', abort);
    },
  };
}

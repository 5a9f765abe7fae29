/** Times the phases of the demo, in seconds. */
export function createPhases() {
  const seconds: Record<string, number> = {};
  let running: { name: string; since: number } | undefined;
  const end = () => {
    if (running) seconds[running.name] = Math.round((performance.now() - running.since) / 10) / 100;
    running = undefined;
  };
  return {
    /** Ends the running phase and begins another. */
    begin(name: string) {
      end();
      running = { name, since: performance.now() };
    },
    end,
    seconds,
  };
}

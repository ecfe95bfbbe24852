// Loaded by Node at start: setTimeout moves the simulator's clock instead of waiting.
const wait = globalThis.setTimeout;

globalThis.setTimeout = (callback, ms = 0, ...said) => {
  const caller = new Error().stack.split("\n")[2];
  if (caller.includes("node:")) return wait(callback, ms, ...said); // Node's own fetch minds its connections by it
  const body = JSON.stringify({ by: Math.round(ms) });
  const headers = { "Content-Type": "application/json" };
  return fetch(process.env.SIMULATOR_CLOCK, { method: "POST", headers, body }).then(() => callback(...said));
};

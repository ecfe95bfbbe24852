// A test as users of Node write it, against the simulator at SIMULATOR_URL.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { Simulator, SimulatorRefused } from "../../clients/typescript/simulator.ts";
import type { Exchange } from "../../clients/typescript/simulator.ts";

const main = new Simulator(process.env["SIMULATOR_URL"]);

function submit(simulator: Simulator, body: Record<string, string>): Promise<Response> {
  return fetch(`${simulator.vendorUrl("useapi")}/v1/faceswap/headshot`, {
    method: "POST",
    headers: { Authorization: "Bearer any-key", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

test("a pinned job runs as its scenario says, tells its end and leaves its calls in the journal", async () => {
  const bodies: string[] = [];
  const receiver = createServer((request, response) => {
    request.setEncoding("utf8");
    request.on("data", (piece: string) => bodies.push(piece));
    request.on("end", () => response.end("ok"));
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as { port: number };
  const simulator = await main.newSandbox({ id: "node", clock: { mode: "manual" }, epoch: "2026-01-01T00:00:00Z" });
  try {
    await simulator.pinScenario({ vendor: "useapi", scenario: "moderated-midway" });
    const reply = await submit(simulator, { prompt: "me, a king", replyUrl: `http://127.0.0.1:${port}/hook` });
    const { jobid } = (await reply.json()) as { jobid: string };

    const moved = await simulator.advanceClock({ by: "2m" });

    const job = await simulator.getJob(jobid, { vendor: "useapi" });
    assert.equal(job.stands_for, "moderated");
    assert.equal(moved.now, "2026-01-01T00:02:00.000Z");
    assert.deepEqual(
      moved.webhooks.map((webhook) => [webhook.job_id, webhook.state]),
      [[jobid, "delivered"]],
    );
    assert.deepEqual((await simulator.listWebhooks({ job_id: jobid })).webhooks, moved.webhooks);
    assert.ok(bodies.join("").includes(jobid));
    const { entries } = await simulator.readJournal({ operation: "headshot" });
    const [call] = entries.filter((entry): entry is Exchange => entry.kind === "exchange");
    assert.equal(call?.reply?.status, 200);
    assert.deepEqual(call.job_ids, [jobid]);
  } finally {
    await simulator.deleteSandbox();
    receiver.close();
  }
});

test("a misspelt scenario is refused with what was meant", async () => {
  await assert.rejects(main.pinScenario({ vendor: "useapi", scenario: "moderatd" }), (error: unknown) => {
    assert.ok(error instanceof SimulatorRefused);
    assert.equal(error.code, "unknown_scenario");
    assert.match(error.message, /did you mean 'moderated'\?/);
    return true;
  });
});

test("faults on the wire are laid ready and met", async () => {
  const simulator = await main.newSandbox({ clock: { mode: "manual" } });
  await simulator.addFaults({ vendor: "useapi", faults: { reset: true } });
  await assert.rejects(submit(simulator, { prompt: "me" }), TypeError);
  assert.deepEqual((await simulator.listFaults()).faults, []);
  await simulator.deleteSandbox();
});

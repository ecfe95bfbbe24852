// A client by Node's own fetch.

const API = "https://api.deepswapai.com/v1";
const SWAP = { source_image: "https://example.com/face.jpg", target_video: "https://example.com/clip.mp4?duration=2" };

async function call(url, body) {
  const headers = { Authorization: `Bearer ${process.argv[2]}`, "Content-Type": "application/json" };
  const reply = await fetch(url, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return reply;
}

const job = await (await call(`${API}/video-swap`, SWAP)).json();
let said;
for (let look = 0; look < 50; look++) {
  said = await (await call(`${API}/status/${job.job_id}`)).json();
  if (said.status === "completed") break;
  await new Promise((resolve) => setTimeout(resolve, 10));
}
const output = await (await call(said.output_url)).arrayBuffer();
console.log(said.status, said.output_url, output.byteLength);

// Asks for one address over and over, on some connections at a time: how many answers, how late.
import { Agent, get } from "node:http";

const [address, cookie, connections, seconds] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const until = performance.now() + Number(seconds) * 1000;
const waits = [];
let failed = 0;
let bytes = 0;

function ask() {
  return new Promise((resolve) => {
    const began = performance.now();
    get(address, { agent, headers: { cookie } }, (answer) => {
      if (answer.statusCode !== 200) failed += 1;
      answer.on("data", (part) => { bytes += part.length; });
      answer.on("end", () => { waits.push(performance.now() - began); resolve(); });
    }).on("error", () => { failed += 1; resolve(); });
  });
}

async function loop() {
  while (performance.now() < until) await ask();
}

const began = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, loop));
const took = (performance.now() - began) / 1000;
agent.destroy();
waits.sort((a, b) => a - b);
const at = (share) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? 0;
console.log(JSON.stringify({ requests: waits.length, seconds: took, failed, bytes, p50: at(0.5), p99: at(0.99) }));

// The same job as dashboard/webhooks in Node with pg: check the signature over the raw body, check
// the JSON, and have the row on disk before the answer. One process, pg's own pool of connections.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import pg from "pg";

const { DATABASE_URL, WEBHOOK_SECRET, PORT } = process.env;
const LIMIT = 25 * 1024 * 1024;
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });

const INSERT = {
  name: "insert-delivery", // named: parsed once a connection
  text: `INSERT INTO deployments_delivery
           (guid, event, payload, key_id, received_at, state, action, decision, attempts)
         VALUES ($1, $2, $3, $4, now(), 'pending', '', '', 0)
         ON CONFLICT (guid) DO NOTHING RETURNING id`,
};

function isSigned(body, signature) {
  const expected = createHmac("sha256", WEBHOOK_SECRET).update(body).digest();
  const given = Buffer.from(signature.slice("sha256=".length), "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

async function receive(headers, body) {
  const guid = headers["x-github-delivery"] ?? "";
  if (!GUID.test(guid)) return [400, "guid"];
  if (!isSigned(body, headers["x-hub-signature-256"] ?? "")) return [401, "signature"];
  try {
    JSON.parse(body.toString("utf8"));
  } catch {
    return [400, "json"];
  }
  const values = [guid, headers["x-github-event"], body, "node"];
  const { rowCount } = await pool.query({ ...INSERT, values });
  return rowCount ? [202, "accepted"] : [200, "duplicate"];
}

const server = createServer((request, response) => {
  const chunks = [];
  let size = 0;
  const answer = (status, text) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ status: text }));
  };
  request.on("data", (chunk) => {
    size += chunk.length;
    if (size <= LIMIT) chunks.push(chunk);
  });
  request.on("end", async () => {
    if (size > LIMIT) return answer(413, "too large");
    try {
      answer(...(await receive(request.headers, Buffer.concat(chunks))));
    } catch {
      answer(503, "database");
    }
  });
});
server.listen(Number(PORT), "127.0.0.1");

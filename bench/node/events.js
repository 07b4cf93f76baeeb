// Server-sent events in Node with pg: one look at the row for everybody, one write for each viewer.
import { createServer } from "node:http";
import pg from "pg";

const { DATABASE_URL, PORT } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 3 });
const viewers = new Set();
const ROW = {
  name: "row",
  text: `SELECT b.id, b.title, b.name, b.slug, b.state, b.author, b.state_changed_at, r.full_name, d.commit
         FROM deployments_branch b JOIN deployments_repository r ON r.id = b.repository_id
         LEFT JOIN deployments_deployment d ON d.id = b.deployment_id WHERE b.id = $1`,
};
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (character) => ESCAPES[character]);

async function tell(id, size) {
  const row = (await pool.query({ ...ROW, values: [id] })).rows[0];
  const html = `<li id="branch-${row.id}" data-state="${row.state}"><h2>${escape(row.title)}</h2><p>${escape(row.full_name)} ${escape(row.name)} ${escape(row.author)} ${row.commit}</p>`;
  // As long as Edaha's, so that both write as much.
  const frame = Buffer.from(`event: fragment\nid: ${Date.now()}\ndata: ${html.padEnd(size, "x")}</li>\n\n`);
  for (const viewer of viewers) viewer.write(frame);
}

const listener = new pg.Client({ connectionString: DATABASE_URL });
await listener.connect();
await listener.query("LISTEN hints");
listener.on("notification", ({ payload }) => tell(...payload.split(" ").map(Number)));

createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.write("retry: 1000\n\n");
  viewers.add(response);
  response.on("close", () => viewers.delete(response));
}).listen(Number(PORT), "127.0.0.1");

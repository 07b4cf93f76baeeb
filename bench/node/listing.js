// The list of previews in Node with pg: who is signed in, fifty rows, the numbers at the tabs, and
// the page as HTML. What is around the rows is a constant here, which Edaha renders each time.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import pg from "pg";

const { DATABASE_URL, PORT, FRAME } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
const [before, after] = readFileSync(FRAME, "utf8").split("<!-- rows -->");
const LABELS = { live: "Live", failed: "Failed", building: "Building", pending: "Waiting" };

const SESSION = {
  name: "session",
  text: "SELECT session_data FROM django_session WHERE session_key = $1 AND expire_date > now()",
};
const PERSON = {
  name: "person",
  text: `SELECT u.id, u.username, u.is_active, u.is_superuser, p.language, p.github_login,
           max(CASE g.name WHEN 'admin' THEN 3 WHEN 'deployer' THEN 2 WHEN 'viewer' THEN 1 END) AS role
         FROM auth_user u LEFT JOIN dashboard_preferences p ON p.user_id = u.id
         LEFT JOIN auth_user_groups m ON m.user_id = u.id LEFT JOIN auth_group g ON g.id = m.group_id
         WHERE u.id = $1 GROUP BY u.id, p.id`,
};
const SEEN = { name: "seen", text: "SELECT max(id) AS last FROM deployments_transition" };
const ROWS = {
  name: "rows",
  text: `SELECT b.id, b.title, b.name, b.slug, b.pull_request, b.pull_request_url, b.author,
           b.author_avatar_url, b.wanted_commit, b.state, b.state_changed_at, b.created_at,
           b.visited_at, b.expires_at, b.expiry_warned_at, b.pinned_at, b.live_id, r.full_name,
           d.commit, left(d.error, 300) AS error,
           EXISTS (SELECT 1 FROM dashboard_favourite f WHERE f.user_id = $1 AND f.branch_id = b.id) AS starred
         FROM deployments_branch b JOIN deployments_repository r ON r.id = b.repository_id
         LEFT JOIN deployments_deployment d ON d.id = b.deployment_id
         WHERE NOT b.state = 'destroyed' ORDER BY b.updated_at DESC, b.id DESC LIMIT 51`,
};
const NUMBERS = { name: "numbers", text: "SELECT state, count(*) FROM deployments_branch GROUP BY state" };

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };
const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (character) => ESCAPES[character]);
const icon = (name) => `<svg class="icon" aria-hidden="true"><use href="/static/icons.svg#${name}" /></svg>`;
const time = (at) => `<time datetime="${at.toISOString()}" data-ago>${at.toISOString()}</time>`;

let numbers = {};
let countedAt = 0;

async function count() {
  if (Date.now() - countedAt < 2000) return;
  countedAt = Date.now();
  const { rows } = await pool.query(NUMBERS);
  numbers = Object.fromEntries(rows.map((row) => [row.state, Number(row.count)]));
}

function userOf(data) {
  const [payload] = data.split(":");
  const isPacked = payload.startsWith(".");
  const bytes = Buffer.from(isPacked ? payload.slice(1) : payload, "base64url");
  return JSON.parse(isPacked ? inflateSync(bytes) : bytes)._auth_user_id;
}

function line(row) {
  const title = escape(row.title || row.name);
  return `<li id="branch-${row.id}" class="row" data-state="${row.state}" data-author="${escape(row.author)}" data-announce="${title}: ${LABELS[row.state]}">
  <div class="row-who"><span class="avatar" title="${escape(row.author)}">${icon("person")}${row.author_avatar_url ? `<img src="${escape(row.author_avatar_url)}" alt="" width="40" height="40" loading="lazy">` : ""}</span></div>
  <div class="row-what"><h2><a href="/branches/${row.id}">${title}</a></h2>
    <p class="facts">${row.pull_request ? `<a href="${escape(row.pull_request_url)}">#${row.pull_request}</a>` : ""}<span>${escape(row.author)}</span><span>${escape(row.full_name)}</span><span class="branch-name">${icon("branch")}${escape(row.name)}</span><code>${escape((row.commit ?? row.wanted_commit).slice(0, 7))}</code></p>
    <p class="facts row-times"><span>Made ${time(row.created_at)}</span>${row.visited_at ? `<span>Opened ${time(row.visited_at)}</span>` : ""}${row.pinned_at ? `<span class="mark">${icon("pin")} pinned</span>` : row.expires_at ? `<span>Ends ${time(row.expires_at)}</span>` : ""}</p>
    ${row.state === "failed" ? `<p class="row-error">${escape((row.error ?? "").split("\n")[0])}</p>` : ""}</div>
  <p class="row-state"><span class="state state-${row.state}">${icon(row.state)}<span>${LABELS[row.state]}</span></span><span class="age">${time(row.state_changed_at)}</span></p>
  <button type="submit" form="stars" class="star" data-keep formaction="/branches/${row.id}/${row.starred ? "un" : ""}favourite" data-other="/branches/${row.id}/${row.starred ? "" : "un"}favourite" aria-pressed="${row.starred}" title="Favourite">${icon("favourite")}<span class="sr-only">Favourite <bdi>${title}</bdi></span></button>
  <a class="btn row-open" href="https://${row.slug}.localhost" target="_blank" rel="noopener">Open<span class="sr-only"> <bdi>${title}</bdi> (new tab)</span>${icon("open")}</a></li>`;
}

async function page(cookies) {
  const key = /(?:^|; )session=([^;]+)/.exec(cookies ?? "")?.[1];
  const session = key && (await pool.query({ ...SESSION, values: [key] })).rows[0];
  if (!session) return [302, ""];
  const person = (await pool.query({ ...PERSON, values: [userOf(session.session_data)] })).rows[0];
  if (!person?.is_active || !person.role) return [403, ""];
  const seen = (await pool.query(SEEN)).rows[0].last ?? 0;
  const { rows } = await pool.query({ ...ROWS, values: [person.id] });
  await count();
  return [200, `${before}${JSON.stringify(numbers)}${seen}${rows.slice(0, 50).map(line).join("")}${after}`];
}

createServer(async (request, response) => {
  try {
    const [status, html] = await page(request.headers.cookie);
    response.writeHead(status, { "Content-Type": "text/html; charset=utf-8", "Content-Length": Buffer.byteLength(html) });
    response.end(html);
  } catch (problem) {
    response.writeHead(500).end(String(problem));
  }
}).listen(Number(PORT), "127.0.0.1");

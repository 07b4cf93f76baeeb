"""The list of previews: against the same page from Node with pg, and against a short list."""

import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
import psycopg

from .many import fill
from .network import free_port
from .postgres import postgres
from .processes import manage, serving, valkey
from .processes import run as run_command
from .receivers import NODE, create, settings, uvicorn
from .report import NotMeasured, Row

ROUNDS = 5
SECONDS = 4
#: For throughput; how late answers are, is measured with one connection.
CONNECTIONS = 8
NODE_GOAL = 0.8
SIZE_GOAL = 1.2


@dataclass(frozen=True)
class Site:
    name: str
    url: str
    cookie: str
    database: str


class Round(NamedTuple):
    per_second: float
    p50: float
    p99: float
    queries: float


def run() -> list[Row]:
    for program in ("node", "npm"):
        if not shutil.which(program):
            raise NotMeasured(f"{program} is not installed")
    with _sites() as (many, few, node):
        busy = _interleaved([many, node], CONNECTIONS)
        alone = _interleaved([many, few], 1)
    ours, theirs = _middle(busy["many"]), _middle(busy["node"])
    long, short = _middle(alone["many"]), _middle(alone["few"])
    ratio, late = ours.per_second / theirs.per_second, long.p99 / short.p99
    return [
        Row(
            "List of 50 of 10,000 previews, 1,000,000 deployments, against Node + pg",
            _said(ours),
            _said(theirs),
            ratio,
            f"at least {NODE_GOAL:g} times",
            ratio >= NODE_GOAL,
        ),
        Row(
            "List, p99 with 10,000 previews against 100",
            f"p99 {long.p99:.1f} ms, {long.queries:.1f} queries",
            f"p99 {short.p99:.1f} ms, {short.queries:.1f} queries",
            late,
            f"at most {SIZE_GOAL:g} times, as many queries",
            late <= SIZE_GOAL and round(long.queries) == round(short.queries),
        ),
    ]


@contextmanager
def _sites() -> Iterator[tuple[Site, Site, Site]]:
    """Ours with many previews and with few, and Node with many, with somebody signed in."""
    with ExitStack() as end:
        server = end.enter_context(postgres(is_durable=True))
        redis = end.enter_context(valkey())
        data = Path(end.enter_context(tempfile.TemporaryDirectory(prefix="edaha-bench-")))
        create(server, "few")
        environment = settings(data, redis, f"{server}/few")
        person = prepare(environment)
        create(server, "many", "few")
        fill(f"{server}/few", 100, 100)
        fill(f"{server}/many", 10_000, 100)
        few = end.enter_context(_ours("few", settings(data, redis, f"{server}/few"), person))
        many = end.enter_context(_ours("many", settings(data, redis, f"{server}/many"), person))
        node = end.enter_context(_node(many, data))
        yield many, few, node


def prepare(environment: dict[str, str]) -> dict[str, str]:
    """The tables, a repository, and a person who may look: name and password."""
    manage("migrate", "--verbosity", "0", environment=environment)
    url = "https://github.com/acme/shop.git"
    manage("repository", "add", "acme/shop", "--clone-url", url, environment=environment)
    said = manage("user", "create", "bench", "--role", "viewer", environment=environment)
    person: dict[str, str] = json.loads(said)
    return person


@contextmanager
def _ours(name: str, environment: dict[str, str], person: dict[str, str]) -> Iterator[Site]:
    port = free_port()
    with uvicorn("dashboard.asgi:application", port, environment):
        url = f"http://localhost:{port}"
        yield Site(name, f"{url}/", sign_in(url, person), environment["EDAHA_DATABASE_URL"])


def sign_in(url: str, person: dict[str, str]) -> str:
    """The cookie of a session."""
    with httpx.Client(base_url=url, trust_env=False) as client:
        client.get("/sign-in")
        form = {
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
            "login": person["username"],
            "password": person["password"],
        }
        answer = client.post("/sign-in", data=form, headers={"Origin": url})
        if answer.status_code != 302:
            raise NotMeasured(f"signing in was answered with {answer.status_code}")
        return f"session={client.cookies['session']}"


@contextmanager
def _node(ours: Site, folder: Path) -> Iterator[Site]:
    for name in ("package.json", "listing.js"):
        shutil.copy(NODE / name, folder)
    run_command("npm", "install", "--no-audit", "--no-fund", "--silent", cwd=folder)
    page = httpx.get(ours.url, headers={"Cookie": ours.cookie}, trust_env=False).text
    head, _, rest = page.partition('<li id="branch-')
    rest = rest[rest.rindex('<li class="more"') :]
    frame = folder / "frame.html"
    frame.write_text(f"{head}<!-- rows -->{rest}")
    port = free_port()
    environment = {"DATABASE_URL": ours.database, "PORT": str(port), "FRAME": str(frame)}
    with serving(["node", str(folder / "listing.js")], port, environment):
        yield Site("node", f"http://localhost:{port}/", ours.cookie, ours.database)


def _interleaved(sites: list[Site], connections: int) -> dict[str, list[Round]]:
    """One after the other, round after round, so that a slow minute meets everybody."""
    for site in sites:
        _load(site, connections, 1)  # caches, connections, prepared statements
    found: dict[str, list[Round]] = defaultdict(list)
    for _ in range(ROUNDS):
        for site in sites:
            found[site.name].append(_load(site, connections, SECONDS))
    return found


def _load(site: Site, connections: int, seconds: int) -> Round:
    before = _transactions(site)
    script = str(NODE / "load.js")
    said = run_command("node", script, site.url, site.cookie, str(connections), str(seconds))
    told = json.loads(said)
    if told["failed"] or not told["requests"]:
        raise NotMeasured(f"{site.name} failed {told['failed']} of {told['requests']} requests")
    queries = (_transactions(site) - before) / told["requests"]
    return Round(told["requests"] / told["seconds"], told["p50"], told["p99"], queries)


def _transactions(site: Site) -> int:
    """Each query is one where nobody asks for more."""
    with psycopg.connect(site.database, autocommit=True) as connection:
        connection.execute("SELECT pg_sleep(1.1)")  # the servers tell it once a second
        name = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        row = connection.execute(name).fetchone()
    assert row is not None
    return int(row[0])


def _middle(rounds: list[Round]) -> Round:
    return Round(*map(median, zip(*rounds, strict=True)))


def _said(found: Round) -> str:
    return f"{found.per_second:,.0f}/s, p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms"

"""bin/bench: measures, and prints what it found beside what it is compared with."""

import argparse
import json
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict

from rich.console import Console

from . import checkout, deploy, listing, log, redaction, viewers, webhook
from .report import NotMeasured, Row, table
from .stack import forget_surroundings

TOPICS: dict[str, Callable[[], list[Row]]] = {
    "webhook": webhook.run,
    "checkout": checkout.run,
    "deploy": deploy.run,
    "log": log.run,
    "redaction": redaction.run,
    "listing": listing.run,
    "viewers": viewers.run,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=", ".join(TOPICS))
    parser.add_argument("--json", action="store_true", help="rows as JSON instead of a table")
    options = parser.parse_args()
    if unknown := sorted(set(options.topics) - set(TOPICS)):
        parser.error(f"no topic {', '.join(unknown)}; there are {', '.join(TOPICS)}")
    forget_surroundings()
    progress = Console(stderr=True)
    rows: list[Row] = []
    for topic in options.topics or TOPICS:
        progress.print(f"Measuring {topic} …", style="dim")
        rows += _measure(topic)
    if options.json:
        json.dump([asdict(row) for row in rows], sys.stdout, indent=2)
        print()
    else:
        Console(width=None if sys.stdout.isatty() else 160).print(table(rows))
    sys.exit(any(row.is_met is False for row in rows))


def _measure(topic: str) -> list[Row]:
    try:
        return TOPICS[topic]()
    except NotMeasured as why:
        return [Row.not_measured(topic.capitalize(), str(why))]
    except Exception as problem:  # the other topics are worth having all the same
        traceback.print_exc()
        return [Row.failed(topic.capitalize(), f"{type(problem).__name__}: {problem}")]


if __name__ == "__main__":
    main()

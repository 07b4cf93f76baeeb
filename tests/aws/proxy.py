"""AWS with its own rules and its bad days, in front of an emulator.

    python -m tests.aws.proxy --port 4570 [--seed 1] [--faults 0.05] [--scale 0.1] [--upstream URL]

Without --upstream, moto's server runs behind it, and what moto lacks is played: tasks that start
and end, their instances in Cloud Map, images. `GET /_proxy/left?prefix=edaha` tells what exists,
`GET /_proxy/statistics` what happened, `POST /_proxy/faults {"part": 0}` ends the bad day.
"""

import argparse
import logging

from .account import Account
from .faults import Plan
from .server import Proxy, serve
from .timing import Clock, Timing
from .upstream import Upstream, start_moto


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.aws.proxy", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=float, default=0, help="the part of calls that go wrong")
    parser.add_argument("--scale", type=float, default=1, help="how long things take, as a factor")
    parser.add_argument("--silence", type=float, default=6, help="seconds until no answer ends")
    parser.add_argument("--upstream", default="", help="another emulator's URL")
    options = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    clock = Clock(Timing().scaled(options.scale), options.seed)
    upstream = Upstream(options.upstream or start_moto())
    account = Account(clock, upstream, simulates=not options.upstream)
    proxy = Proxy(account, Plan(options.seed, options.faults), silence=options.silence)
    serve(proxy, options.port).serve_forever()


if __name__ == "__main__":
    main()

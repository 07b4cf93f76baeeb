"""python -m sandbox.discovery: the agent and the DNS server, until a signal ends them."""

import logging
import os
import signal
import sys

import boto3
from botocore.config import Config

from sandbox.discovery.agent import Agent
from sandbox.discovery.dns import serve


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # The emulator's data plane has no host name of its own, so no prefix to its address.
    config = Config(
        inject_host_prefix=False,
        connect_timeout=1,
        read_timeout=10,
        retries={"max_attempts": 0},
        max_pool_connections=20,
    )
    session = boto3.Session()
    cloud_map = session.client("servicediscovery", config=config)
    ecs = session.client("ecs", config=config)
    agent = Agent(ecs, cloud_map, os.environ["EDAHA_CLUSTER"])
    agent.catch_up()
    with serve(cloud_map, int(os.environ["EDAHA_DNS_PORT"])):
        agent.run()


if __name__ == "__main__":
    main()

"""Fills in nginx.conf.template where there is no envsubst.

python -m router.render > nginx.conf
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "nginx.conf.template"

# What the template asks for, with the value of the container image where there is one.
VARIABLES: Mapping[str, str | None] = {
    "EDAHA_ROUTER_LISTEN": "8080",  # address:port, or a port on every address
    "EDAHA_ROUTER_USER": "nginx",  # of the workers, where the master is root
    "EDAHA_ROUTER_CACHE": "/var/cache/nginx",  # a folder that nginx may write in
    "EDAHA_ROUTER_PAGES": "/etc/nginx/pages",  # router/pages
    "EDAHA_PREVIEW_DOMAIN": None,  # previews are <slug>.<this>
    "EDAHA_PREVIEW_SCHEME": "https",  # what a browser uses, told to applications
    "EDAHA_NAMESPACE": None,  # the Cloud Map namespace of the previews
    "EDAHA_RESOLVER": "169.254.169.253",  # a VPC's DNS server
    "EDAHA_DASHBOARD": None,  # host:port of the dashboard, as seen from here
    "EDAHA_DASHBOARD_HOST": None,  # the Host that the dashboard answers to
}

_PLACE = re.compile(r"\$\{(EDAHA_[A-Z_]+)\}")
_UNSAFE = re.compile(r"[\s;{}\"'$\\]")


class MissingVariable(Exception):
    """A variable of the template has no value, or one that would break out of its place."""


def render(template: str, environment: Mapping[str, str]) -> str:
    """The finished configuration. Raises MissingVariable."""

    def value(place: re.Match[str]) -> str:
        name = place[1]
        found = environment.get(name) or VARIABLES.get(name)
        if not found or _UNSAFE.search(found):
            raise MissingVariable(f"{name} is {found!r}")
        return found

    return _PLACE.sub(value, template)


if __name__ == "__main__":
    try:
        sys.stdout.write(render(TEMPLATE.read_text(), os.environ))
    except MissingVariable as error:
        sys.exit(str(error))

"""A repository of a few files, in memory."""

from collections.abc import Mapping

import yaml

from deployments.definitions.application import Application, Service
from deployments.definitions.edaha_yml import Defaults, read
from deployments.definitions.files import check_size
from deployments.definitions.problems import DefinitionError, Problem


class Repository:
    """Has a Dockerfile, unless told otherwise."""

    def __init__(self, files: Mapping[str, str | bytes] | None = None) -> None:
        self.files = {"Dockerfile": "FROM scratch"} if files is None else files

    def read(self, path: str) -> bytes | None:
        found = self.files.get(path)
        if found is None:
            return None
        content = found.encode() if isinstance(found, str) else found
        check_size(path, len(content))
        return content


DOCKERFILES = dict.fromkeys(("Dockerfile", "web/Dockerfile", "api/Dockerfile"), "FROM scratch")
NOTHING_SAID = Defaults()


def reading(
    text: str | bytes | object,
    defaults: Defaults = NOTHING_SAID,
    others: Mapping[str, str | bytes] = DOCKERFILES,
) -> Application:
    """The application that an edaha.yml describes; what is no text is written as YAML first."""
    written = text if isinstance(text, str | bytes) else yaml.safe_dump(text, sort_keys=False)
    return read(Repository({**others, "edaha.yml": written}), defaults)


def service(text: str, name: str = "web", defaults: Defaults = NOTHING_SAID) -> Service:
    return reading(text, defaults).service(name)


def problems(
    text: str | bytes | object, others: Mapping[str, str | bytes] = DOCKERFILES
) -> list[Problem]:
    """What is wrong with an edaha.yml; nothing where it is read."""
    try:
        reading(text, others=others)
    except DefinitionError as error:
        return list(error.problems)
    return []


def told(text: str | bytes | object, others: Mapping[str, str | bytes] = DOCKERFILES) -> list[str]:
    """Each problem in a line, with its hint."""
    return [f"{problem} {problem.hint}".rstrip() for problem in problems(text, others)]

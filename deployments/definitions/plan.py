"""An application's files, put together for one preview: read, composed, checked. Pure.

The worker reads them out of a commit, `manage definitions` out of a folder; both do this.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import names
from . import dockerfile, ecspresso, edaha_yml, untrusted
from .application import PLATFORMS, Application, Ecspresso, Service
from .compose import Definition, compose
from .edaha_yml import Defaults
from .files import Files
from .preview import Platform, Preview, variable
from .problems import DefinitionError, Problem
from .rules import check


@dataclass(frozen=True)
class Tools:
    """What reading definitions needs of the outside."""

    lookups: ecspresso.Lookups
    jsonnet: ecspresso.Evaluate


@dataclass(frozen=True)
class Plan:
    """What is to be built and run for one preview."""

    application: Application
    preview: Preview
    platform: Platform
    #: Services that ecspresso's files describe.
    teams: Mapping[str, ecspresso.Loaded]
    #: What templates looked up and nobody shall read in a message.
    confidential: frozenset[str] = frozenset()
    #: What a stranger's code does not get, in sentences; see `untrusted`.
    withheld: tuple[str, ...] = ()

    @property
    def definition_files(self) -> frozenset[str]:
        """Files that say how it is deployed, and are no part of any image."""
        source = {self.application.source} - {""}
        return frozenset(source).union(*(team.definition_files for team in self.teams.values()))


def make(
    files: Files,
    defaults: Defaults,
    *,
    path: str,
    preview: Callable[[Application], Preview],
    platform: Platform,
    tools: Tools,
) -> Plan:
    """Read everything that `path` and the files named in it say. Raises DefinitionError."""
    application = edaha_yml.read(files, defaults, path=path)
    seen = preview(application)
    application = edaha_yml.substitute(application, seen.environment())
    teams = {
        service.name: _load(files, service.ecspresso, variables, tools)
        for service in application.services
        if service.ecspresso is not None
        for variables in [seen.environment(service.name) | _image_variables(application)]
    }
    found = dockerfile.problems(files, application, is_trusted=platform.is_trusted)
    if problems := list(found):
        raise DefinitionError(problems)
    application, withheld = _as_trusted(_for_processors(application, teams), platform)
    return Plan(application, seen, platform, teams, withheld=tuple(withheld))


def _as_trusted(application: Application, platform: Platform) -> tuple[Application, list[str]]:
    if platform.is_trusted:
        return application, []
    return untrusted.without_trust(application)


def _for_processors(application: Application, teams: Mapping[str, ecspresso.Loaded]) -> Application:
    """An image that nothing describes is built for the processors that ecspresso's tasks name."""
    named = {
        PLATFORMS[architecture]
        for team in teams.values()
        for architecture in [
            (team.task_definition.get("runtimePlatform") or {}).get("cpuArchitecture")
        ]
        if architecture in PLATFORMS
    }
    if not application.images_assumed or not named:
        return application
    images = tuple(
        image if named <= set(image.platforms) else replace(image, platforms=tuple(sorted(named)))
        for image in application.images
    )
    return replace(application, images=images)


def _load(
    files: Files, described: Ecspresso, variables: Mapping[str, str], tools: Tools
) -> ecspresso.Loaded:
    surroundings = ecspresso.Surroundings(
        files=files,
        environment={**variables, **described.environment},
        lookups=tools.lookups,
        jsonnet=tools.jsonnet,
        ext_str=described.ext_str,
        ext_code=described.ext_code,
    )
    return ecspresso.load(described.config, surroundings)


def _image_variables(application: Application) -> dict[str, str]:
    """What templates write where an image belongs; the digest takes its place after the build."""
    each = {f"EDAHA_IMAGE_{variable(i.name)}": placeholder(i.name) for i in application.images}
    first = application.images[0].name if application.images else ""
    return {"EDAHA_IMAGE": placeholder(first), **each} if first else each


def placeholder(image: str) -> str:
    """Stands for an image that is not built yet, wherever definitions mention it."""
    return f"edaha.invalid/{image}@sha256:{'0' * 64}"


def compose_all(
    plan: Plan,
    images: Mapping[str, str] | None = None,
    ports: Mapping[str, int | None] | None = None,
) -> dict[str, Definition]:
    """What ECS is told of each service; before the build without images and EXPOSE's ports."""
    references = images or {i.name: placeholder(i.name) for i in plan.application.images}
    known = {placeholder(name): reference for name, reference in references.items()}
    preview = plan.preview
    return {
        service.name: compose(
            service,
            preview,
            plan.platform,
            references,
            port=(ports or {}).get(service.name),
            team=_with_images(plan.teams.get(service.name), known),
            family=names.family(
                preview.installation, preview.slug, preview.branch_id, _own(service)
            ),
            service_name=names.release_name(
                preview.installation,
                preview.slug,
                preview.branch_id,
                preview.generation,
                _own(service),
            ),
        )
        for service in plan.application.services
    }


def _own(service: Service) -> str:
    return "" if service.is_default else service.name


def _with_images(
    team: ecspresso.Loaded | None, known: Mapping[str, str]
) -> ecspresso.Loaded | None:
    if team is None:
        return None
    return replace(
        team,
        task_definition=_replaced(team.task_definition, known),
        service_definition=_replaced(team.service_definition, known),
    )


def _replaced(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, known) for each in value]
    if isinstance(value, str):
        for stand_in, reference in known.items():
            value = value.replace(stand_in, reference)
    return value


def problems(
    plan: Plan,
    composed: Mapping[str, Definition] | None = None,
    platforms: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Problem]:
    """Everything that AWS would refuse, or that cannot work as a preview."""
    intended = {image.name: image.platforms for image in plan.application.images}
    definitions = composed or compose_all(plan)
    return [
        problem
        for service in plan.application.services
        for problem in check(
            definitions[service.name],
            service,
            plan,
            platforms or intended,
        )
    ]

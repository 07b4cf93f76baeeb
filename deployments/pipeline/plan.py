"""A deployment's definitions: read out of its commit, checked, and written down as rows."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from django.db import transaction

from .. import names
from ..adapters import aws, git, jsonnet, lookups
from ..adapters.gitfiles import GitFiles
from ..adapters.verify import Asked
from ..adapters.verify import verify as ask_aws
from ..config import config
from ..definitions import edaha_yml
from ..definitions import plan as plans
from ..definitions.application import Application
from ..definitions.application import Image as Spec
from ..definitions.application import Service as Described
from ..definitions.compose import Definition
from ..definitions.edaha_yml import Defaults
from ..definitions.plan import Plan
from ..definitions.preview import Platform, Preview
from ..definitions.problems import DefinitionError, redacted
from ..models import Branch, Deployment, Hook, Image, Repository, Service, expiry
from . import secrets
from .ports import port_of

_SECRET_LENGTH = 4


def read(deployment: Deployment, *, commit: str = "") -> Plan:
    """What the files of its commit (or of another one) say of the deployment's preview.

    The commit is in the mirror already. Raises DefinitionError with all that is wrong with it.
    """
    looked_up = _Remembering(secrets.allowed(deployment)) if deployment.is_trusted else _Nothing()
    try:
        return _read(deployment, commit, looked_up)
    except DefinitionError as error:
        raise DefinitionError(redacted(error.problems, looked_up.values)) from None


def _read(deployment: Deployment, commit: str, looked_up: "_Remembering | _Nothing") -> Plan:
    repository = deployment.branch.repository
    mirror = git.mirror_path(repository)
    with GitFiles(repository, mirror, commit or deployment.commit) as files:
        plan = plans.make(
            files,
            _defaults(repository),
            path=repository.definitions,
            preview=lambda application: _preview(deployment, application),
            platform=_platform(deployment),
            tools=plans.Tools(looked_up, jsonnet.evaluate),
        )
    if found := plans.problems(plan):
        raise DefinitionError(found)
    return replace(plan, confidential=frozenset(looked_up.values))


class _Remembering(lookups.AwsLookups):
    """Remembers the values that templates were given, so that no message tells them."""

    def __init__(self, allowed: Collection[str]) -> None:
        super().__init__(allowed)
        self.values: set[str] = set()

    def ssm(self, name: str, index: int | None = None) -> str:
        value = super().ssm(name, index)
        # Shorter ones are no secrets, and would make a message unreadable.
        if len(value) >= _SECRET_LENGTH:
            self.values.add(value)
        return value


class _Nothing(lookups.NoLookups):
    """What a stranger's templates are given."""

    values: frozenset[str] = frozenset()


def images(deployment: Deployment, mirror: Path) -> tuple[Spec, ...]:
    """The images that its commit, which is in `mirror`, is made of. AWS is asked nothing.

    Raises DefinitionError with all that is wrong with its file.
    """
    with GitFiles(deployment.branch.repository, mirror, deployment.commit) as files:
        defaults = _defaults(deployment.branch.repository)
        path = deployment.branch.repository.definitions
        application = edaha_yml.read(files, defaults, path=path)
    seen = _preview(deployment, application)
    return edaha_yml.substitute(application, seen.environment()).images


def verify(deployment: Deployment, plan: Plan) -> list[str]:
    """Ask AWS for everything that the definitions name; what is worth knowing comes back.

    Raises DefinitionError with what is missing.
    """
    composed = plans.compose_all(plan)
    definitions = {name: (each.task_definition, each.service) for name, each in composed.items()}
    warnings = [str(warning) for team in plan.teams.values() for warning in team.warnings]
    warnings += secrets.told(deployment, composed, plan.application.images)
    warnings += ask_aws(Asked(plan.platform, definitions, plan.application.source))
    return warnings + _withheld(plan, composed)


def _withheld(plan: Plan, composed: Mapping[str, Definition]) -> list[str]:
    """What a fork does not get, for the log; every detail is with the definitions."""
    told = [*plan.withheld]
    for name, definition in composed.items():
        if definition.withheld:
            where = ", ".join(dict.fromkeys(definition.withheld))
            told.append(f"{name} runs without what a fork does not get: {where}")
    return told


def summary(plan: Plan) -> str:
    """One line for the log."""
    application = plan.application
    services = ", ".join(service.name for service in application.services)
    return f"{application.source or 'The repository’s settings'}: {services}"


def write_down(deployment: Deployment, plan: Plan, images: Mapping[str, Image]) -> None:
    """Make the rows of its services and hooks, now that the images are known."""
    ports = {service.name: port_of(service, images) for service in plan.application.services}
    references = {name: image.reference for name, image in images.items()}
    composed = plans.compose_all(plan, references, ports)
    platforms = {name: tuple(image.ports) for name, image in images.items()}
    if found := plans.problems(plan, composed, platforms):
        raise DefinitionError(redacted(found, plan.confidential))
    with transaction.atomic():
        deployment.services.all().delete()
        deployment.hooks.all().delete()
        for name, definition in composed.items():
            _service(deployment, plan, name, definition).save()
        for hook in _hooks(deployment, plan, composed):
            hook.save()
        newest = Branch.objects.filter(pk=deployment.branch_id, generation=deployment.generation)
        if newest.update(expires_seconds=plan.application.expires_seconds):
            expiry.restart(newest.select_related("repository").get())


def _service(deployment: Deployment, plan: Plan, name: str, definition: Definition) -> Service:
    described = plan.application.service(name)
    own = "" if described.is_default else name
    return Service(
        deployment=deployment,
        name=name,
        label=label(deployment.branch, described),
        release_name=deployment.service_name(config().installation, own),
        container=definition.container,
        port=definition.port,
        health_path=described.health_path,
        startup_seconds=described.startup_seconds,
        task_definition=definition.task_definition,
        service_definition=definition.service,
        parameters=secrets.parameters_of(definition),
        changes=[asdict(change) for change in definition.changes],
    )


def _hooks(deployment: Deployment, plan: Plan, composed: Mapping[str, Definition]) -> list[Hook]:
    application = plan.application
    wanted = {
        Hook.Kind.RELEASE: application.release_hook,
        Hook.Kind.DESTROY: application.destroy_hook,
    }
    return [
        Hook(
            deployment=deployment,
            kind=kind,
            service=hook.service,
            container=hook.container or composed[hook.service].container,
            command=list(hook.command),
            timeout_seconds=hook.timeout_seconds,
        )
        for kind, hook in wanted.items()
        if hook is not None
    ]


def _preview(deployment: Deployment, application: Application) -> Preview:
    branch = deployment.branch
    urls = {
        service.name: config().preview_url(label(branch, service))
        for service in application.services
    }
    return Preview(
        installation=config().installation,
        repository=branch.repository.full_name,
        branch=branch.name,
        slug=branch.slug,
        branch_id=branch.pk,
        generation=deployment.generation,
        commit=deployment.commit,
        pull_request=branch.pull_request,
        urls=urls,
        default_service=application.default_service.name,
    )


def label(branch: Branch, service: Described) -> str:
    """The DNS label of a service's address."""
    return branch.slug if service.is_default else names.address_label(branch.slug, service.name)


def _platform(deployment: Deployment) -> Platform:
    """A stranger's code gets neither the settings' variables nor roles nor what is allowed."""
    repository = deployment.branch.repository
    platform = Platform(
        region=aws.client("ecs").meta.region_name,
        cluster=repository.cluster or config().cluster,
        log_group=names.log_group(config().installation, repository.full_name),
        subnets=tuple(repository.subnets or config().subnets),
        security_groups=tuple(repository.security_groups or config().security_groups),
        assign_public_ip=repository.assign_public_ip,
        launch_type=repository.launch_type,
        capacity_providers=tuple(repository.capacity_providers),
        task_role_arn=repository.task_role_arn,
        execution_role_arn=repository.execution_role_arn or config().execution_role_arn,
        allowed=secrets.allowed(deployment),
        environment=repository.environment,
        secrets=secrets.for_containers(deployment),
    )
    if deployment.is_trusted:
        return platform
    return replace(
        platform,
        is_trusted=False,
        task_role_arn="",
        allowed=(),
        environment={},
        most_cpu=config().fork_cpu,
        most_memory=config().fork_memory,
    )


def _defaults(repository: Repository) -> Defaults:
    return Defaults(
        dockerfile=repository.dockerfile,
        context=repository.context,
        platforms=tuple(repository.platforms),
        port=repository.port,
        health_path=repository.health_path,
        startup_seconds=repository.startup_seconds,
        cpu=repository.cpu,
        memory=repository.memory,
    )

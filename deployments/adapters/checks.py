"""One check for each kind of thing that has to exist: what is wrong with it, and what to do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from . import ecs, efs, iam, logs, network, secretsmanager, servicequotas, ssm
from .needs import Kind, Need

#: https://docs.aws.amazon.com/general/latest/gr/ecs-service.html
_SERVICES_QUOTA = "L-9EF96962"
_SERVICES_DEFAULT = 5000
_VCPU_QUOTAS = {"FARGATE": "L-3032A538", "FARGATE_SPOT": "L-36FBB829"}
#: From here on, people are told that the quota comes near.
_NEAR = 0.9


@dataclass(frozen=True)
class Finding:
    need: Need
    message: str
    hint: str = ""
    #: Otherwise it is worth knowing, and nothing fails because of it.
    is_problem: bool = True


def check_cluster(needs: Sequence[Need]) -> Iterator[Finding]:
    """It takes work, has room for the services, and knows their capacity providers."""
    [need] = needs
    cluster = ecs.find_cluster(need.name)
    if cluster is None:
        yield Finding(
            need,
            f"The ECS cluster “{need.name}” does not exist.",
            "Create it, or name another in the repository's settings or EDAHA_CLUSTER.",
        )
        return
    providers, (launch_type,) = need.details
    has = cluster.get("capacityProviders", [])
    for name in providers:
        if name not in has:
            yield Finding(
                need,
                f"The cluster {need.name} has no capacity provider {name}; "
                f"it has {', '.join(has) or 'none'}.",
                "Associate it: aws ecs put-cluster-capacity-providers, or name another.",
            )
    if launch_type == "EC2" and not cluster.get("registeredContainerInstancesCount"):
        message = f"The cluster {need.name} has no EC2 instance to run tasks on."
        yield Finding(need, message, is_problem=False)
    yield from _room_for_services(need, cluster.get("activeServicesCount", 0))


def _room_for_services(need: Need, active: int) -> Iterator[Finding]:
    wanted = active + len(need.by)
    if wanted <= _NEAR * _SERVICES_DEFAULT:
        return  # AWS gives nobody less
    quota = servicequotas.applied_quota("ecs", _SERVICES_QUOTA) or _SERVICES_DEFAULT
    message = f"The cluster {need.name} has {active:,} services, and may have {quota:,.0f}."
    hint = f"Destroy branches, or have the quota {_SERVICES_QUOTA} of ECS raised."
    if wanted > quota:
        yield Finding(need, message, hint)
    elif wanted > _NEAR * quota:
        yield Finding(need, message, hint, is_problem=False)


def check_network(needs: Sequence[Need]) -> Iterator[Finding]:
    """Subnets and security groups exist, in one VPC."""
    [need] = needs
    subnets, groups = need.details
    if not subnets:
        yield Finding(
            need, "No subnets are set.", "Set them for the repository, or EDAHA_SUBNETS for all."
        )
        return
    for message in network.problems(subnets, groups):
        yield Finding(
            need, message, "Correct it in the repository's settings or the service definition."
        )


def check_role(needs: Sequence[Need]) -> Iterator[Finding]:
    """The role exists, and tasks can assume it."""
    [need] = needs
    role = iam.find_role(need.name)
    if role is None or (need.name.startswith("arn:") and role.arn != need.name):
        yield Finding(
            need, f"There is no role {need.name}.", "Create it in this account, or correct the ARN."
        )
    elif not role.trusts_tasks:
        yield Finding(
            need,
            f"Tasks cannot assume the role {need.name}.",
            f"Let {iam.TASKS} do sts:AssumeRole in its trust policy.",
        )


def check_parameters(needs: Sequence[Need]) -> Iterator[Finding]:
    """They exist; whether the execution role may read them, ECS finds out."""
    missing = ssm.missing_parameters([need.name for need in needs])
    for need in needs:
        if need.name in missing:
            yield Finding(
                need,
                f"There is no SSM parameter {need.name}.",
                "Create it, or correct valueFrom. A secret of Secrets Manager is named by its ARN.",
            )


def check_secret(needs: Sequence[Need]) -> Iterator[Finding]:
    """It exists, and is not on its way out."""
    [need] = needs
    secret = secretsmanager.find_secret(need.name)
    if secret is None:
        yield Finding(
            need, f"There is no secret {need.name}.", "Create it, or correct its ARN in valueFrom."
        )
    elif secret.is_deleted:
        yield Finding(
            need,
            f"The secret {secret.name} is scheduled for deletion.",
            "Restore it: aws secretsmanager restore-secret, or name another.",
        )


def check_log_group(needs: Sequence[Need]) -> Iterator[Finding]:
    """It exists: the awslogs driver would not let the container start."""
    [need] = needs
    if not logs.has_group(need.name):
        yield Finding(
            need,
            f"There is no log group {need.name}.",
            'Create it, or set "awslogs-create-group": "true" in the log options.',
        )


def check_file_system(needs: Sequence[Need]) -> Iterator[Finding]:
    """It exists, and can be mounted."""
    [need] = needs
    found = efs.find_file_system(need.name)
    if found is None:
        yield Finding(
            need, f"There is no EFS file system {need.name}.", "Create it, or correct fileSystemId."
        )
    elif not found.is_available or not found.mount_targets:
        yield Finding(
            need,
            f"The EFS file system {need.name} cannot be mounted.",
            "Wait until it is available, and give it a mount target in the tasks' subnets.",
        )


def check_vcpus(needs: Sequence[Need]) -> Iterator[Finding]:
    """The account may run even one such task."""
    [need] = needs
    code = _VCPU_QUOTAS[need.name]
    quota = servicequotas.applied_quota("fargate", code)
    if quota is not None and (quota == 0 or quota < need.amount):
        yield Finding(
            need,
            f"A task takes {need.amount:g} vCPU, and the account may have {quota:g} "
            f"on {need.name}.",
            f"Ask for less CPU, or have the quota {code} of Fargate raised.",
        )


CHECKS: dict[Kind, Callable[[Sequence[Need]], Iterator[Finding]]] = {
    "cluster": check_cluster,
    "network": check_network,
    "role": check_role,
    "parameter": check_parameters,
    "secret": check_secret,
    "log-group": check_log_group,
    "file-system": check_file_system,
    "vcpu": check_vcpus,
}

#: What each check is told to be about, when AWS would not answer.
SUBJECTS: dict[Kind, str] = {
    "cluster": "the cluster",
    "network": "the subnets",
    "role": "the role",
    "parameter": "SSM parameters",
    "secret": "the secret",  # nosec B105 (a word for people)
    "log-group": "the log group",
    "file-system": "the file system",
    "vcpu": "the vCPU quota of",
}

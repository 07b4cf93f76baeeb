"""What an application's own files expect of the AWS account, beside what Edaha does."""

import json

from .running import Running

#: The emulator's account.
ROLES = "arn:aws:iam::000000000000:role"
LOG_GROUP = "/ecs/shop"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        }
    ],
}


def prepare(running: Running) -> None:
    """The shop's roles and log group, and a cluster with spot capacity."""
    iam = running.aws("iam")
    for name in ("shop", "shop-execution", "administrator"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_TRUST))
    running.aws("logs").create_log_group(logGroupName=LOG_GROUP)
    running.aws("ecs").put_cluster_capacity_providers(
        cluster="edaha",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[],
    )

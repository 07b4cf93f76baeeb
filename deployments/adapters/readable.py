"""What workers may read of an application's own things: what the operator has tagged for it.

infra/build-worker-policy.json asks for this tag. AWS refuses what lacks it and what does not exist
with the same words, so the hint has to name both.
"""

from ..config import config

TAG = "edaha:readable-by"

_KINDS = {
    "ssm": "SSM parameter",
    "secretsmanager": "secret",
    "cfn": "stack",
}


def if_denied(kind: str, name: str) -> str:
    """What to do when AWS does not let the workers read something."""
    return (
        f"Check that the {_KINDS[kind]} {name} exists, and give it the tag "
        f"{TAG} = {config().installation}: workers may read what has it."
    )

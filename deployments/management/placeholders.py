"""What stands for AWS's answers where nobody may ask AWS: each can be told by its mark."""

import json
import re
from collections.abc import Iterable, Iterator

from deployments.adapters.lookups import permit
from deployments.definitions.preview import Platform
from deployments.definitions.stored import by_role

MARK = "offline"


def role(name: str) -> str:
    return f"arn:aws:iam::000000000000:role/{MARK}-{name}"


def _marked(text: str) -> str:
    """A value that breaks no JSON, whatever it stands for."""
    return f"{MARK}:{re.sub(r'[^A-Za-z0-9_.:/-]', '-', text)}"


class Placeholders:
    """The lookups of templates and jsonnet. What is not allowed is refused as in earnest."""

    def __init__(self, platform: Platform) -> None:
        self.allowed = platform.allowed
        #: Of the platform's own account and region, as AWS would answer.
        self._secret_arn = by_role(platform.region, platform.execution_role_arn)
        self._asked: dict[str, None] = {}
        self._addresses: dict[str, None] = {}

    def ssm(self, name: str, index: int | None = None) -> str:
        return self._answer("ssm", name)

    def secretsmanager_arn(self, name: str) -> str:
        self._answer("secretsmanager", name)
        return f"{self._secret_arn(name)}-{MARK[:6]}"

    def cfn_output(self, stack: str, key: str) -> str:
        permit(self.allowed, "cfn", stack)
        return self._answer("cfn", f"{stack}.{key}", is_permitted=True)

    def cfn_export(self, name: str) -> str:
        return self._answer("cfn", name)

    def s3(self, bucket: str, key: str) -> bytes:
        """A Terraform state that has whatever `make_up` was told of."""
        self._answer("s3", f"{bucket}/{key}")
        resources = []
        for address in self._addresses:
            kind, _, name = address.partition(".")
            instances = [{"attributes": _marked(address)}]
            resources.append(
                {"mode": "managed", "type": kind, "name": name, "instances": instances}
            )
        return json.dumps({"version": 4, "resources": resources}).encode()

    def make_up(self, addresses: Iterable[str]) -> bool:
        """Have the state of S3 know these; whether any of them is new."""
        before = len(self._addresses)
        self._addresses.update(dict.fromkeys(addresses))
        return len(self._addresses) > before

    def notes(self) -> Iterator[str]:
        for what in self._asked:
            yield f"Not looked up: {what} (a placeholder stands for it)."

    def _answer(self, kind: str, name: str, *, is_permitted: bool = False) -> str:
        if not is_permitted:
            permit(self.allowed, kind, name)
        self._asked[f"{kind}:{name}"] = None
        return _marked(f"{kind}:{name}")

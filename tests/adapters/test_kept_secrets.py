"""Parameters that Edaha makes itself, and values that are looked at so that no log shows them."""

import pytest

from deployments.adapters import secrets, ssm
from deployments.adapters.aws import client
from deployments.adapters.lookups import AwsLookups
from deployments.allowed import allows
from deployments.errors import PlatformError, UserError
from deployments.names import parameter, parameters

from .conftest import Aws

NAME = parameter("edaha", 7, "DATABASE_URL", "0011")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    secrets.forget()


class TestAParameterOfEdahas:
    def test_is_made_once_and_never_overwritten(self, cloud: Aws) -> None:
        ssm.put_secret(NAME, "first", {"edaha:installation": "edaha"})
        ssm.put_secret(NAME, "second", {"edaha:installation": "edaha"})
        assert ssm.read_parameter(NAME) == "first"
        assert ssm.tags_of(NAME) == {"edaha:installation": "edaha"}
        assert cloud.asked("PutParameter")["Type"] == "SecureString"

    def test_is_found_below_its_branch_and_deleted(self, cloud: Aws) -> None:
        mine = [parameter("edaha", 7, f"V{number}", "0011") for number in range(23)]
        others = [parameter("edaha", 77, "A", "0011"), "/edaha/settings", "/shop/db"]
        for name in (*mine, *others):
            ssm.put_secret(name, "value", {})
        assert sorted(ssm.names_below(parameters("edaha", 7))) == sorted(mine)
        ssm.delete_parameters([*mine, "/gone/already"])
        assert ssm.names_below(parameters("edaha")) == [others[0]]
        assert ssm.read_parameter("/shop/db") == "value"

    def test_a_refusal_says_which_one_and_not_what(self, cloud: Aws) -> None:
        cloud.refuses("PutParameter", "AccessDeniedException")
        with pytest.raises(PlatformError, match=NAME) as caught:
            ssm.put_secret(NAME, "0pen-Sesame", {})
        assert "0pen-Sesame" not in caught.value.message + caught.value.hint

    def test_one_that_is_gone_has_no_tags(self, cloud: Aws) -> None:
        assert ssm.tags_of(NAME) == {}

    @pytest.mark.parametrize(
        "name",
        [NAME, NAME[1:], f"arn:aws:ssm:eu-west-1:123456789012:parameter{NAME}", f"{NAME}:1"],
    )
    def test_is_nobodys_to_name_whatever_is_allowed(self, cloud: Aws, name: str) -> None:
        allowed = ("ssm:*", "ssm:arn:*", f"ssm:{NAME}")
        assert not allows(allowed, "ssm", name)
        with pytest.raises(UserError, match="may not use"):
            AwsLookups(allowed).ssm(name)
        with pytest.raises(UserError, match="may not use"):
            secrets.read_secret(f"ssm:{name}", allowed)
        assert cloud.count("GetParameter") == 0


class TestWhatContainersAreGiven:
    def test_is_read_by_every_form_that_ecs_takes(self, cloud: Aws) -> None:
        client("ssm").put_parameter(Name="/shop/db", Value="of ssm", Type="SecureString")
        made = client("secretsmanager").create_secret(
            Name="shop/db", SecretString='{"url": "of a secret"}'
        )
        assert secrets.peek("/shop/db") == b"of ssm"
        assert secrets.peek(made["ARN"]) == b'{"url": "of a secret"}'
        assert secrets.peek(f"{made['ARN']}:url::") == b"of a secret"

    def test_is_asked_for_once_in_a_while(self, cloud: Aws) -> None:
        client("ssm").put_parameter(Name="/shop/db", Value="value", Type="SecureString")
        for _ in range(3):
            assert secrets.peek("/shop/db") == b"value"
        assert cloud.count("GetParameter") == 1

    def test_stays_unknown_where_workers_may_not_read_it(self, cloud: Aws) -> None:
        cloud.refuses("GetParameter", "AccessDeniedException")
        assert secrets.peek("/shop/db") is None
        assert secrets.peek("/shop/db") is None
        assert cloud.count("GetParameter") == 1

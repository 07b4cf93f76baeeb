"""Secrets that an application's build reads."""

import pytest

from deployments.adapters.aws import client
from deployments.adapters.secrets import read_secret
from deployments.errors import UserError

from .conftest import Aws

ALLOWED = ("ssm:/shop/*", "secretsmanager:shop/*")


@pytest.fixture(autouse=True)
def _account(cloud: Aws) -> None:
    client("ssm").put_parameter(Name="/shop/token", Value="t0ken", Type="SecureString")


def secret(name: str, **value: str | bytes) -> None:
    client("secretsmanager").create_secret(Name=name, **value)


class TestForABuild:
    def test_a_parameter_is_read(self) -> None:
        assert read_secret("ssm:/shop/token", ALLOWED) == b"t0ken"

    def test_a_secret_is_read_whole(self) -> None:
        secret("shop/text", SecretString="päss")
        secret("shop/bytes", SecretBinary=b"\x00\xff")
        assert read_secret("secretsmanager:shop/text", ALLOWED) == "päss".encode()
        assert read_secret("secretsmanager:shop/bytes", ALLOWED) == b"\x00\xff"

    def test_a_key_of_a_secret_is_read(self) -> None:
        secret("shop/db", SecretString='{"password": "pä:ss", "port": 5432}')
        assert read_secret("secretsmanager:shop/db:password", ALLOWED) == "pä:ss".encode()
        assert read_secret("secretsmanager:shop/db:port", ALLOWED) == b"5432"

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ('{"user": "s3cret"}', "has no key password"),
            ("s3cret", "is no JSON object"),
            ('["s3cret"]', "is no JSON object"),
        ],
    )
    def test_a_key_that_is_missing_is_named_and_no_value_is(self, value: str, said: str) -> None:
        secret("shop/db", SecretString=value)
        with pytest.raises(UserError, match=said) as caught:
            read_secret("secretsmanager:shop/db:password", ALLOWED)
        assert "s3cret" not in caught.value.message + caught.value.hint

    @pytest.mark.parametrize("reference", ["ssm:/bank/token", "secretsmanager:bank"])
    def test_what_is_not_allowed_is_not_read(self, cloud: Aws, reference: str) -> None:
        with pytest.raises(UserError, match="may not use") as caught:
            read_secret(reference, ALLOWED)
        assert f"--allow '{reference}'" in caught.value.hint
        assert cloud.count("GetSecretValue") + cloud.count("GetParameter") == 0

    def test_one_that_is_on_its_way_out_is_told(self) -> None:
        # GetSecretValue: InvalidRequestException. moto says the same.
        secret("shop/old", SecretString="x")
        client("secretsmanager").delete_secret(SecretId="shop/old")
        with pytest.raises(UserError, match="scheduled for deletion"):
            read_secret("secretsmanager:shop/old", ALLOWED)

    @pytest.mark.parametrize("reference", ["", "ssm", "ssm:", "vault:x", "secretsmanager::key"])
    def test_a_reference_that_is_none_says_how_to_write_one(self, reference: str) -> None:
        with pytest.raises(UserError, match="names no secret") as caught:
            read_secret(reference, ALLOWED)
        assert "secretsmanager:NAME:KEY" in caught.value.hint

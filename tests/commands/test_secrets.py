"""bin/manage secrets: values come from standard input, and no verb prints one."""

import io
from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.core.management.base import CommandError
from django.test import override_settings
from pydantic import ValidationError

from deployments import sealing
from deployments.config import Config, config
from deployments.models import Repository, Secret

from .conftest import Run

VALUE = "0pen-Sesame-0pen"
Put = Callable[..., str]


@pytest.fixture
def put(run: Run, add: Run, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Sets one secret of acme/shop."""
    add()

    def put(name: str, value: str, *options: str) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(value))
        return run("secrets", "set", "acme/shop", name, *options)

    return put


def keyed(*keys: str) -> override_settings:
    return override_settings(EDAHA=config().model_copy(update={"secrets_keys": list(keys)}))


def test_a_value_is_taken_without_the_end_of_its_last_line(run: Run, put: Put) -> None:
    said = put("DATABASE_URL", f"{VALUE}\n", "--branches", "feature/*", "--for", "both")
    row = Secret.objects.get()
    assert said == "DATABASE_URL (feature/*) is set for acme/shop, from the next deployment on."
    assert row.value() == VALUE
    assert row.for_containers and row.for_builds
    listed = run("secrets", "list", "acme/shop")
    assert listed.startswith("DATABASE_URL  feature/*  containers+builds  kept here  20")
    assert VALUE not in listed and row.sealed not in listed


def test_a_reference_needs_no_value(run: Run, put: Put) -> None:
    put("DATABASE_URL", "", "--from", "secretsmanager:shop/db:url", "--for", "builds")
    row = Secret.objects.get()
    assert (row.reference, row.sealed) == ("secretsmanager:shop/db:url", "")
    assert "builds  secretsmanager:shop/db:url" in run("secrets", "list", "acme/shop")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DATABASE_URL", "", "Standard input was empty"),
        ("1ST", VALUE, "Use letters"),
        ("PORT", VALUE, "sets this variable itself"),
        ("BIG", "x" * 5000, "5000 bytes"),
    ],
)
def test_what_cannot_be_set_says_why(put: Put, name: str, value: str, said: str) -> None:
    with pytest.raises(CommandError, match=said) as caught:
        put(name, value)
    assert VALUE not in str(caught.value)
    assert not Secret.objects.exists()


def test_a_short_value_is_warned_of(put: Put) -> None:
    assert "too short to be taken out of logs" in put("PIN", "1234")


def test_one_is_removed_by_name_and_pattern(run: Run, put: Put) -> None:
    put("A", VALUE)
    put("A", VALUE, "--branches", "main")
    assert run("secrets", "remove", "acme/shop", "A", "--branches", "main") == "A (main) removed."
    assert Secret.objects.get().pattern == "*"
    with pytest.raises(CommandError, match="manage secrets list"):
        run("secrets", "remove", "acme/shop", "B")


class TestKeys:
    def test_rotating_seals_everything_with_the_first_key(self, run: Run, put: Put) -> None:
        old, new = run("secrets", "key"), run("secrets", "key")
        with keyed(old):
            put("A", "first")
            put("A", VALUE)
        with keyed(new, old):
            assert Secret.objects.get().value() == VALUE
            changed = Secret.objects.get().updated_at
            assert run("secrets", "rotate") == "1 re-encrypted with the first key."
        with keyed(new):
            row = Secret.objects.get()
            assert (row.value(), sealing.unseal(row.sealed_before)) == (VALUE, "first")
            assert row.updated_at == changed
            assert Fernet(new).decrypt(row.sealed.encode()).decode() == VALUE

    def test_what_was_sealed_before_there_were_keys_can_be_rotated(
        self, run: Run, put: Put
    ) -> None:
        put("A", VALUE)
        new = run("secrets", "key")
        with keyed(new):
            run("secrets", "rotate")
            sealed = Secret.objects.get().sealed
        assert Fernet(new).decrypt(sealed.encode()).decode() == VALUE

    def test_a_key_that_is_gone_is_told_with_what_it_opened(self, run: Run, put: Put) -> None:
        with keyed(run("secrets", "key")):
            put("A", VALUE)
        said = r"acme/shop: A \(\*\).*back into EDAHA_SECRETS_KEYS"
        with pytest.raises(CommandError, match=said):
            run("secrets", "rotate")
        with pytest.raises(sealing.Unreadable):
            Secret.objects.get().value()

    def test_the_same_value_never_looks_the_same(self, put: Put) -> None:
        put("A", VALUE)
        put("B", VALUE)
        assert len(set(Secret.objects.values_list("sealed", flat=True))) == 2
        assert VALUE not in str(list(Repository.objects.values()))

    def test_a_wrong_key_is_refused_at_the_start_and_not_repeated(self) -> None:
        with pytest.raises(ValidationError, match="manage secrets key") as caught:
            Config(secret_key="x" * 32, secrets_keys=["too-short-a-key"])
        assert "secrets_keys" in str(caught.value)

    def test_keys_are_not_shown_with_the_settings(self) -> None:
        key = Fernet.generate_key().decode()
        known = Config(secret_key="x" * 32, secrets_keys=[key])
        assert known.secrets_keys == [key]
        assert key not in repr(known)

import json

import pytest
from django.core.management.base import CommandError
from django.utils import timezone

from deployments.management.options import OPTIONS
from deployments.models import Branch, Delivery, Deployment, Repository
from deployments.states import BranchState, DeploymentState

from .conftest import Run

MACHINERY = {"id", "full_name", "created_at"}


def test_every_setting_of_a_repository_has_an_option() -> None:
    fields = {field.name for field in Repository._meta.concrete_fields}
    assert {option.field for option in OPTIONS} == fields - MACHINERY


def test_a_repository_is_added_with_every_kind_of_setting(add: Run) -> None:
    said = add(
        *("--policy", "patterns", "--pattern", "feature/*", "--pattern", "fix-*"),
        *("--port", "8080", "--cpu", "512", "--memory", "1024", "--no-deploy-drafts"),
        *("--env", "A=1", "--env", "URL=x=y", "--platform", "linux/arm64"),
    )
    added = Repository.objects.get(full_name="acme/shop")
    assert said.startswith("acme/shop added.")
    assert (added.policy, added.patterns) == ("patterns", ["feature/*", "fix-*"])
    assert (added.port, added.cpu, added.memory) == (8080, 512, 1024)
    assert added.environment == {"A": "1", "URL": "x=y"}
    assert added.platforms == ["linux/arm64"]
    assert added.deploy_drafts is False
    assert added.webhook_secret == "first"


def test_adding_it_again_with_the_same_values_changes_nothing(add: Run) -> None:
    add("--port", "8080")
    assert add("--port", "8080") == "acme/shop is unchanged."
    assert add() == "acme/shop is unchanged."
    assert Repository.objects.get().port == 8080


def test_adding_it_again_with_other_values_is_refused_and_names_them(add: Run) -> None:
    add("--port", "8080")
    with pytest.raises(CommandError, match=r"another port, cpu\. Nothing was changed.*--update"):
        add("--port", "9090", "--cpu", "512")
    assert Repository.objects.get().port == 8080


def test_it_is_changed_when_the_command_says_update(add: Run) -> None:
    add("--port", "8080")
    assert add("--port", "9090", "--update") == "acme/shop changed: port."
    assert Repository.objects.get().port == 9090


def test_all_problems_are_told_at_once_by_their_options(run: Run) -> None:
    with pytest.raises(CommandError) as refused:
        run("repository", "add", "shop", *"--clone-url ftp://x --port 0 --cpu 3 --env 1=x".split())
    for option in ("OWNER/NAME:", "--clone-url:", "--port:", "--cpu:", "--env:"):
        assert option in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not Repository.objects.exists()


def test_what_is_allowed_is_added_to_and_taken_back(add: Run, run: Run) -> None:
    add("--allow", "ssm:/shop/*")
    run("repository", "set", "acme/shop", "--allow", "privileged", "--allow", "ssm:/shop/*")
    assert Repository.objects.get().allowed == ["ssm:/shop/*", "privileged"]
    run("repository", "set", "acme/shop", "--disallow", "privileged", "--allow", "role:*")
    assert Repository.objects.get().allowed == ["ssm:/shop/*", "role:*"]
    with pytest.raises(CommandError, match="privileged is not allowed anyway; allowed: ssm:/shop"):
        run("repository", "set", "acme/shop", "--disallow", "privileged")
    run("repository", "set", "acme/shop", "--reset", "allow")
    assert Repository.objects.get().allowed == []


def test_an_environment_variable_needs_a_value(add: Run) -> None:
    with pytest.raises(CommandError, match="write 'JUST_A_NAME' as NAME=VALUE"):
        add("--env", "JUST_A_NAME")


def test_capacity_providers_take_the_launch_types_place_and_back(add: Run, run: Run) -> None:
    add("--capacity-provider", "spot")
    added = Repository.objects.get()
    assert (added.launch_type, added.capacity_providers) == ("", ["spot"])
    run("repository", "set", "acme/shop", "--launch-type", "EC2")
    added.refresh_from_db()
    assert (added.launch_type, added.capacity_providers) == ("EC2", [])


def test_a_changed_secret_leaves_the_one_before_in_force(add: Run, run: Run) -> None:
    add()
    said = run("repository", "set", "acme/shop", "--webhook-secret", "second")
    changed = Repository.objects.get()
    assert (changed.webhook_secret, changed.webhook_secret_previous) == ("second", "first")
    assert "--webhook-secret-previous ''" in said
    run("repository", "set", "acme/shop", "--webhook-secret-previous", "")
    changed.refresh_from_db()
    assert (changed.webhook_secret, changed.webhook_secret_previous) == ("second", "")


def test_without_any_secret_it_says_that_nothing_will_be_accepted(run: Run) -> None:
    said = run("repository", "add", "acme/shop", "--clone-url", "https://example.com/shop.git")
    assert "no delivery will be accepted" in said


@pytest.mark.parametrize(
    ("written", "seconds"), [("14d", 1_209_600), ("5m", 300), ("never", 0), ("default", None)]
)
def test_previews_get_a_time_of_their_own(
    add: Run, run: Run, written: str, seconds: int | None
) -> None:
    add("--expires", "1d")
    run("repository", "set", "acme/shop", "--expires", written)
    assert Repository.objects.get().expires_seconds == seconds
    shown = run("repository", "show", "acme/shop", "--json")
    assert json.loads(shown)["expires"] == {"14d": "2w"}.get(written, written)


@pytest.mark.parametrize(
    ("written", "said"),
    [("soon", "must be a duration"), ("1m", "between 5m and 365d"), ("400d", "5m and 365d")],
)
def test_a_time_that_cannot_be_is_refused(add: Run, written: str, said: str) -> None:
    with pytest.raises(CommandError, match=f"{said}.*write 14d, never or default"):
        add("--expires", written)


def test_another_time_counts_from_now_on(add: Run, run: Run) -> None:
    add()
    branch = Branch.for_name(Repository.objects.get(), "feature-x")
    now = timezone.now()
    Branch.objects.update(expires_at=now, expiry_warned_at=now)
    run("repository", "set", "acme/shop", "--port", "80")
    assert Branch.objects.get(pk=branch.pk).expires_at == now
    run("repository", "set", "acme/shop", "--expires", "1d")
    branch.refresh_from_db()
    assert (branch.expires_at, branch.expiry_warned_at) == (None, None)


def test_a_setting_goes_back_to_its_default(add: Run, run: Run) -> None:
    add("--port", "8080", "--env", "A=1", "--cpu", "512", "--memory", "1024")
    run("repository", "set", "ACME/Shop", *"--reset port --reset env --reset cpu".split())
    changed = Repository.objects.get()
    assert (changed.port, changed.environment, changed.cpu, changed.memory) == (None, {}, 256, 1024)


def test_what_is_shown_has_no_secret_in_it(add: Run, run: Run) -> None:
    add()
    assert "first" not in run("repository", "show", "acme/shop")
    shown = json.loads(run("repository", "show", "acme/shop", "--json"))
    assert shown["webhook-secret"] == "(set)"
    assert shown["webhook-secret-previous"] == ""
    assert shown["clone-url"] == "https://example.com/shop.git"


def test_the_list_names_every_repository(add: Run, run: Run) -> None:
    assert run("repository", "list") == ""
    add()
    assert run("repository", "list").startswith("acme/shop  pull_requests  https://")
    assert json.loads(run("repository", "list", "--json"))[0]["full_name"] == "acme/shop"


def test_an_unknown_repository_is_an_error_that_says_where_to_look(run: Run) -> None:
    for command in (["show"], ["remove"], ["set", "--port", "80"]):
        with pytest.raises(CommandError, match=r"no repository acme/none.*repository list"):
            run("repository", command[0], "acme/none", *command[1:])


def test_it_is_not_removed_while_a_preview_or_its_remains_are_there(add: Run, run: Run) -> None:
    add()
    repository = Repository.objects.get()
    branch = Branch.objects.create(
        repository=repository, name="x", slug="x", state=BranchState.LIVE
    )
    deployment = Deployment.objects.create(
        branch=branch, generation=1, commit="a" * 40, trigger="push", state=DeploymentState.RETIRED
    )
    Branch.objects.update(deployment=deployment)
    with pytest.raises(CommandError, match="Destroy its previews first: x"):
        run("repository", "remove", "acme/shop")
    Branch.objects.update(state=BranchState.DESTROYED)
    with pytest.raises(CommandError, match="still being cleaned up"):
        run("repository", "remove", "acme/shop")
    assert Branch.objects.count() == 1


def test_a_removed_repository_leaves_its_deliveries_behind(add: Run, run: Run) -> None:
    add()
    now = timezone.now()
    repository = Repository.objects.get()
    branch = Branch.objects.create(
        repository=repository, name="x", slug="x", state=BranchState.DESTROYED
    )
    deployment = Deployment.objects.create(
        branch=branch, generation=1, commit="a" * 40, trigger="push", cleaned_at=now
    )
    Branch.objects.update(deployment=deployment, live=deployment)
    Delivery.objects.create(
        guid="g", event="push", payload=b"{}", received_at=now, repository=repository, branch=branch
    )
    assert run("repository", "remove", "acme/shop") == "acme/shop removed."
    assert not Repository.objects.exists()
    assert not Deployment.objects.exists()
    assert Delivery.objects.get().repository is None


def test_limits_are_set_and_taken_back(add: Run, run: Run) -> None:
    add("--max-builds", "2", "--max-previews", "0", "--deployments-per-hour", "30")
    limited = Repository.objects.get()
    assert (limited.max_builds, limited.max_previews, limited.deployments_per_hour) == (2, 0, 30)
    run("repository", "set", "acme/shop", "--reset", "max-builds", "--reset", "max-previews")
    limited = Repository.objects.get()
    assert (limited.max_builds, limited.max_previews, limited.deployments_per_hour) == (
        None,
    ) * 2 + (30,)


@pytest.mark.parametrize("option", ["--max-builds", "--max-previews", "--deployments-per-hour"])
@pytest.mark.parametrize("value", ["-1", "99999999999999999999"])
def test_a_limit_that_is_none_is_refused_by_its_name(add: Run, option: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"{option}: "):
        add(f"{option}={value}")


def test_forks_wait_unless_the_operator_leaves_them_out(add: Run, run: Run) -> None:
    add()
    assert Repository.objects.get().forks == "approval"
    assert run("repository", "set", "acme/shop", "--forks", "off") == "acme/shop changed: forks."
    assert json.loads(run("repository", "show", "acme/shop", "--json"))["forks"] == "off"
    with pytest.raises(CommandError, match="invalid choice"):
        run("repository", "set", "acme/shop", "--forks", "trusted")

import itertools
import re
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deployments import names
from deployments.models import Branch, Repository
from deployments.models.repository_problems import FULL_NAME

from . import branch_names
from .models_of_aws import constraints

#: The longest that `config` allows.
INSTALLATION = "edaha12345"

ids = st.integers(1, 2**63 - 1)
generations = st.integers(1, 2**31 - 1)
full_names = st.from_regex(FULL_NAME, fullmatch=True)


@given(branch_names.names())
@settings(max_examples=50)
def test_git_accepts_the_names_that_these_tests_use(name: str) -> None:
    subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], check=True)


@given(branch_names.names())
def test_every_branch_name_becomes_a_dns_label(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", names.slugify(name))
    assert names.is_label(names.slugify(name))


@given(branch_names.names(), branch_names.names())
@example("feature/x", "feature-x")
@example("feature/x", "Feature/X")
@example("feature/x", names.slugify("feature/x"))
@example("🚀", names.slugify("🚀"))
@example("www", names.slugify("www"))
def test_different_names_get_different_labels(one: str, other: str) -> None:
    assert (names.slugify(one) == names.slugify(other)) == (one == other)


def test_the_named_examples_all_differ() -> None:
    assert len({names.slugify(name) for name in branch_names.HOSTILE}) == len(branch_names.HOSTILE)


@pytest.mark.parametrize("name", ["hoge", "feature-x", "release-2026", "a" * 63])
def test_a_name_that_is_a_label_already_is_its_own_address(name: str) -> None:
    assert names.slugify(name) == name


@pytest.mark.parametrize("name", sorted(names.RESERVED))
def test_a_reserved_name_is_nobodys_address(name: str) -> None:
    assert names.slugify(name) not in names.RESERVED
    assert names.slugify(name).startswith(f"{name}-")


@pytest.mark.parametrize("label", ["", "-x", "x-", "X", "x.y", "x" * 64, "x\n", "é"])
def test_what_is_no_label_is_told(label: str) -> None:
    assert not names.is_label(label)


@given(branch_names.names(), ids, generations)
def test_a_service_is_named_as_ecs_and_cloud_map_allow(
    name: str, branch_id: int, generation: int
) -> None:
    service = names.release_name(INSTALLATION, names.slugify(name), branch_id, generation)
    assert names.is_label(service)
    assert re.fullmatch(constraints("servicediscovery", "ServiceName")["pattern"], service)
    # As CreatorRequestId too.
    assert len(service) <= constraints("servicediscovery", "ResourceId")["max"]


@given(branch_names.names(), ids, generations, ids, generations)
def test_no_two_deployments_share_a_service(
    name: str, branch: int, generation: int, other_branch: int, other_generation: int
) -> None:
    slug = names.slugify(name)
    same = (branch, generation) == (other_branch, other_generation)
    assert same == (
        names.release_name(INSTALLATION, slug, branch, generation)
        == names.release_name(INSTALLATION, slug, other_branch, other_generation)
    )


@given(branch_names.names(), ids)
def test_a_family_is_named_as_ecs_allows(name: str, branch_id: int) -> None:
    family = names.family(INSTALLATION, names.slugify(name), branch_id)
    # Its documentation says so; its service model has no pattern.
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,255}", family)


@given(full_names)
def test_an_image_repository_is_named_as_ecr_allows(full_name: str) -> None:
    rule = constraints("ecr", "RepositoryName")
    name = names.image_repository(INSTALLATION, full_name)
    assert re.fullmatch(rule["pattern"], name)
    assert rule["min"] <= len(name) <= rule["max"]


@given(full_names, full_names)
@example("a-b/c", "a/b-c")
@example("a/" + "b" * 99 + "c", "a/" + "b" * 99 + "d")
@example("a/x_y", "a/x.y")
@example("Acme/Shop", "acme/shop")
def test_different_applications_have_different_image_repositories(one: str, other: str) -> None:
    same = names.image_repository("edaha", one) == names.image_repository("edaha", other)
    assert same == (one.lower() == other.lower())


@given(full_names)
def test_a_log_group_is_named_as_cloudwatch_allows(full_name: str) -> None:
    rule = constraints("logs", "LogGroupName")
    name = names.log_group(INSTALLATION, full_name)
    assert re.fullmatch(rule["pattern"], name)
    assert rule["min"] <= len(name) <= rule["max"]


@given(branch_names.names(), st.from_regex(r"[0-9a-f]{40}|[0-9a-f]{64}", fullmatch=True))
def test_tags_are_what_a_registry_allows(name: str, commit: str) -> None:
    # https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
    pattern = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
    slug = names.slugify(name)
    assert re.fullmatch(pattern, names.image_tag(slug, commit, "a" * 30))
    assert re.fullmatch(pattern, names.cache_tag(slug, "a" * 30))


@pytest.mark.django_db
def test_branches_of_two_repositories_with_one_name_get_two_addresses() -> None:
    repositories = [Repository.objects.create(full_name=f"acme/{name}") for name in ("shop", "web")]
    wanted = list(itertools.product(repositories, branch_names.HOSTILE))
    made = [Branch.for_name(repository, name) for repository, name in wanted]
    assert len({branch.slug for branch in made}) == len(wanted)
    again = [Branch.for_name(repository, name) for repository, name in wanted]
    assert [branch.slug for branch in again] == [branch.slug for branch in made]


@pytest.mark.django_db
def test_a_name_that_imitates_anothers_address_does_not_take_it() -> None:
    mine = Repository.objects.create(full_name="acme/shop")
    theirs = Repository.objects.create(full_name="acme/web")
    Branch.for_name(mine, "main")
    imitation = names.with_hash("main", "acme/web:main")
    assert Branch.for_name(mine, imitation).slug != imitation
    assert Branch.for_name(theirs, "main").slug == imitation


def test_a_services_address_is_its_name_before_the_slug() -> None:
    assert names.address_label("feature-x", "api") == "api--feature-x"


@given(branch_names.names(), st.from_regex(r"[a-z]([a-z0-9]{0,28}[a-z0-9])?", fullmatch=True))
def test_a_services_address_is_a_label_and_no_branchs_slug(name: str, service: str) -> None:
    slug = names.slugify(name)
    label = names.address_label(slug, service)
    assert names.is_label(label)
    assert "--" in label or len(f"{service}--{slug}") > names.LABEL_MAX
    assert names.slugify(label) != label or "--" not in label


@given(branch_names.names())
def test_two_services_of_a_deployment_have_two_names(name: str) -> None:
    slug = names.slugify(name)
    made = {names.release_name("edaha", slug, 10**6, 10**4, service) for service in ("", "a", "b")}
    assert len(made) == 3
    assert all(map(names.is_label, made))

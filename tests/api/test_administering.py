"""Repositories, secrets, links, people and tokens by the API."""

import pytest
from django.contrib.auth.models import User

from deployments.models import ApiToken, AuditEntry, Delivery, Repository, Secret, Share
from tests.dashboard.rows import a_delivery, a_live_branch, a_person, a_repository

from .conftest import Caller

NEW = {"full_name": "acme/new", "clone_url": "https://github.com/acme/new.git"}


@pytest.fixture
def admin(db: None) -> Caller:
    return Caller("admin")


def test_a_repository_is_added_and_its_webhook_secret_told_once(admin: Caller) -> None:
    answer = admin("POST", "/repositories", json=NEW | {"port": 3000})
    made = Repository.objects.get(full_name="acme/new")
    assert (answer.status_code, made.port) == (201, 3000)
    assert answer.json()["webhook_secret"] == made.webhook_secret
    for path in (f"/repositories/{made.pk}", f"/repositories/{made.pk}/settings"):
        again = admin("GET", path)
        assert again.status_code == 200
        assert made.webhook_secret not in again.content.decode()


def test_what_a_repository_cannot_be_is_told_by_field(admin: Caller) -> None:
    answer = admin("POST", "/repositories", json=NEW | {"port": 70000, "cpu": 3})
    assert answer.status_code == 422
    assert "body.port" in {each["where"] for each in answer.json()["errors"]}
    assert not Repository.objects.exists()
    again = [admin("POST", "/repositories", json=NEW).status_code for _ in range(2)]
    assert again == [201, 422]


@pytest.mark.parametrize("value", ["a\x00b", None, 7])
def test_a_setting_of_another_kind_is_refused(admin: Caller, value: object) -> None:
    repository = a_repository()
    answer = admin("PATCH", f"/repositories/{repository.pk}", json={"dockerfile": value})
    assert answer.status_code == 422


def test_a_change_leaves_alone_what_it_does_not_name(admin: Caller) -> None:
    repository = a_repository()
    Repository.objects.filter(pk=repository.pk).update(cpu=512, memory=1024)
    path = f"/repositories/{repository.pk}"
    answer = admin("PATCH", path, json={"dockerfile": "Other", "environment": {"A": "1"}})
    assert (answer.status_code, answer.json()["cpu"]) == (200, 512)
    repository.refresh_from_db()
    assert (repository.dockerfile, repository.environment) == ("Other", {"A": "1"})
    assert (repository.cpu, repository.memory) == (512, 1024)
    assert AuditEntry.objects.get(action="repository.change").actor == "a admin (API)"


def test_who_administers_one_repository_does_not_widen_what_it_reaches(admin: Caller) -> None:
    repository = a_repository()
    admin.token = ApiToken.issue("its own", "admin", repositories=[repository])
    path = f"/repositories/{repository.pk}"
    assert admin("PATCH", path, json={"allowed": ["role:*"]}).status_code == 403
    assert admin("PATCH", path, json={"dockerfile": "Other"}).status_code == 200
    assert admin("DELETE", path).status_code == 403
    assert admin("POST", "/tokens", json={"name": "x", "role": "admin"}).status_code == 403
    assert Repository.objects.get(pk=repository.pk).allowed == []


def test_the_webhook_secret_before_stays_valid(admin: Caller) -> None:
    repository = a_repository()
    Repository.objects.filter(pk=repository.pk).update(webhook_secret="before")
    answer = admin("POST", f"/repositories/{repository.pk}/webhook-secret")
    repository.refresh_from_db()
    assert answer.json()["webhook_secret"] == repository.webhook_secret != "before"
    assert repository.webhook_secret_previous == "before"


def test_a_repository_with_previews_is_not_forgotten(admin: Caller) -> None:
    there, empty = a_live_branch().repository, a_repository("acme/empty")
    assert admin("DELETE", f"/repositories/{there.pk}").status_code == 409
    assert admin("DELETE", f"/repositories/{empty.pk}").status_code == 204
    assert list(Repository.objects.all()) == [there]


def test_secrets_are_written_and_never_read(admin: Caller) -> None:
    path = f"/repositories/{a_repository().pk}/secrets"
    answer = admin("PUT", path, json={"name": "API_KEY", "value": "walnut-tree"})
    told = admin("GET", path)
    assert (answer.status_code, told.json()[0]["name"]) == (200, "API_KEY")
    assert "walnut" not in answer.content.decode() + told.content.decode()
    assert admin("PUT", path, json={"name": "API_KEY"}).status_code == 200  # the value stays
    assert admin("PUT", path, json={"name": "B"}).status_code == 422
    assert admin("DELETE", f"/secrets/{Secret.objects.get().pk}").status_code == 204
    assert not Secret.objects.exists()


def test_links_are_made_and_revoked(deployer: Caller) -> None:
    path = f"/branches/{a_live_branch().pk}/shares"
    answer = deployer("POST", path, json={"lasts": "1d", "note": "the agency"})
    link = Share.objects.get()
    assert (answer.status_code, link.note) == (201, "the agency")
    assert "/_edaha/share/" in answer.json()["url"]
    assert deployer("GET", path).json()[0]["id"] == link.pk
    assert deployer("DELETE", f"/shares/{link.pk}").status_code == 204
    assert not Share.objects.get().is_open


def test_a_decided_delivery_is_decided_once_more(deployer: Caller) -> None:
    delivery = a_delivery("72d3162e-cc78-11e3-81ab-4c9367dc0958")
    Delivery.objects.filter(pk=delivery.pk).update(state=Delivery.State.DECIDED)
    path = f"/deliveries/{delivery.guid}/replay"
    assert [deployer("POST", path).status_code for _ in range(2)] == [202, 409]
    assert Delivery.objects.get().replayed_by == "a deployer (API)"


def test_members_get_and_lose_a_role(admin: Caller) -> None:
    a_person(None)
    path = f"/repositories/{a_repository().pk}/members"
    assert admin("PUT", path, json={"name": "mika", "role": "deployer"}).status_code == 204
    assert admin("GET", path).json() == [{"name": "mika", "role": "deployer"}]
    assert admin("PUT", path, json={"name": "mika", "role": None}).status_code == 204
    assert admin("GET", path).json() == []
    assert admin("PUT", path, json={"name": "nobody", "role": "viewer"}).status_code == 409


def test_people_are_added_and_changed(admin: Caller) -> None:
    answer = admin("POST", "/people", json={"name": "sora", "role": "viewer"})
    person = User.objects.get()
    assert person.check_password(answer.json()["password"])
    changed = admin("PATCH", f"/people/{person.pk}", json={"role": "admin"})
    assert (changed.status_code, changed.json()["role"]) == (200, "admin")
    last = admin("PATCH", f"/people/{person.pk}", json={"role": None})
    assert (last.status_code, last.json()["detail"]) == (409, "sora is the last administrator.")
    assert admin("POST", "/people", json={"name": "sora"}).status_code == 422


def test_a_token_for_repositories_that_do_not_exist_is_none_for_all(admin: Caller) -> None:
    wish = {"name": "ci", "role": "deployer", "repositories": [4711]}
    assert admin("POST", "/tokens", json=wish).status_code == 409
    made = admin("POST", "/tokens", json=wish | {"repositories": [a_repository().pk], "days": 7})
    assert ApiToken.find(made.json()["token"]) == ApiToken.objects.get(name="ci")
    shown = admin("GET", "/tokens").json()
    assert [each["name"] for each in shown] == ["a admin", "ci"]
    assert admin("DELETE", f"/tokens/{shown[1]['id']}").status_code == 204
    assert ApiToken.find(made.json()["token"]) is None


def test_the_audit_log_and_the_parts_are_told(admin: Caller) -> None:
    admin("POST", "/repositories", json=NEW)
    assert admin("GET", "/audit").json()[0]["action"] == "repository.add"
    assert {each["name"] for each in admin("GET", "/system").json()} >= {"database"}


def test_a_number_is_as_whole_as_json_says(admin: Caller) -> None:
    wish = {"name": "CI", "role": "viewer", "repositories": [float(a_repository().pk)]}
    assert admin("POST", "/tokens", json=wish | {"days": 3.0}).status_code == 201
    refused = admin("POST", "/tokens", json=wish | {"days": 3.5})
    assert refused.status_code == 422
    assert [each["where"] for each in refused.json()["errors"]] == ["body.days"]

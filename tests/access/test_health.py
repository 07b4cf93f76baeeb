import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from dashboard import health


def test_a_process_that_answers_is_healthy_without_asking_anybody(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_ready_means_that_database_and_redis_answer(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_ask_redis", lambda: None)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"database": "ok", "redis": "ok"})
    assert "no-store" in response["Cache-Control"]


def test_a_redis_that_does_not_answer_is_named(db: None) -> None:
    response = Client().get("/readyz")  # tests have no Redis: nothing listens at its address
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "redis": "unreachable"}


def test_a_database_that_does_not_answer_is_named(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("password authentication failed for user edaha")

    monkeypatch.setattr(health, "_ask_redis", lambda: None)
    monkeypatch.setattr(health, "_ask_database", away)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "unreachable", "redis": "ok"}
    assert b"password" not in response.content

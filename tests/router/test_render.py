"""The template is filled in completely, and by harmless values only."""

import pytest

from router.render import TEMPLATE, VARIABLES, MissingVariable, render

VALUES = {name: value or "x.test" for name, value in VARIABLES.items()}


def test_every_variable_of_the_template_is_filled_in() -> None:
    assert "${EDAHA_" not in render(TEMPLATE.read_text(), VALUES)


def test_nginx_s_own_variables_are_left_alone() -> None:
    assert "$http_host" in render(TEMPLATE.read_text(), VALUES)


def test_every_server_listens_where_the_cache_folder_says_too() -> None:
    values = VALUES | {"EDAHA_ROUTER_CACHE": "/cache"}
    servers = render(TEMPLATE.read_text(), values).split("server {")[1:]

    assert len(servers) == 2
    for server in servers:
        assert "include /cache/listen-*.conf;" in server


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(MissingVariable, match="EDAHA_DASHBOARD is None"):
        render("${EDAHA_DASHBOARD}", {})


@pytest.mark.parametrize("value", ["a; root /", "a}", "a b", "$host", 'a"', "a\nb"])
def test_a_value_cannot_break_out_of_its_place(value: str) -> None:
    with pytest.raises(MissingVariable):
        render("listen ${EDAHA_ROUTER_LISTEN};", {"EDAHA_ROUTER_LISTEN": value})

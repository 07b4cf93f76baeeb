"""What is wrong is told with file, line, what was expected, and what to write."""

import pytest

from .repository import problems, told

#: (edaha.yml, what is told of it)
TYPES = [
    (
        "services: {web: {port: '3000'}}",
        "edaha.yml:1: “port” of service web must be a whole number, but is text. "
        "Take the quotes away: port: 3000",
    ),
    (
        "services:\n  web:\n    prot: 3000",
        "edaha.yml:3: There is no key “prot” in service web. Did you mean “port”?",
    ),
    (
        "images: {web: {dockerfil: x}}",
        "edaha.yml:1: There is no key “dockerfil” in image web. Did you mean “dockerfile”?",
    ),
    (
        "\nservice: {}",
        "edaha.yml:2: There is no key “service” at the top of this file. Did you mean “services”?",
    ),
    (
        "zzz: 1",
        "edaha.yml:1: There is no key “zzz” at the top of this file. "
        "What may be there: images, services, hooks, expires, ecspresso.",
    ),
    ("- a\n- b", "edaha.yml:1: This file must be a mapping, but is a list."),
    ("hello", "edaha.yml:1: This file must be a mapping, but is text."),
    (
        "services: [web, api]",
        "edaha.yml:1: “services” must be a mapping, but is a list.",
    ),
    ("services: {}", "edaha.yml:1: “services” must have at least one entry."),
    ("services: {web: 3000}", "edaha.yml:1: Service web must be a mapping, but is a number."),
    (
        "services: {web: {execute_command: yes}}",
        "edaha.yml:1: “execute_command” of service web must be true or false, but is text. "
        "Write execute_command: true",
    ),
    (
        "services: {web: {architecture: arm64}}",
        "edaha.yml:1: “architecture” of service web must be one of X86_64, ARM64, but is “arm64”. "
        "Did you mean “ARM64”?",
    ),
    (
        "images: {web: {platforms: [linux/amd46]}}",
        "edaha.yml:1: Item 1 of “platforms” of image web must be one of linux/amd64, "
        "linux/arm64, but is “linux/amd46”. Did you mean “linux/amd64”?",
    ),
    (
        "images: {web: {context: 5}}",
        "edaha.yml:1: “context” of image web must be text, but is a number. "
        'Put it in quotes: context: "5"',
    ),
    (
        "services: {web: {health: {startup: 60}}}",
        "edaha.yml:1: “startup” of “health” of service web needs a unit. "
        "Write 60s for seconds, 60m for minutes.",
    ),
    (
        "services: {web: {health: {startup: 1h}}}",
        "edaha.yml:1: “startup” of “health” of service web must be between 5s and 25m.",
    ),
    (
        "expires: 7 days",
        "edaha.yml:1: “expires” must be a duration. "
        "Write a number and s, m, h, d or w, such as 30m or 7d.",
    ),
    ("expires: 1s", "edaha.yml:1: “expires” must be between 5m and 365d."),
    ("services: {web: {port: 0}}", "edaha.yml:1: “port” of service web must be 1 or more."),
    ("services: {web: {port: 65536}}", "edaha.yml:1: “port” of service web must be 65535 or less."),
    (
        "services: {web: {cpu: '256'}}",
        "edaha.yml:1: “cpu” of service web must be a whole number or text such as “1 vCPU”, "
        "but is text. Take the quotes away: 256",
    ),
    (
        "services: {web: {memory: 1.0001 GB}}",
        "edaha.yml:1: “memory” of service web must be a whole number between 6 and 1048576.",
    ),
    (
        "services: {web: {environment: {A: }}}",
        "edaha.yml:1: “A” of “environment” of service web must be text, but is empty. "
        'Write "" for an empty text.',
    ),
    (
        "services: {web: {environment: [A=b]}}",
        "edaha.yml:1: “environment” of service web must be a mapping, but is a list.",
    ),
    (
        "services: {web: {environment: {A B: c}}}",
        "edaha.yml:1: “A B” of “environment” of service web is no variable's name. "
        "Begin with a letter or _; then letters, digits, _ . and -.",
    ),
    (
        "services: {web: {secrets: {A: /shop/db}}}",
        "edaha.yml:1: “A” of “secrets” of service web does not say where a secret is. "
        "Write ssm:/shop/db, secretsmanager:shop/key or secretsmanager:shop/key:json-key.",
    ),
    (
        "services: {web: {command: []}}",
        "edaha.yml:1: “command” of service web must be a command: text, or a list of texts. "
        'Such as [npm, "start"].',
    ),
    (
        "services: {web: {health_check: [curl, localhost]}}",
        "edaha.yml:1: “health_check” of service web must begin with one of CMD, CMD-SHELL, NONE "
        "where it is a list. Add CMD in front.",
    ),
    (
        "services: {web: {health: {path: healthz}}}",
        "edaha.yml:1: “path” of “health” of service web is no path. "
        "Begin with /, such as /healthz.",
    ),
    (
        "services: {web: {task_role: shop}}",
        "edaha.yml:1: “task_role” of service web must be a role's ARN. "
        "Such as arn:aws:iam::123456789012:role/shop.",
    ),
    (
        "services: {web: {containers: {redis: {command: x}}}}",
        "edaha.yml:1: Container redis of service web needs “image”.",
    ),
    (
        "hooks:\n  release: {}",
        "edaha.yml:2: “release” of “hooks” needs “command”.",
    ),
    (
        "services: {web: {containers: {a: {image: 'a:1', depends_on: {app: RUNNING}}}}}",
        "edaha.yml:1: “app” of “depends_on” of container a of service web must be one of START, "
        "COMPLETE, SUCCESS, HEALTHY, but is “RUNNING”.",
    ),
]


@pytest.mark.parametrize(("text", "message"), TYPES)
def test_a_mistake_is_told_in_words(text: str, message: str) -> None:
    assert told(text) == [message]


@pytest.mark.parametrize(
    "name",
    ["Web", "1web", "web_1", "a--b", "web-", "-web", "a" * 31, "ウェブ", "🦊", "a b", "web.1"],
)
def test_a_name_is_part_of_an_address(name: str) -> None:
    [problem] = problems({"services": {name: {}}})
    assert problem.line == 2
    assert "is no name" in problem.message or "30 are the most" in problem.message


@pytest.mark.parametrize("name", ["a", "web", "web-1", "a" * 30, "a-b-c", "null", "yes"])
def test_a_good_name_is_taken(name: str) -> None:
    assert problems({"services": {name: {}}}) == []


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems("""\
images:
  web: {dockerfile: missing, targt: x}
services:
  web: {port: "1", image: wbe}
  api:
    ecspresso: nowhere.yml
    cpu: 256
hooks:
  release: {service: wbe, command: 5}
expires: never
""")
    assert [(problem.line, problem.message.split(" ")[0]) for problem in found] == [
        (2, "There"),
        (2, "There"),
        (4, "“port”"),
        (4, "“image”"),
        (6, "There"),
        (7, "“cpu”"),
        (9, "“command”"),
        (9, "There"),
        (10, "“expires”"),
    ]


def test_one_mistake_leads_to_no_second_one() -> None:
    """What is spoiled already is not looked at again: it would only seem to be missing."""
    assert len(told("images: {web: 5}\nservices: {web: {image: web}}")) == 1
    assert len(told("services: {web: {containers: {r: {}}, depends_on: [r]}}")) == 1
    assert len(told("services: {web: {image: 5}, api: {ecspresso: {env: {}}}}")) == 2


def test_a_long_value_does_not_fill_the_screen() -> None:
    [line] = told({"services": {"web": {"architecture": "x" * 10_000}}})
    assert len(line) < 250
    [line] = told({"y" * 10_000: 1})
    assert len(line) < 300

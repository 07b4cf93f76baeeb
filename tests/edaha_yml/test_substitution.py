"""${EDAHA_URL} and its like in edaha.yml."""

import pytest

from deployments.definitions.application import Application
from deployments.definitions.edaha_yml import substitute
from deployments.definitions.problems import DefinitionError

from .repository import reading

KNOWN = {"EDAHA_SLUG": "feature-x", "EDAHA_COMMIT": "abc", "EDAHA_URL_API": "https://api--x.test"}


def filled(text: str) -> Application:
    return substitute(reading(text, others={"Dockerfile": "", "e.yml": ""}), KNOWN)


def test_values_are_filled_in_wherever_text_reaches_a_container() -> None:
    made = filled("""
        images: {app: {args: {TAG: "x-${EDAHA_SLUG}"}}}
        services:
          web:
            environment: {API: "${EDAHA_URL_API}/v1"}
            command: [run, "--name=${EDAHA_SLUG}"]
            entrypoint: ["${EDAHA_SLUG}"]
            health_check: curl ${EDAHA_URL_API}
            containers: {side: {image: "a:1", environment: {S: "${EDAHA_SLUG}${EDAHA_COMMIT}"}}}
          api:
            ecspresso:
              config: e.yml
              env: {TAG: "${EDAHA_COMMIT}"}
              ext_str: {slug: "${EDAHA_SLUG}"}
              ext_code: {code: "'${EDAHA_SLUG}'"}
        hooks: {release: {command: "echo ${EDAHA_SLUG}"}}
        """)
    main, side = made.service("web").containers
    files = made.service("api").ecspresso
    assert made.images[0].args == {"TAG": "x-feature-x"}
    assert main.environment == {"API": "https://api--x.test/v1"}
    assert main.command == ("run", "--name=feature-x")
    assert main.entrypoint == ("feature-x",)
    assert main.health_check == ("CMD-SHELL", "curl https://api--x.test")
    assert side.environment == {"S": "feature-xabc"}
    assert files and files.environment == {"TAG": "abc"}
    assert files.ext_str == {"slug": "feature-x"}
    assert files.ext_code == {"code": "'${EDAHA_SLUG}'"}
    assert made.release_hook and made.release_hook.command[-1] == "echo feature-x"


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("$$", "$"),
        ("$${EDAHA_SLUG}", "${EDAHA_SLUG}"),
        ("$$$${EDAHA_SLUG}", "$${EDAHA_SLUG}"),
        ("$$${EDAHA_SLUG}", "$feature-x"),
        ("${HOME}", "${HOME}"),
        ("$EDAHA_SLUG", "$EDAHA_SLUG"),
        ("${EDAHA_SLUG", "${EDAHA_SLUG"),
        ("{EDAHA_SLUG}", "{EDAHA_SLUG}"),
        ("a$", "a$"),
        (r"\1 \g<0>", r"\1 \g<0>"),
    ],
)
def test_other_dollars_are_the_applications_own(written: str, becomes: str) -> None:
    made = filled(f"services: {{web: {{environment: {{A: '{written}'}}}}}}")
    assert made.services[0].containers[0].environment == {"A": becomes}


def test_what_is_filled_in_is_not_looked_through_again() -> None:
    environment = {"EDAHA_BRANCH": "$${EDAHA_SLUG}${EDAHA_SLUG}", "EDAHA_SLUG": "x"}
    described = reading("services: {web: {environment: {A: '${EDAHA_BRANCH}'}}}")
    container = substitute(described, environment).services[0].containers[0]
    assert container.environment == {"A": "$${EDAHA_SLUG}${EDAHA_SLUG}"}


def test_every_unknown_name_is_told_with_its_line() -> None:
    with pytest.raises(DefinitionError) as refused:
        filled("""\
services:
  web:
    environment:
      A: ${EDAHA_SLOG}
      B: ${EDAHA_}
    command:
      - run
      - ${EDAHA_URL_APO}
  api: {ecspresso: e.yml}
ecspresso:
  env:
    C: ${EDAHA_COMIT}
""")
    assert [(str(each), each.hint) for each in refused.value.problems] == [
        ("edaha.yml:4: There is no ${EDAHA_SLOG}.", "Did you mean “EDAHA_SLUG”?"),
        ("edaha.yml:5: There is no ${EDAHA_}.", "Did you mean “EDAHA_SLUG”?"),
        ("edaha.yml:8: There is no ${EDAHA_URL_APO}.", "Did you mean “EDAHA_URL_API”?"),
        ("edaha.yml:12: There is no ${EDAHA_COMIT}.", "Did you mean “EDAHA_COMMIT”?"),
    ]

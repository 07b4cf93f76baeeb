"""Go's templates, as ecspresso uses them. Each row names where its rule is written."""

from typing import Any

import pytest

from deployments.definitions.ecspresso.evaluator import render
from deployments.definitions.ecspresso.lexer import TemplateError
from deployments.definitions.ecspresso.output import Rendered
from deployments.definitions.ecspresso.plugins import defaults

from .world import surroundings

ENVIRONMENT = {"TAG": "v1", "OTHER": "two", "EMPTY": "", "JSON": '{"foo":"b\\nar"}', "ONE": "1"}


def rendered(template: str) -> Rendered:
    return render(template, defaults(surroundings({}, ENVIRONMENT)).templates)


GO_CONFIG = "kayac/go-config: config.go, DefaultFuncMap"
README = "kayac/ecspresso: README, Template syntax"
SSM = "kayac/ecspresso: README, SSM Parameter Store lookups"
SECRETS = "kayac/ecspresso: secretsmanager/funcs.go"
GO = "pkg.go.dev/text/template: Actions"
SPACES = "pkg.go.dev/text/template: Text and spaces"
ARGUMENTS = "pkg.go.dev/text/template: Arguments"
PIPELINES = "pkg.go.dev/text/template: Pipelines"
VARIABLES = "pkg.go.dev/text/template: Variables"
FUNCTIONS = "pkg.go.dev/text/template: Functions"
NESTED = "pkg.go.dev/text/template: Nested template definitions"
FMT = "pkg.go.dev/fmt: Printing"

CASES = [
    # env, must_env, json_escape
    ("{{ env `TAG` `latest` }}", "v1", README),
    ("{{ env `NONE` `latest` }}", "latest", README),
    ("{{ env `NONE` `EMPTY` `OTHER` `last` }}", "two", GO_CONFIG),
    ("{{ env `NONE` `EMPTY` }}", "EMPTY", GO_CONFIG),
    ("{{ env `NONE` `` }}", "", GO_CONFIG),
    ("{{ env `NONE` }}", "NONE", GO_CONFIG),
    ("{{ env }}", "", GO_CONFIG),
    ("{{ must_env `TAG` }}", "v1", README),
    ("{{ must_env `EMPTY` }}|", "|", "kayac/go-config: config_test.go, TestLoadMustEnv"),
    ('{{must_env "TAG"}}', "v1", "kayac/ecspresso: tests/ci/ecs-task-def.json"),
    ("{{ must_env `JSON` | json_escape }}", r"{\"foo\":\"b\\nar\"}", README),
    ("{{ json_escape `<a&b>` }}", r"\u003ca\u0026b\u003e", "pkg.go.dev/encoding/json: Marshal"),
    ('{{ json_escape "\\u2029\\t" }}', r"\u2029\t", "kayac/go-config: json_test.go"),
    # Lookups that need no plugin
    ("{{ ssm `/path/to/string` }}", "ImString", SSM),
    ("{{ ssm `/path/to/stringlist` 1 }}", "ImStringList1", SSM),
    (
        "{{ secretsmanager_arn `foo` }}",
        "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:foo-06XQOH",
        "kayac/ecspresso: README, Resolve secretsmanager secret ARN",
    ),
    (
        "{{ secretsmanager_arnf `%s-%s` `a` `b` }}",
        "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:a-b-06XQOH",
        SECRETS,
    ),
    # Text and spaces
    ("{{23 -}} < {{- 45}}", "23<45", SPACES),
    ("a \n {{- `b` -}} \t c", "abc", SPACES),
    ("{{3}}{{-3}}", "3-3", SPACES),
    ("a{{/* a\ncomment */}}b {{- /* c */ -}} d", "abd", GO),
    # Pipelines and parentheses
    ('{{"\\"output\\""}}', '"output"', "pkg.go.dev/text/template: Examples"),
    ('{{`"output"`}}', '"output"', "pkg.go.dev/text/template: Examples"),
    ('{{printf "%q" "output"}}', '"output"', "pkg.go.dev/text/template: Examples"),
    ('{{"output" | printf "%q"}}', '"output"', "pkg.go.dev/text/template: Examples"),
    ('{{printf "%q" (print "out" "put")}}', '"output"', "pkg.go.dev/text/template: Examples"),
    (
        '{{"put" | printf "%s%s" "out" | printf "%q"}}',
        '"output"',
        "pkg.go.dev/text/template: Examples",
    ),
    ('{{"output" | printf "%s" | printf "%q"}}', '"output"', "pkg.go.dev/text/template: Examples"),
    ('{{with "output"}}{{printf "%q" .}}{{end}}', '"output"', "pkg.go.dev/text/template: Examples"),
    (
        '{{with $x := "output" | printf "%q"}}{{$x}}{{end}}',
        '"output"',
        "pkg.go.dev/text/template: Examples",
    ),
    (
        '{{with $x := "output"}}{{$x | printf "%q"}}{{end}}',
        '"output"',
        "pkg.go.dev/text/template: Examples",
    ),
    ("{{ env (env `NONE` `TAG`) }}", "v1", PIPELINES),
    # Constants
    (
        "{{ 'a' }} {{ 0x1F }} {{ 017 }} {{ 0b11 }} {{ 1_000 }} {{ -5 }}",
        "97 31 15 3 1000 -5",
        ARGUMENTS,
    ),
    ("{{ 1.5 }} {{ 1e3 }} {{ 1e6 }} {{ true }}", "1.5 1000 1e+06 true", ARGUMENTS),
    ('{{ "\\x41\\u00e9\\t|\\101" }}', "Aé\t|A", "go.dev/ref/spec: String literals"),
    ("{{ . }} {{ .Any.Thing }}", "<no value> <no value>", "text/template: exec.go, evalField"),
    # if, with, range
    ("{{if eq (env `TAG`) `v1`}}one{{else}}other{{end}}", "one", GO),
    ("{{if `` }}a{{else if 0}}b{{else if `x`}}c{{else}}d{{end}}", "c", GO),
    ("{{with ``}}a{{else with `b`}}{{.}}{{end}}", "b", GO),
    ("{{with `a`}}{{.}}{{end}}{{with ``}}x{{else}}b{{end}}", "ab", GO),
    (
        "{{range 4}}{{if eq . 1}}{{continue}}{{end}}{{if eq . 3}}{{break}}{{end}}{{.}}{{end}}",
        "02",
        GO,
    ),
    ("{{range 0}}a{{else}}none{{end}}", "none", GO),
    ("{{range 2}}{{.}}{{end}}", "01", GO),
    # Variables
    ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", "2", VARIABLES),
    ("{{$x := 1}}{{if true}}{{$x := 2}}{{end}}{{$x}}", "1", VARIABLES),
    ("{{$x := `a`}}{{$x}}{{$x := `b`}}{{$x}}", "ab", VARIABLES),
    # define, template, block
    ('{{define "t"}}<{{.}}>{{end}}{{template "t" `v`}}', "<v>", NESTED),
    ('{{block "b" `v`}}[{{.}}]{{end}}', "[v]", NESTED),
    # Functions
    ("{{and 1 0 2}} {{and 1 2}} {{or 0 `` 3}} {{or 0 ``}}|", "0 2 3 |", FUNCTIONS),
    ("{{and false (ssm `/nowhere`)}} {{or 1 (ssm `/nowhere`)}}", "false 1", FUNCTIONS),
    ("{{`x` | and 1}} {{`x` | or 0}}", "x x", "text/template: exec.go, evalCall"),
    ("{{not 0}} {{not `a`}}", "true false", FUNCTIONS),
    ("{{eq `c` `a` `b` `c`}} {{eq 1 2 3}} {{ne 1 2}}", "true false true", FUNCTIONS),
    ("{{lt 1 2}} {{le 2 2}} {{gt `b` `a`}} {{ge 1.5 2.5}}", "true true true false", FUNCTIONS),
    (
        "{{len `héllo`}} {{index `abc` 1}} {{slice `abcdef` 1 3}} {{slice `abc` 1}}",
        "6 98 bc bc",
        FUNCTIONS,
    ),
    ("{{print 1 2 `a` 3 true}} {{print `a` `b`}}", "1 2a3 true ab", "pkg.go.dev/fmt: Print"),
    ("{{println `a` 1}}|", "a 1\n|", "pkg.go.dev/fmt: Println"),
    ('{{html `<a href="x">\'&`}}', "&lt;a href=&#34;x&#34;&gt;&#39;&amp;", FUNCTIONS),
    ("{{js `it's <b>=\\`}}", r"it\'s \u003Cb\u003E\u003D\\", FUNCTIONS),
    ("{{urlquery `a b&c/~`}}", "a+b%26c%2F~", FUNCTIONS),
    # printf
    (
        "{{printf `%d|%5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c` 42 42 42 42 42 255 255 8 5 65}}",
        "42|   42|42   |00042|+42|ff|FF|10|101|A",
        FMT,
    ),
    (
        "{{printf `%s|%5s|%-5s|%.2s|%q|%x` `abc` `abc` `abc` `abc` `abc` `abc`}}",
        'abc|  abc|abc  |ab|"abc"|616263',
        FMT,
    ),
    (
        "{{printf `%v %v %v %t %.2f %T %%` `s` 1 true false 3.14159 1}}",
        "s 1 true false 3.14 int %",
        FMT,
    ),
    ("{{printf `%[2]d %[1]d` 1 2}} {{printf `%*d` 4 7}}", "2 1    7", FMT),
    ("{{printf `%d` `hi`}} {{printf `%s` 1}}", "%!d(string=hi) %!s(int=1)", FMT),
    (
        "{{printf `hi%d`}} {{printf `hi` 1}} {{printf `a%`}}",
        "hi%!d(MISSING) hi%!(EXTRA int=1) a%!(NOVERB)",
        FMT,
    ),
]


@pytest.mark.parametrize(("template", "text", "source"), CASES)
def test_a_template_is_rendered_as_go_renders_it(template: str, text: str, source: str) -> None:
    assert rendered(template).text == text, source


WRONG = [
    ("{{ must_env `NONE` }}", 1, "NONE is not set", GO_CONFIG),
    ("a\n{{ ssm `/nowhere` }}", 2, "no parameter /nowhere", SSM),
    ("{{ unknown `x` }}", 1, "no template function “unknown”", "text/template/parse: parse.go"),
    ("{{ tfstate `x` }}", 1, "no template function “tfstate”", "kayac/ecspresso: plugin.go"),
    ("{{ env 5 }}", 1, "takes text", "text/template: exec.go, evalString"),
    ("{{ 5 | env }}", 1, "takes text", "text/template: exec.go, validateType"),
    ("{{ must_env }}", 1, "takes 1 arguments, not 0", "text/template: exec.go, evalCall"),
    ("{{ must_env `TAG` `x` }}", 1, "takes 1 arguments, not 2", "text/template: exec.go"),
    ("{{ eq 1 `1` }}", 1, "cannot be compared", "text/template: funcs.go, errBadComparison"),
    ("{{ eq 1 1.0 }}", 1, "cannot be compared", "text/template: funcs.go, errBadComparison"),
    ("{{ eq 1 }}", 1, "at least 2", "text/template: funcs.go, errNoComparison"),
    ("{{ lt true false }}", 1, "no order", "text/template: funcs.go, errBadComparisonType"),
    ("{{ index `abc` 3 }}", 1, "out of range", FUNCTIONS),
    ("{{ $x }}", 1, "$x is not defined", "text/template/parse: parse.go, useVar"),
    ("{{if true}}{{$x := 1}}{{end}}{{$x}}", 1, "$x is not defined", VARIABLES),
    ("{{ nil }}", 1, "nil is not a command", "text/template/parse: parse.go"),
    ("{{ `a` `b` }}", 1, "Only a function", "text/template: exec.go, notAFunction"),
    ("{{ 1 | 2 }}", 1, "Stage 2", "text/template/parse: parse.go, checkPipeline"),
    ("{{ }}", 1, "missing", "text/template/parse: parse.go"),
    ("{{ env `TAG` | }}", 1, "missing", "text/template/parse: parse.go"),
    ("\n\n{{ env `TAG` ", 3, "not closed", "text/template/parse: lex.go"),
    ('{{ env "TAG }}', 1, "not closed", "text/template/parse: lex.go"),
    ("{{ env `TAG }}", 1, "not closed", "text/template/parse: lex.go"),
    ("a\n{{if true}}b", 2, "no {{end}}", "text/template/parse: parse.go"),
    ("{{end}}", 1, "without a beginning", "text/template/parse: parse.go"),
    ("{{if true}}{{else}}{{else}}{{end}}", 1, "second {{else}}", "text/template/parse"),
    ("{{break}}", 1, "within {{range}}", "text/template/parse: parse.go, breakControl"),
    ("{{range `abc`}}{{end}}", 1, "not possible", "text/template: exec.go, walkRange"),
    ('{{template "none"}}', 1, "no template “none”", "text/template: exec.go, walkTemplate"),
    ('{"a": "{{ env \\"TAG\\" }}"}', 1, "backslash", "text/template/parse: lex.go"),
    ("{{ (env `TAG` }}", 1, "parenthesis", "text/template/parse: lex.go"),
    ("{{/* never closed }}", 1, "*/", "text/template/parse: lex.go"),
]


@pytest.mark.parametrize(("template", "line", "message", "source"), WRONG)
def test_a_wrong_template_is_refused_with_its_line(
    template: str, line: int, message: str, source: str
) -> None:
    with pytest.raises(TemplateError) as problem:
        rendered(template)
    assert (problem.value.line, message in problem.value.message) == (line, True), source


def test_a_missing_variable_comes_with_where_to_set_it() -> None:
    with pytest.raises(TemplateError) as problem:
        rendered("{{ must_env `DATABASE_URL` }}")
    assert "DATABASE_URL" in problem.value.message
    assert "ecspresso: env:" in problem.value.hint
    assert "EDAHA_COMMIT" in problem.value.hint


def test_each_line_of_the_text_knows_the_templates_line() -> None:
    text = rendered("one\n{{- if true }}\ntwo\n{{- end }}\n{{ `three` }}\nfour\n")
    lines: dict[str, Any] = {
        shown: text.line(number) for number, shown in enumerate(text.text.split("\n"), start=1)
    }
    assert lines["two"] == 3
    assert lines["three"] == 5
    assert lines["four"] == 6

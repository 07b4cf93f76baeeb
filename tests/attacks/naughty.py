"""Texts that have broken something somewhere, and what hypothesis makes of their parts."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

SHELL = [
    "$(touch /tmp/edaha-was-here)",
    "`touch /tmp/edaha-was-here`",
    ";touch /tmp/edaha-was-here",
    "| touch /tmp/edaha-was-here",
    "&& touch /tmp/edaha-was-here",
    "'; touch /tmp/edaha-was-here; '",
    '"; touch /tmp/edaha-was-here; "',
    "${IFS}touch${IFS}/tmp/edaha-was-here",
    "\ntouch /tmp/edaha-was-here\n",
    "%0Atouch%20/tmp/edaha-was-here",
    "> /tmp/edaha-was-here",
    "$'\\x74ouch'",
    "!!",
    "~root",
    "*",
]
OPTIONS = [
    "-x",
    "--",
    "--help",
    "--upload-pack=touch /tmp/edaha-was-here",
    "--output=/tmp/edaha-was-here",
    "--exec=id",
    "-c core.sshCommand=id",
    "--config=core.pager=id",
    "-oProxyCommand=id",
    "--file=/etc/passwd",
    "--allow=security.insecure",
    "--network=host",
    "--build-arg=BUILDKIT_SYNTAX=evil/frontend",
    "--secret=id=x,src=/etc/shadow",
    "--output=type=local,dest=/",
    "x,push=false",
    "x,name=evil/image",
]
PATHS = [
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd",
    "....//....//etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%c0%af..%c0%afetc/passwd",
    "file:///etc/passwd",
    "C:\\",
    "CON",
    ".git/config",
    ".git/hooks/post-checkout",
    "a/../../b",
    "./.",
    "/proc/self/environ",
    "\\\\host\\share",
]
MARKUP = [
    "<script>alert(1)</script>",
    "<img/src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mi xlink:href='javascript:alert(1)'>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<!--",
    "-->",
    "<![CDATA[",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "{{7*7}}",
    "{% debug %}",
    "${7*7}",
    "<%= 7*7 %>",
    "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;//evil.example>",
]
DATABASE = [
    "' OR '1'='1",
    "'; DROP TABLE deployments_branch; --",
    '" OR ""="',
    "1; SELECT pg_sleep(10)",
    "%' AND 1=1 --",
    "\\'; --",
    "_%_%",
    "admin'--",
    "1e309",
    "NULL",
    "null",
    "undefined",
    "None",
    "NaN",
    "Infinity",
    "-1",
    "0x1F",
    "99999999999999999999999999999",
    "1.0000000000000000000000000001",
    "١٢٣",
    "𝟙",
]
UNICODE = [
    "機能/検索",
    "Ω≈ç√∫˜µ≤≥÷",
    "田中さんにあげて下さい",
    "ﷺ" * 20,
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "\u202etxt.exe",
    "\u200b\u200c\u200d\u2060",
    "\ufeffbom",
    "ＦＵＬＬ",
    "ı̇İ",
    "ß",
    "ﬀ",
    "👩‍👩‍👧‍👦",
    "🇯🇵🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "\u2028\u2029",
    "\ufffe\uffff",
    "xn--nxasmq6b",
    "аpple",  # its first letter is Cyrillic
    "\u0085\u00a0",
]
CONTROL = [
    "\x00",
    "a\x00b",
    "\r\nSet-Cookie: a=b",
    "\r\n\r\n<html>",
    "\x1b[31mred\x1b[0m",
    "\x1b]8;;javascript:alert(1)\x07here\x1b]8;;\x07",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "\x08\x08\x08",
    "\x7f",
    "\t",
    "a" * 300,
    "[" * 300,
    "%s%s%s%n",
    "%d",
    "{0.__class__.__mro__}",
    "{}",
    "__import__('os').system('id')",
]
ALL = [*SHELL, *OPTIONS, *PATHS, *MARKUP, *DATABASE, *UNICODE, *CONTROL]


def texts(longest: int = 120) -> st.SearchStrategy[str]:
    """The list, its parts put together, and any characters at all."""
    listed = st.sampled_from(ALL)
    joined = st.lists(listed | st.text(max_size=8), min_size=2, max_size=4).map("".join)
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=longest)
    return (listed | joined | anything).map(lambda text: text[:longest])


def many(examples: int) -> settings:
    """So many examples, the same each time, without looking for the smallest that fails."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def collect(number: int) -> list[str]:
    """`number` different ones: the list, what hypothesis makes of it, and pairs out of the list."""
    found: dict[str, None] = dict.fromkeys(ALL)

    @many(1000)
    @given(texts())
    def run(text: str) -> None:
        found[text] = None

    run()
    pairs = (f"{first}{second}" for first in ALL for second in ALL)
    found |= dict.fromkeys(pairs)
    return list(found)[:number]

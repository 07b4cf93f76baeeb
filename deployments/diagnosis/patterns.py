"""How tools write their errors, and what only looks like one. One line a tool, and an example."""

import re

_NOISE = (
    # Warnings and notes: `npm warn deprecated …`, `warning: unused variable`, `[WARNING] …`
    r"^\W{0,20}(npm |yarn |pnpm )?\W{0,9}(warn(ing)?|note|notice|info|debug|deprecat\w+)\b",
    r"\b(deprecation)?warning\b[\s\w(]{0,30}\]?:",
    r"\bwarning (TS|CS|NU|MSB|C|LNK)\d+",
    # `0 errors`, `no error`, `errors: 0`, `without errors`
    r"\b(0|no|without( any)?) (error|failure|failed)",
    r"\b(error|failure|failed)s?\s*[:=]\s*0\b",
    # pip says so of what it goes on after.
    r"^ERROR: pip's dependency resolver does not currently",
    # What is fetched, unpacked, compiled, and called like that: `Downloading error-ex-1.3.2.tgz`,
    # `Compiling thiserror v1.0`, `Get:3 … libgpg-error0`, `Setting up libgpg-error0`
    r"^\W{0,20}(Get:\d+|Selecting|Preparing|Unpacking|Setting up|Fetch\w*|Download(ing|ed)|"
    r"Collecting|Installing|Using cached|Compiling|Checking|Copying|Extracting|Resolving|"
    r"Processing|creating|adding|inflating|Progress)\b",
    r"^go: (downloading|finding|extracting|found)\b",
    # The flag or the file is called so: `set -o errexit`, `2> /dev/null || echo ok`
    r"^\+{1,3} ",
    r"^\s{0,20}(PASS|ok|✓|✔)\b",
)
#: A heading before the error itself.
_HEADINGS = (
    r"^\[ERROR\]\s*(COMPILATION ERROR|Failures:|Errors:|Tests run:|-+|$)",
    r"^(Failed to compile|error during build:|FAILURE: Build failed with an exception|"
    r"> Build failed because of webpack errors|=+ (FAILURES|ERRORS) =+|Build FAILED)\W*$",
    r"^\s{0,20}error: subprocess-exited-with-error",
    r"^\s{0,20}× .* did not run successfully",
    r"^npm (ERR!|error)\s*$",
)
_ERRORS = (
    # node and npm: `npm error code ERESOLVE`, `npm ERR! missing script: build`
    r"^npm (ERR!|error) (code [A-Z]|missing script|Missing script|`npm ci`|[A-Z]{5,}\b)",
    # yarn: `error Couldn't find package`, `➤ YN0028: │ The lockfile would …`; pnpm
    r"^error (Couldn't|An unexpected|Your lockfile|Command|.*incompatible)",
    r"\bYN00(01|09|2[0-9]|35|82): │",
    r"\bERR_PNPM_\w+",
    # tsc: `src/a.ts(3,5): error TS2322`, `src/a.ts:3:5 - error TS2322`
    r"\berror TS\d+:",
    # webpack, vite, esbuild, next: `ERROR in ./src/index.js`, `✘ [ERROR] Could not resolve`
    r"^\s{0,20}ERROR in \S",
    r"\bModule not found: ",
    r"^\s{0,20}[✘✗X] \[ERROR\]",
    r"\[vite\]: Rollup failed",
    r"^\s{0,20}(Type error|Syntax error|SyntaxError|TypeError|ReferenceError|RangeError): ",
    r"^\s{0,20}(Uncaught )?(\w+(Error|Exception)|Error)( \[\w+\])?: \S",
    r"^\w*[a-z](Error|Exception)$",
    r"heap out of memory",
    # pip, poetry, uv: `ERROR: No matching distribution found for …`
    r"^\s{0,20}ERROR: (Could not|No matching|Cannot|Invalid|Failed|Package|Double|Ignored)",
    r"^\s{0,20}(error: externally-managed|× No solution found|Because .*version solving failed)",
    # pytest: `E   AssertionError: …`, `ERROR collecting tests/test_a.py`, `FAILED tests/…`
    r"^E {3,}\S",
    r"^(FAILED|ERROR) \S+\.py\b",
    # go: `./main.go:12:2: undefined: foo`, `go: github.com/…: unknown revision`, `panic: …`
    r"\.go:\d+:\d+: \S",
    r"^go: \S",
    r"^(panic|fatal error): \S",
    r"^--- FAIL: ",
    # maven and gradle: `[ERROR] /src/A.java:[12,9] cannot find symbol`, `* What went wrong:`
    r"^\[ERROR\]\s+\S",
    r"^\* What went wrong",
    r"^e: (file:)?\S+\.kts?\b",
    r"\.java:\d+: error: ",
    r"^(Exception in thread|Caused by: )",
    # dotnet: `Program.cs(5,13): error CS0103: …`, `error NU1101: …`
    r"\berror (CS|NU|MSB|NETSDK|FS|BC|AD|IDE)\d+:",
    # cargo: `error[E0425]: cannot find value`, `error: no matching package named …`
    r"^error(\[E\d+\])?: \S",
    # composer, php
    r"^\s{0,20}Your requirements could not be resolved",
    r"^\s{0,20}(PHP )?(Fatal|Parse) error: ",
    # bundler and gem: `Could not find gem 'foo'`, `An error occurred while installing pg`
    r"^\s{0,20}(Could not find (gem|compatible|\S+-\d)|An error occurred while installing|"
    r"Gem::\S+|Bundler could not find|bundler: failed to load|Your Ruby version is)",
    r"\bERROR: +(Failed to build gem|While executing gem|Error installing)",
    # apt, apk, dnf: `E: Unable to locate package foo`
    r"^E: \S",
    r"^ERROR: unable to select packages",
    r"^(Error: Unable to find a match|No match for argument|Error: Failed to download)",
    # C compilers and make
    r":\d+(:\d+)?: (fatal )?error: ",
    r"^(\S+/)?ld(\.\w+)?: (cannot find|undefined|error)",
    r"undefined reference to ",
    # The shell, and the system
    r"^(/\S+|sh|bash|ash|dash): (line )?\d+:? .*(not found|No such file|Permission denied|"
    r"[Ss]yntax error)",
    r"^(/\S+/)?(ba|da|a)?sh: .*(not found|No such file|Permission denied)",
    r"\bexec(ve)? format error|exec .*: no such file or directory",
    r"^(Killed|Segmentation fault|Bus error|Illegal instruction)\b",
    r"\bNo space left on device\b",
    r"^(fatal|curl|wget|git|tar|cp|mv|chmod|unzip|gpg): .*(\(\d+\)|[Cc]annot|[Ff]ailed|"
    r"[Ee]rror|No such|not found|unable|denied|repository)",
    # BuildKit's own last word, and ECS's events
    r"^ERROR: failed to (solve|build)",
    r"^ERROR: \S",
    r"^ECS: .*\bunable to (place|start|pull|register|assume)",
    r"^ECS: .*\b(unhealthy|failed container health checks|deployment failed)\b",
    # Applications as they start: addresses in use, databases away, settings missing
    r"\bEADDRINUSE\b|\bECONNREFUSED\b|\bENOTFOUND\b|\bEACCES\b",
    r"\b(OperationalError|ImproperlyConfigured|ActiveRecord::\w+|KeyError)\b",
    r"^(\[[^\]]*\]\s*)?(CRITICAL|FATAL)\b|\blevel=(fatal|critical)\b",
    r'"(level|severity)"\s*:\s*"(fatal|critical)"',
)
_SUSPICIONS = (
    r"\b(error|errors|failed|failure|fatal|exception|panic|abort(ed|ing)?)\b",
    r"\b(cannot|can't|could not|couldn't|unable to|not found|no such file|denied|refused|"
    r"missing|invalid|unexpected)\b",
    r"✖|❌",
)


class Patterns:
    """Any of them: what stands at a line's start is looked for there alone, since that is cheap."""

    def __init__(self, patterns: tuple[str, ...], flags: re.RegexFlag = re.NOFLAG) -> None:
        starts = [pattern for pattern in patterns if pattern.startswith("^")]
        within = [pattern for pattern in patterns if not pattern.startswith("^")]
        self._starts = re.compile("|".join(f"(?:{each})" for each in starts) or "(?!)", flags)
        self._within = re.compile("|".join(f"(?:{each})" for each in within) or "(?!)", flags)

    def fit(self, text: str) -> bool:
        return bool(self._starts.match(text) or self._within.search(text))


NOISE = Patterns(_NOISE, re.IGNORECASE)
HEADINGS = Patterns(_HEADINGS)
ERRORS = Patterns(_ERRORS)
SUSPICIONS = Patterns(_SUSPICIONS, re.IGNORECASE)
TRACEBACK = re.compile(r"\W{0,20}Traceback \(most recent call last\):")
#: `ValueError: …`, `django.core.exceptions.ImproperlyConfigured: …`, `KeyError`
TRACEBACK_END = re.compile(r"\s{0,2}[A-Za-z_][\w.]*(?::|$)")

"""Scripts for shells, made of the parser itself, and the names of branches that they ask for.

A branch may be called `$(id)`: no script lets its shell read a name as anything but text.
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from pathlib import Path

from . import credentials, http, place
from .errors import CommandError
from .safe import one_line
from .server import Server

SHELLS = ("bash", "zsh", "fish")
#: What a script calls to hear the names of branches.
ASK = "__branches"
#: Whoever presses the key waits no longer for names, and not each time.
_SECONDS, _FRESH = 3.0, 60.0

_BASH = """_edaha() {{
  local now="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}" words name
  COMPREPLY=()
  if [[ $before == --branch ]]; then
    while IFS= read -r name; do
      [[ $name == "$now"* ]] && COMPREPLY+=("$(printf %q "$name")")
    done < <("${{COMP_WORDS[0]}}" {ask} 2>/dev/null)
    return
  fi
  case "$COMP_CWORD:${{COMP_WORDS[1]}}" in
    1:*) words="{names}" ;;
{cases}
    *) words="" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$now")
}}
complete -F _edaha edaha
"""
_ZSH = """#compdef edaha
_edaha() {{
  if [[ "${{words[CURRENT-1]}}" == --branch ]]; then
    local -a found
    found=("${{(@f)$("${{words[1]}}" {ask} 2>/dev/null)}}")
    found=("${{(@)found:#}}")
    compadd -a found
    return
  fi
  if (( CURRENT == 2 )); then
    compadd -- {names}
    return
  fi
  case "$words[2]" in
{cases}
  esac
}}
if [[ "${{funcstack[1]}}" == _edaha ]]; then
  _edaha "$@"
else
  compdef _edaha edaha
fi
"""
_FISH_BRANCH = f"complete -c edaha -x -n '__fish_prev_arg_in --branch' -a '(edaha {ASK})'\n"


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """What `shell` reads to complete subcommands and their options."""
    words = {name: " ".join(_words(part)) for name, part in _parts(parser).items()}
    names = " ".join(words)
    if shell == "bash":
        cases = "\n".join(f'    *:{name}) words="{has}" ;;' for name, has in words.items())
        return _BASH.format(names=names, cases=cases, ask=ASK)
    if shell == "zsh":
        cases = "\n".join(f"    {name}) compadd -- {has} ;;" for name, has in words.items())
        return _ZSH.format(names=names, cases=cases, ask=ASK)
    return _fish(words) + _FISH_BRANCH


def branches() -> list[str]:
    """Names of the repository's previews; none, and not a word, where that cannot be told."""
    try:
        address, repository = place.server(None), place.repository(None)
        file = _cache() / hashlib.sha256(f"{address} {repository}".encode()).hexdigest()[:32]
        if (known := _kept(file)) is not None:
            return known
        names = _asked(Server(address, lambda: credentials.token_for(address)), repository)
        _keep(file, names)
    except (CommandError, OSError):
        return []
    return names


def _asked(server: Server, repository: str) -> list[str]:
    call = server.call("/branches", repository=repository, limit=1000)
    call.seconds, call.patience = _SECONDS, 0.0
    rows = http.ask(call)[0]
    names = [str(row["name"]) for row in rows if row["state"] != "destroyed"]
    return sorted({name for name in names if name == one_line(name)})


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edaha"


def _kept(file: Path) -> list[str] | None:
    try:
        if time.time() - file.stat().st_mtime > _FRESH:
            return None
        return [str(name) for name in json.loads(file.read_text())]
    except (OSError, ValueError):
        return None


def _keep(file: Path, names: list[str]) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, new = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w") as writing:
        json.dump(names, writing)
    Path(new).replace(file)


def _fish(words: dict[str, str]) -> str:
    lines = [f"complete -c edaha -f -n __fish_use_subcommand -a '{' '.join(words)}'"]
    for name, has in words.items():
        # Behind --branch comes a name, and no option.
        here = f"'__fish_seen_subcommand_from {name}; and not __fish_prev_arg_in --branch'"
        lines.append(f"complete -c edaha -f -n {here} -a '{has}'")
    return "\n".join(lines) + "\n"


def _parts(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the parser has no subcommands")


def _words(part: argparse.ArgumentParser) -> list[str]:
    options = [option for action in part._actions for option in action.option_strings]
    choices = [choice for action in part._actions for choice in action.choices or ()]
    return [*choices, *options]

"""Scripts for shells, made of the parser itself."""

import argparse

SHELLS = ("bash", "zsh", "fish")

_BASH = """_edaha() {{
  local now="${{COMP_WORDS[COMP_CWORD]}}" words
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
  if (( CURRENT == 2 )); then
    compadd -- {names}
    return
  fi
  case "$words[2]" in
{cases}
  esac
}}
compdef _edaha edaha
"""


def script(shell: str, parser: argparse.ArgumentParser) -> str:
    """What `shell` reads to complete subcommands and their options."""
    words = {name: " ".join(_words(part)) for name, part in _parts(parser).items()}
    names = " ".join(words)
    if shell == "bash":
        cases = "\n".join(f'    *:{name}) words="{has}" ;;' for name, has in words.items())
        return _BASH.format(names=names, cases=cases)
    if shell == "zsh":
        cases = "\n".join(f"    {name}) compadd -- {has} ;;" for name, has in words.items())
        return _ZSH.format(names=names, cases=cases)
    lines = [f"complete -c edaha -f -n __fish_use_subcommand -a '{names}'"]
    for name, has in words.items():
        here = f"complete -c edaha -f -n '__fish_seen_subcommand_from {name}'"
        lines.append(f"{here} -a '{has}'")
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

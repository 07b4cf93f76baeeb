"""A place in a template's tokens."""

from .lexer import TemplateError, Token, tokens

#: Blocks and parentheses within each other. Python's own stack must not be what ends it.
MAX_DEPTH = 60


class Cursor:
    def __init__(self, template: str) -> None:
        self._tokens = tokens(template)
        self._ahead: Token | None = None
        self.line = 1
        self.depth = 0

    def peek(self) -> Token | None:
        if self._ahead is None:
            self._ahead = next(self._tokens, None)
        return self._ahead

    def next(self) -> Token:
        token, self._ahead = self.peek(), None
        if token is None:
            raise self.wrong("The template ends too early.")
        self.line = token.line
        return token

    def space(self) -> bool:
        if (token := self.peek()) and token.kind == "space":
            self.next()
            return True
        return False

    def at(self, kind: str, *values: str) -> bool:
        token = self.peek()
        return bool(token and token.kind == kind and (not values or token.value in values))

    def end_of_action(self, what: str) -> None:
        self.space()
        if (token := self.next()).kind != "close":
            raise self.wrong(f"Unexpected “{token.value}” in {{{{{what}}}}}.")

    def wrong(self, message: str) -> TemplateError:
        return TemplateError(message, self.line)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(f"This template is nested more than {MAX_DEPTH} levels deep.")

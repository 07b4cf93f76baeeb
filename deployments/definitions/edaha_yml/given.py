"""What one reading of edaha.yml is given, and what it collects on its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..files import Files, beneath
from ..problems import DefinitionError
from .mistakes import Mistake, Path, in_one_line, start, words
from .model import File
from .written import Written

#: What a team that deploys with ecspresso has at the root, in the order in which it is looked for.
ECSPRESSO_FILES = ("ecspresso.yml", "ecspresso.yaml", "ecspresso.json", "ecspresso.jsonnet")

Scalar = str | int | float


@dataclass(frozen=True)
class Defaults:
    """The repository's settings, which hold where its files say nothing.

    The port and the health path are those of the default service. Launch type and roles are not
    among them: a service that names none has them empty, and the platform's count.
    """

    dockerfile: str = "Dockerfile"
    context: str = "."
    platforms: tuple[str, ...] = ("linux/amd64",)
    port: int | None = None
    health_path: str = ""
    startup_seconds: int = 120
    cpu: int = 256
    memory: int = 512
    #: What ecspresso's files are given where edaha.yml gives nothing of that name.
    env: Mapping[str, str] = field(default_factory=dict)
    ext_str: Mapping[str, str] = field(default_factory=dict)
    ext_code: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Given:
    """What cannot be used is collected in `mistakes`."""

    file: File
    defaults: Defaults
    files: Files
    written: Written
    mistakes: list[Mistake] = field(default_factory=list)

    def say(self, path: Path, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(path, message, hint))

    def texts(self, path: Path, values: Mapping[str, Scalar] | None) -> dict[str, str]:
        return {name: self._text((*path, name), value) for name, value in (values or {}).items()}

    def command(self, path: Path, values: Sequence[Scalar] | None) -> tuple[str, ...] | None:
        if values is None:
            return None
        return tuple(self._text((*path, str(index)), value) for index, value in enumerate(values))

    def _text(self, path: Path, value: Scalar) -> str:
        if isinstance(value, str):
            return value
        found = self.written.at(path)
        if found is None:
            self.say(path, f"{start(words(path))} must be text.", "Put it in quotes.")
        return found or ""

    def beneath(self, path: Path, value: str) -> str:
        """The file or folder `value`, from the root; empty where it leads out."""
        try:
            return beneath(value)
        except DefinitionError as problem:
            self._take(path, problem)
            return ""

    def must_exist(self, path: Path, file: str, *, otherwise: str = "") -> None:
        """`otherwise` is where the file is, where somebody took paths to be from elsewhere."""
        try:
            is_fine = not file or self.files.read(file) is not None
        except DefinitionError as problem:
            self._take(path, problem)
            return
        if is_fine:
            return
        is_there = otherwise and otherwise != file and self.files.read(otherwise) is not None
        hint = f"Paths are from the repository's root: {otherwise}." if is_there else ""
        self.say(path, f"There is no file {file}.", hint)

    def root_ecspresso(self) -> str:
        """The ecspresso file at the root; empty where there is none."""
        return root_ecspresso(self.files)

    def _take(self, path: Path, error: DefinitionError) -> None:
        for problem in error.problems:
            self.say(path, in_one_line(str(problem)), problem.hint)


def root_ecspresso(files: Files) -> str:
    """See Given.root_ecspresso."""
    return next((name for name in ECSPRESSO_FILES if files.read(name) is not None), "")

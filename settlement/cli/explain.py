"""`settle explain FILE`: a CDR's price line by line, or a tariff in plain words.

Rule: the same answer as `settle price`, and what the tariff tools tell, at length; computes
nothing.
"""

import itertools
import shutil
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from settlement.cli.exit import FINDINGS, FINE, UNUSABLE, Unusable
from settlement.cli.price import ProfileName, Tariffs, Version, Zone

if TYPE_CHECKING:
    from settlement.answer import Desk
    from settlement.cli.documents import Document


# A tariff has none of these, in any version; its start_date_time is from when it is valid.
_OF_CDRS = frozenset(
    {"charging_periods", "total_energy", "total_cost", "session_id", "auth_id", "cdr_token"}
)


class Form(StrEnum):
    """How the explanation is written."""

    MARKDOWN = "markdown"
    TABLE = "table"


class Speech(StrEnum):
    """The language in which a tariff is told."""

    EN = "en"
    DE = "de"


def explain(  # noqa: PLR0917 - Typer's way to declare options
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="A file with CDRs or tariffs; - is stdin.")
    ],
    tariff: Tariffs = None,
    time_zone: Zone = None,
    ocpi: Version = None,
    profile: ProfileName = "default",
    form: Annotated[
        Form | None,
        typer.Option("--format", help="markdown, or a table for a terminal; the default there."),
    ] = None,
    lang: Annotated[Speech, typer.Option(help="Language of a tariff's words.")] = Speech.EN,
    svg: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Draw a tariff's price curves; those of several into FILE-ID.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON a tariff; a CDR: `settle price`.")
    ] = False,
) -> None:
    """Explain a CDR's price line by line, or what a tariff charges in plain words.

    Exit 0: a CDR matches its claim, a tariff is told; 1: findings; 2: the input is unusable.
    """
    from settlement.cli import batch  # noqa: PLC0415 - loads the engine
    from settlement.cli.documents import Documents  # noqa: PLC0415 - likewise
    from settlement.ocpi.problem import UnreadableDocument  # noqa: PLC0415 - likewise

    order = batch.Order(
        tariffs=tuple(str(path) for path in tariff or ()),
        time_zone=time_zone,
        ocpi_version=ocpi,
        profile=profile,
    )
    desk = batch.open_desk(order)
    chosen = form or (Form.TABLE if sys.stdout.isatty() else Form.MARKDOWN)
    of_cdrs = {"--tariff": tariff, "--time-zone": time_zone, "--profile": profile != "default"}
    worst = FINE
    with Documents(source) as documents:
        manner = Manner(
            ocpi_version=ocpi,
            form=chosen,
            speech=lang,
            is_json=as_json,
            pictures=None if svg is None else Pictures(svg, is_one=not documents.is_batch),
            of_cdrs=tuple(name for name, given in of_cdrs.items() if given),
        )
        is_empty = True
        for document in documents:
            is_empty = False
            try:
                if _is_tariff(document.data):
                    print(_words(document, manner))
                else:
                    worst = max(worst, _explain_cdr(desk, document, manner))
            except UnreadableDocument as error:
                place = f"{documents.name}:{document.line}"
                print(*batch.problem_lines(error, place), sep="\n", file=sys.stderr)
                worst = UNUSABLE
        if is_empty:
            print(f"settle: {documents.name}: holds nothing to explain", file=sys.stderr)
    raise typer.Exit(worst)


class Pictures:
    """Where pictures go: FILE, or for the tariffs of a list FILE-ID, a name each."""

    def __init__(self, path: Path, *, is_one: bool) -> None:
        self._path, self._is_one = path, is_one
        self._taken: set[str] = set()

    def write(self, tariff_id: str, text: str) -> None:
        """Write a picture; Unusable says why it cannot be written."""
        path = self._path
        if not self._is_one:
            path = path.with_name(self._name(tariff_id))
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Unusable(f"{path} cannot be written: {error.strerror}") from error
        if not self._is_one:
            print(f"settle: {tariff_id!a} is drawn in {path}", file=sys.stderr)

    def _name(self, tariff_id: str) -> str:
        safe = "".join(sign if sign.isalnum() else "_" for sign in tariff_id)
        stem = f"{self._path.stem}-{safe[:80]}"
        names = (stem if count == 1 else f"{stem}-{count}" for count in itertools.count(1))
        name = next(name for name in names if name.casefold() not in self._taken)
        self._taken.add(name.casefold())
        return name + (self._path.suffix or ".svg")


class Manner(NamedTuple):
    """How documents are explained."""

    ocpi_version: str | None
    form: Form
    speech: Speech
    is_json: bool
    pictures: Pictures | None
    of_cdrs: tuple[str, ...]  # the options given that a tariff has no use for


def _is_tariff(data: bytes) -> bool:
    """Tell a tariff from a CDR by what it holds; UnreadableDocument where it is neither."""
    from settlement.ocpi.door import parse_object  # noqa: PLC0415 - as above
    from settlement.ocpi.problem import Problem, UnreadableDocument  # noqa: PLC0415 - as above
    from settlement.ocpi.reader import shown  # noqa: PLC0415 - as above

    document = parse_object(data)
    if document.keys() & _OF_CDRS:
        return False
    if "elements" in document:
        return True
    rule = "neither a tariff (it has no elements) nor a CDR (it has no charging_periods)"
    raise UnreadableDocument((Problem("$", shown(document), rule),))


def _words(document: "Document", manner: Manner) -> str:
    from settlement.cli import tariff_words  # noqa: PLC0415 - as above
    from settlement.tariff_tools.plain.language import LANGUAGES  # noqa: PLC0415 - as above
    from settlement.tariff_tools.plain.told import told_document  # noqa: PLC0415 - as above

    if manner.of_cdrs:
        names = " and ".join(manner.of_cdrs)
        raise Unusable(
            f"{names}: for CDRs. A tariff is told as it stands, in local time and under the "
            "default profile"
        )
    language = LANGUAGES[manner.speech.value]
    told = told_document(document.data, language=language, ocpi_version=manner.ocpi_version)
    if manner.pictures is not None:
        if not told.drawings:
            raise Unusable(f"{told.tariff.id}: there is no price to draw")
        manner.pictures.write(told.tariff.id, told.svg())
    if manner.is_json:
        return tariff_words.as_json(told)
    if manner.form is Form.MARKDOWN:
        return tariff_words.markdown(told)
    return tariff_words.screen(told, width=shutil.get_terminal_size().columns)


def _explain_cdr(desk: "Desk", document: "Document", manner: Manner) -> int:
    from settlement.cli.markdown import explanation  # noqa: PLC0415 - as above
    from settlement.cli.working import working  # noqa: PLC0415 - as above

    if manner.pictures is not None or manner.is_json or manner.speech is not Speech.EN:
        raise Unusable(
            "--svg, --lang and --json are for tariffs: `settle price --json` gives a CDR's working"
        )
    answer = desk.answer(document.data)
    print(explanation(answer) if manner.form is Form.MARKDOWN else working(answer))
    return FINE if answer.verdict == "matched" else FINDINGS

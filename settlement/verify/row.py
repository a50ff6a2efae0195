"""A row of `cdr_settled`, said as the log says it.

Rule: the columns are asked of the table itself; numbers and times are spelled in the one way
that their value has, so that a digest can be computed anew from a row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from settlement.verify.clickhouse import Tables
from settlement.verify.moment import log_text
from settlement.verify.number import text_of
from settlement.verify.outcome import ENTRIES

TABLE = "cdr_settled"
Row = dict[str, Any]
Spell = Callable[[Any], Any]
COLUMNS = """
SELECT name, type FROM system.columns
WHERE database = {database:String} AND table = {table:String} ORDER BY position
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of the table: how each is spelled."""

    names: tuple[str, ...]  # all columns as they are asked for
    plain: tuple[str, ...]
    spelled: tuple[tuple[str, Spell, Spell], ...]  # name, of the row, of the log
    entries: Mapping[str, Mapping[str, tuple[str, Spell, Spell]]]  # field -> name -> column

    def said(self, row: Row, shapes: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
        """Say a row as the log says it; what no column holds is null."""
        said = {name: row[name] for name in self.plain}
        for name, spell, _ in self.spelled:
            said[name] = spell(row[name])
        for field, columns in self.entries.items():
            said[field] = _entries(row, columns, shapes.get(field, tuple(columns)))
        return said

    def cut(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Cut an outcome of the log to what the columns can hold, spelled as `said` does."""
        cut = {name: said[name] for name in self.plain if name in said}
        for name, _, spell in self.spelled:
            if name in said:
                cut[name] = spell(said[name])
        for field, columns in self.entries.items():
            cut[field] = [
                {
                    name: columns[name][2](value) if name in columns else value
                    for name, value in entry.items()
                }
                for entry in said.get(field, ())
            ]
        return cut


def _entries(
    row: Row, columns: Mapping[str, tuple[str, Spell, Spell]], shape: tuple[str, ...]
) -> list[dict[str, Any]]:
    spelled: list[list[Any]] = []
    count = len(row[next(iter(columns.values()))[0]])
    if not count:
        return []
    for name in shape:
        if name in columns:
            column, spell, _ = columns[name]
            spelled.append([spell(value) for value in row[column]])
        else:
            spelled.append([None] * count)
    return [dict(zip(shape, values, strict=True)) for values in zip(*spelled, strict=True)]


def read_layout(tables: Tables, table: str = TABLE) -> Layout:
    """Ask a table for its columns; those of entries are `cdr_settled`'s alone."""
    types = {
        row["name"]: row["type"]
        for row in tables.rows(COLUMNS, database=tables.database, table=table)
    }
    prefixes = {prefix: field for field, prefix in ENTRIES.items()}
    entries: dict[str, dict[str, tuple[str, Spell, Spell]]] = {}
    plain, spelled = [], []
    for column, kind in types.items():
        spells = _spells(kind)
        prefix, dot, name = column.partition(".")
        if dot:
            row_spell, log_spell = spells or (_same, _same)
            entries.setdefault(prefixes[prefix], {})[name] = (column, row_spell, log_spell)
        elif spells is None:
            plain.append(column)
        else:
            spelled.append((column, *spells))
    return Layout(tuple(types), tuple(plain), tuple(spelled), entries)


def _spells(kind: str) -> tuple[Spell, Spell] | None:
    if "Decimal" in kind:
        return text_of, _log_number
    if "DateTime64(3" in kind:
        return log_text, _log_time_of_3
    if "DateTime64" in kind:
        return log_text, log_text
    return None


def _same(value: Any) -> Any:
    return value


def _log_number(text: str | None) -> str | None:
    return None if text is None else text_of(Decimal(text))


def _log_time_of_3(text: str | None) -> str | None:
    return log_text(text, digits=3)


def changed(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Give what differs between an outcome, cut to the columns, and a row: name, both sides."""
    different: list[tuple[str, Any, Any]] = []
    for name in found:
        was, now = expected.get(name), found[name]
        if was == now:
            continue
        if not isinstance(now, list) or not isinstance(was, list) or len(was) != len(now):
            different.append((name, _counted(was), _counted(now)))
            continue
        for place, (old, new) in enumerate(zip(was, now, strict=True)):
            if not isinstance(new, dict):
                if old != new:
                    different.append((f"{name}[{place}]", old, new))
                continue
            different += [
                (f"{name}[{place}].{field}", old.get(field), new.get(field))
                for field in sorted({*old, *new})
                if old.get(field) != new.get(field)
            ]
    return different


def _counted(value: Any) -> Any:
    return f"{len(value)} entries" if isinstance(value, list) and len(value) > 1 else value

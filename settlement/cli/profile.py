"""`settle profile list|show|diff`: how the questions that OCPI leaves open are answered.

Rule: shows profiles, decides nothing; what a field means stands in settlement/README.md.
"""

import json
from typing import Annotated, Any

import msgspec
import typer

from settlement.cli.exit import FINDINGS, FINE, Unusable
from settlement.pricing.profile import (
    DEFAULT,
    Profile,
    UnusableProfile,
    load_profile,
    profile_names,
)

profile = typer.Typer(
    help="Show how the questions that OCPI leaves open are answered.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Name = Annotated[str, typer.Argument(metavar="PROFILE", help="Name of a profile, or a TOML file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@profile.command("list")
def list_profiles(as_json: AsJson = False) -> None:
    """List the profiles that come with the package."""
    profiles = [load_profile(name) for name in profile_names()]
    if as_json:
        print(json.dumps([{"name": one.name, "version": one.version} for one in profiles]))
        return
    for one in profiles:
        print(one.label)


@profile.command("show")
def show_profile(name: Name = "default", as_json: AsJson = False) -> None:
    """Show every field of a profile, marking what differs from the default."""
    fields = _fields(_loaded(name))
    if as_json:
        print(json.dumps(fields))
        return
    default = _fields(DEFAULT)
    width = max(map(len, fields))
    for field, value in fields.items():
        mark = "" if value == default[field] else f"  (default: {default[field]})"
        print(f"{field.ljust(width)}  {value}{mark}")


@profile.command("diff")
def diff_profiles(one: Name, other: Name = "default", as_json: AsJson = False) -> None:
    """Show in which fields two profiles differ; exit 1 where they do."""
    left, right = _fields(_loaded(one)), _fields(_loaded(other))
    names = [name for name in left if left[name] != right[name] and name not in {"name", "version"}]
    if as_json:
        print(json.dumps({name: [left[name], right[name]] for name in names}))
    else:
        for name in names:
            print(f"{name}: {left[name]} in {one}, {right[name]} in {other}")
    raise typer.Exit(FINDINGS if names else FINE)


def _loaded(name: str) -> Profile:
    try:
        return load_profile(name)
    except UnusableProfile as error:
        raise Unusable(str(error)) from error


def _fields(given: Profile) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(given)
    return fields

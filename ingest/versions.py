"""OCPI versions and version details: where everything is.

Rule: endpoint URLs end with a slash (some partners append the path without one); only what
this gateway serves is listed.
"""

import msgspec

from ingest.answer import Answer
from ingest.module import Module
from ingest.path import OCPI_VERSION, ROOT


def versions(base: str) -> Answer:
    """List the OCPI versions (OCPI 2.2.1, 6.1)."""
    data = [{"version": OCPI_VERSION, "url": f"{base}/{ROOT}/{OCPI_VERSION}"}]
    return Answer(data=msgspec.json.encode(data))


def details(base: str, modules: list[Module]) -> Answer:
    """List the endpoints of OCPI 2.2.1 (6.2); we are the receiver of all of them."""
    endpoints = [
        {
            "identifier": module.identifier,
            "role": "RECEIVER",
            "url": f"{base}/{ROOT}/{OCPI_VERSION}/{module.identifier}/",
        }
        for module in modules
    ]
    return Answer(data=msgspec.json.encode({"version": OCPI_VERSION, "endpoints": endpoints}))

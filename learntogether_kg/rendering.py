"""How pages are made from templates that lie beside a module."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


@cache
def environment(package: str) -> Environment:
    """Returns what renders the templates of a package; all that a file says is escaped, and nothing may be left out.

    Args:
        package: The package's name; its templates lie in ``templates/``.
    """
    return Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

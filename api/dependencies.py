"""What routes are given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from api import paging
from api.asked import Asked, asked_of
from api.pages import Pages
from api.paging import PIN, Pairs, Part
from api.served import Served

Now = Annotated[Asked, Depends(asked_of)]


async def _served(asked: Now) -> Served:
    return asked.release.served


async def _pages(asked: Now) -> Pages:
    return asked.release.pages.pinned(asked.pin)


def _all_pairs(request: Request) -> Pairs:
    return [pair for pair in request.query_params.multi_items() if pair[0] != PIN]


async def _pairs(request: Request) -> Pairs:
    return paging.read(_all_pairs(request))[1]


async def _part(request: Request) -> Part:
    return paging.read(_all_pairs(request))[0]


Release = Annotated[Served, Depends(_served)]
"""The release that is asked."""
Templates = Annotated[Pages, Depends(_pages)]
"""Its pages, whose links keep to it where the address does."""
Arguments = Annotated[Pairs, Depends(_pairs)]
"""The arguments in the address, but for those that every address takes."""
Rows = Annotated[Part, Depends(_part)]
"""Which rows are asked for."""

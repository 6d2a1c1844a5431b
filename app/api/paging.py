"""One way to answer a page: read one row more than asked for, and sign where it stopped."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from app.api import pagination
from app.api.door import Door
from app.api.schemas import Page, View

Row = TypeVar("Row")
Shown = TypeVar("Shown", bound=View)


def page(
    door: Door,
    model: type[Page[Shown]],
    filters: Mapping[str, Any],
    cursor: str | None,
    limit: int,
    rows: Callable[[Any, int], Sequence[Row]],
    show: Callable[[Sequence[Row]], list[Shown]],
    key: Callable[[Row], str | int],
) -> Page[Shown]:
    """Make a page.

    Args:
        filters: What the list is narrowed to; a cursor belongs to these.
        rows: Reads that many rows behind a key, or from the start.
        show: Turns the rows of the page into views.
        key: The key of a row.
    """
    sign = door.house.cursor_key
    filters = {**filters, "path": model.__name__, "as": door.caller.name}
    found = rows(pagination.read(sign, cursor, filters), limit + 1)
    shown = found[:limit]
    more = pagination.write(sign, key(shown[-1]), filters) if len(found) > limit else None
    return model(items=show(shown), next_cursor=more)

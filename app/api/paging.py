"""One way to answer a page: read one row more than asked for, and sign where it stopped."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from typing_extensions import override

from app.api import pagination
from app.api.door import Reader
from app.api.schemas import Page, View

Row = TypeVar("Row")
Shown = TypeVar("Shown", bound=View)


class WrittenPage(View):
    """A page whose items are JSON already, as their views would be written. For the lists that grow for ever."""

    items: list[str]
    next_cursor: str | None

    @override
    def model_dump_json(self, **_options: Any) -> str:
        """The items as they are."""
        return f'{{"items":[{",".join(self.items)}],"next_cursor":{json.dumps(self.next_cursor)}}}'


def page(
    door: Reader,
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
    shown, more = _cut(door, model, filters, cursor, limit, rows, key)
    return model(items=show(shown), next_cursor=more)


def written(
    door: Reader,
    model: type[Page[Shown]],
    filters: Mapping[str, Any],
    cursor: str | None,
    limit: int,
    rows: Callable[[Any, int], Sequence[Row]],
    show: Callable[[Sequence[Row]], list[str]],
    key: Callable[[Row], str | int],
) -> WrittenPage:
    """Make a page of what is written already.

    Args:
        filters: As in `page`, and so are `rows` and `key`.
        show: Turns the rows of the page into JSON.
    """
    shown, more = _cut(door, model, filters, cursor, limit, rows, key)
    return WrittenPage.model_construct(items=show(shown), next_cursor=more)


def _cut(
    door: Reader,
    model: type[Page[Shown]],
    filters: Mapping[str, Any],
    cursor: str | None,
    limit: int,
    rows: Callable[[Any, int], Sequence[Row]],
    key: Callable[[Row], str | int],
) -> tuple[Sequence[Row], str | None]:
    """The rows of the page, and the cursor behind them if there are more."""
    sign = door.house.cursor_key
    filters = {**filters, "path": model.__name__, "as": door.caller.name}
    found = rows(pagination.read(sign, cursor, filters), limit + 1)
    shown = found[:limit]
    return shown, pagination.write(sign, key(shown[-1]), filters) if len(found) > limit else None

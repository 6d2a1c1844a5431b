"""What Slack makes of a click and of a filled-in modal: pure functions of blocks."""

from collections.abc import Iterator, Sequence
from typing import Any

_OPTION = {"static_select", "radio_buttons"}


def elements_of(blocks: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """Every interactive element with its block. A block without an id gets one, as Slack gives it one."""
    for number, block in enumerate(blocks):
        block.setdefault("block_id", f"b{number}")
        for element in [*block.get("elements", []), block.get("accessory"), block.get("element")]:
            if isinstance(element, dict) and element.get("action_id"):
                yield block, element


def find_action(blocks: Sequence[Any], action_id: str) -> tuple[Any, Any]:
    """The element of that action_id, or the only one that begins with it."""
    every = [(b, e) for b, e in elements_of(blocks) if e["action_id"].startswith(action_id)]
    found = [(b, e) for b, e in every if e["action_id"] == action_id] or every
    there = [e["action_id"] for _, e in elements_of(blocks)]
    assert len(found) == 1, f"{len(found)} elements {action_id}; there are {there}"
    return found[0]


def button_in(block: Any, element: Any, value: str | None) -> Any:
    """The action that a payload tells of."""
    action = {k: element[k] for k in ("type", "action_id", "value", "text", "style") if k in element}
    action |= {"block_id": block["block_id"], "action_ts": "1700000000.000001"}
    if element["type"] in {*_OPTION, "overflow"}:
        action["selected_option"] = _option(element, value)
    return action


def values_of(blocks: Sequence[Any], given: dict[str, Any]) -> Any:
    """`state.values` of a modal. What Slack does not let through (missing, too long, unknown) is an AssertionError."""
    left, found = dict(given), dict[str, Any]()
    for block, element in elements_of(blocks):
        name = next((n for n in (element["action_id"], block["block_id"]) if n in left), None)
        value = left.pop(name) if name is not None else _initial(element)
        if block["type"] == "input" and not block.get("optional"):
            assert value not in (None, "", []), f"Slack asks for {element['action_id']}"
        if block["type"] == "input" or value is not None:
            found.setdefault(block["block_id"], {})[element["action_id"]] = _state(element, value)
    assert not left, f"there are no inputs {sorted(left)}"
    return found


def _initial(element: Any) -> Any:
    initial = element.get("initial_option") or {}
    return element.get("initial_value") or element.get("initial_user") or initial.get("value")


def _state(element: Any, value: Any) -> Any:
    kind = element["type"]
    if kind == "plain_text_input":
        assert len(value or "") <= element.get("max_length", 3000), "Slack lets no more be typed"
        return {"type": kind, "value": value or None}
    if kind in _OPTION:
        return {"type": kind, "selected_option": None if value is None else _option(element, value)}
    if kind in {"checkboxes", "multi_static_select"}:
        return {"type": kind, "selected_options": [_option(element, v) for v in value or []]}
    if kind == "users_select":
        return {"type": kind, "selected_user": value}
    return {"type": kind, "value": value}


def _option(element: Any, value: Any) -> Any:
    options = element.get("options") or [o for group in element.get("option_groups", []) for o in group["options"]]
    found = [option for option in options if option["value"] == value]
    assert found, f"{element['action_id']} offers {[o['value'] for o in options]}, not {value}"
    return found[0]

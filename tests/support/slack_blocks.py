"""What Slack refuses of blocks and views: lengths, counts, ids, missing parts. A pure function of what was sent."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

BLOCKS_IN_MESSAGE, BLOCKS_IN_VIEW = 50, 100
IDS = 255
_ELEMENTS = frozenset(
    {
        "button",
        "overflow",
        "static_select",
        "multi_static_select",
        "users_select",
        "external_select",
        "plain_text_input",
        "radio_buttons",
        "checkboxes",
        "datepicker",
        "image",
    }
)
_WITHOUT_ACTION = frozenset({"image"})
_INPUTS = _ELEMENTS - {"button", "overflow", "image"}


def problems_of_blocks(blocks: Any, most: int = BLOCKS_IN_MESSAGE) -> list[str]:
    """What is wrong with a list of blocks; nothing for good ones."""
    if not isinstance(blocks, list):
        return ["blocks must be a list"]
    found = [f"{len(blocks)} blocks; at most {most}"] if len(blocks) > most else []
    ids = [block.get("block_id") for block in blocks if block.get("block_id")]
    found += [f"block_id {i} stands twice" for i in {i for i in ids if ids.count(i) > 1}]
    for number, block in enumerate(blocks):
        found += [f"blocks/{number} ({block.get('type')}): {problem}" for problem in _of_block(block)]
    return found


def problems_of_view(view: Any) -> list[str]:
    """What is wrong with a modal or a home tab."""
    if not isinstance(view, dict) or view.get("type") not in {"modal", "home"}:
        return ["a view is a modal or a home"]
    found = problems_of_blocks(view.get("blocks"), BLOCKS_IN_VIEW)
    found += _longer(view, "private_metadata", 3000)
    found += _longer(view, "callback_id", IDS)
    if view["type"] == "modal":
        found += _plain(view.get("title"), "title", 24)
        for part in ("submit", "close"):
            if part in view:
                found += _plain(view[part], part, 24)
        if any(block.get("type") == "input" for block in view.get("blocks") or []) and "submit" not in view:
            found.append("a modal with inputs needs submit")
    return found


def _of_block(block: dict[str, Any]) -> Iterator[str]:
    yield from _longer(block, "block_id", IDS)
    kind = block.get("type")
    if kind in _BLOCKS:
        yield from _BLOCKS[kind](block)
    elif kind not in {"divider", "image", "rich_text"}:
        yield "there is no such block"


def _section(block: dict[str, Any]) -> Iterator[str]:
    if "text" not in block and not block.get("fields"):
        yield "needs text or fields"
    if "text" in block:
        yield from _text(block["text"], "text", 3000)
    yield from _most(block.get("fields", []), "fields", 10)
    for field in block.get("fields", []):
        yield from _text(field, "fields", 2000)
    if "accessory" in block:
        yield from _element(block["accessory"])


def _actions(block: dict[str, Any]) -> Iterator[str]:
    elements = block.get("elements", [])
    yield from _some(elements, "elements", 25)
    for element in elements:
        yield from _element(element)
    ids = [element.get("action_id") for element in elements]
    yield from (f"action_id {i} stands twice" for i in sorted({str(i) for i in ids if ids.count(i) > 1}))


def _context(block: dict[str, Any]) -> Iterator[str]:
    yield from _some(block.get("elements", []), "elements", 10)
    for element in block.get("elements", []):
        if element.get("type") != "image":
            yield from _text(element, "elements", 3000)


def _input(block: dict[str, Any]) -> Iterator[str]:
    yield from _plain(block.get("label"), "label", 2000)
    if "hint" in block:
        yield from _plain(block["hint"], "hint", 2000)
    if block.get("element", {}).get("type") not in _INPUTS:
        yield "element is no input"
    else:
        yield from _element(block["element"])


def _element(element: dict[str, Any]) -> Iterator[str]:
    kind = element.get("type")
    if kind not in _ELEMENTS:
        yield f"there is no element {kind}"
        return
    if kind not in _WITHOUT_ACTION and not element.get("action_id"):
        yield f"{kind} needs an action_id"  # Slack would make one up, and then nobody could tell who was clicked
    yield from _longer(element, "action_id", IDS)
    if "placeholder" in element:
        yield from _plain(element["placeholder"], "placeholder", 150)
    if "confirm" in element:
        yield from _confirm(element["confirm"])
    if kind == "button":
        yield from _plain(element.get("text"), "button text", 75)
        yield from _longer(element, "value", 2000)
        yield from _longer(element, "url", 3000)
        if element.get("style") not in {None, "primary", "danger"}:
            yield "a button's style is primary or danger"
    if kind == "plain_text_input" and not 1 <= element.get("max_length", 1) <= 3000:
        yield "max_length is 1 to 3000"
    if kind in {"static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"}:
        yield from _options(element, kind)


def _options(element: dict[str, Any], kind: Any) -> Iterator[str]:
    most = {"radio_buttons": 10, "checkboxes": 10, "overflow": 5}.get(kind, 100)
    options = element.get("options") or [o for group in element.get("option_groups", []) for o in group["options"]]
    yield from _some(options, "options", most)
    for option in options:
        yield from _text(option.get("text"), "option text", 75)
        value = option.get("value")
        if not isinstance(value, str) or not 1 <= len(value) <= 150:
            yield "an option's value has 1 to 150 characters"
        if "description" in option:
            yield from _plain(option["description"], "option description", 75)
    initial = element.get("initial_option")
    if initial is not None and initial not in options:
        yield "initial_option is none of the options"


def _confirm(confirm: dict[str, Any]) -> Iterator[str]:
    yield from _plain(confirm.get("title"), "confirm title", 100)
    yield from _text(confirm.get("text"), "confirm text", 300)
    for part in ("confirm", "deny"):
        if part in confirm:
            yield from _plain(confirm[part], f"confirm {part}", 30)


def _plain(text: Any, where: str, most: int) -> list[str]:
    if isinstance(text, dict) and text.get("type") != "plain_text":
        return [f"{where} must be plain_text"]
    return _text(text, where, most)


def _text(text: Any, where: str, most: int) -> list[str]:
    if not isinstance(text, dict) or text.get("type") not in {"plain_text", "mrkdwn"}:
        return [f"{where} must be a text"]
    said = text.get("text")
    if not isinstance(said, str) or not 1 <= len(said) <= most:
        return [f"{where} must have 1 to {most} characters"]
    return []


def _longer(thing: dict[str, Any], name: str, most: int) -> list[str]:
    value = thing.get(name)
    if value is None or (isinstance(value, str) and len(value) <= most):
        return []
    return [f"{name} may have {most} characters"]


def _most(things: Sequence[Any], where: str, most: int) -> list[str]:
    return [f"{len(things)} {where}; at most {most}"] if len(things) > most else []


def _some(things: Sequence[Any], where: str, most: int) -> list[str]:
    return _most(things, where, most) if things else [f"needs {where}"]


_BLOCKS: dict[Any, Callable[[dict[str, Any]], Iterable[str]]] = {
    "section": _section,
    "actions": _actions,
    "context": _context,
    "input": _input,
    "header": lambda block: _plain(block.get("text"), "text", 150),
    "markdown": lambda block: _longer(block, "text", 12000),
}

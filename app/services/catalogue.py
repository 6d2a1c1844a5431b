"""Loading the catalogue: the groups the lab has, with their policies and rules."""

import tomllib
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import select

from app.db import Tx
from app.domain import names
from app.domain.actors import Actor
from app.domain.rules import Catalogue
from app.errors import StartError
from app.models import Group
from app.services import audit

_LIMIT = 1_000_000


def read(path: Path | None) -> Catalogue:
    """Read a catalogue file; None is the one that comes with Gatehouse.

    Raises:
        StartError: It cannot be read, or says something that is no catalogue.
    """
    source = path or Path(str(files("app") / "catalog" / "default.toml"))
    try:
        raw = source.read_bytes()
        if len(raw) > _LIMIT:
            raise StartError(f"The catalogue {source} is larger than {_LIMIT} bytes")
        return Catalogue.model_validate(tomllib.loads(raw.decode()))
    except OSError as problem:
        raise StartError(f"The catalogue {source} cannot be read: {problem.strerror}") from None
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StartError(f"The catalogue {source} is not usable: {where}: {first['msg']}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise StartError(f"The catalogue {source} is not TOML: {problem}") from None


def load(tx: Tx, by: Actor, catalogue: Catalogue) -> list[str]:
    """Store the groups that are not there yet; their names. Groups that are there keep what they have.

    One that was deleted is there in this sense: it does not come back by a file.
    """
    known = {g.name_key for g in tx.session.scalars(select(Group))}
    new = [g for g in catalogue.group if names.key(g.name) not in known]
    for group in new:
        tx.session.add(
            Group(
                name=group.name,
                name_key=names.key(group.name),
                description=group.description,
                path=group.path,
                policies=list(group.policies),
                rule=group.rule.model_dump(mode="json"),
                created_at=tx.now,
            )
        )
        audit.record(tx, "group.loaded", by=by, group=group.name, rule=group.rule.model_dump(mode="json"))
    return [g.name for g in new]

"""What IAM shows, in a few words, read past Gatehouse by the port that the contract suite tests."""

from app.domain.belongings import Belongings
from tests.support.worlds import Wish, World


def whole(world: World, wish: Wish) -> str:
    """The user, whether capped, with everything."""
    user = world.port.iam.user(wish.subject)
    if user is None:
        return "no such user"
    has = world.port.belongings(wish.subject)
    parts = ["capped" if user.boundary else "not capped", _groups(has.groups)]
    return ", ".join(parts + ([_login(has)] if has.login else []) + ([_keys(has)] if has.keys else []))


def everything(world: World, wish: Wish) -> str:
    """The same with devices, those too that wait to be activated."""
    return f"{whole(world, wish)}, {devices(world, wish)}"


def codes(world: World, wish: Wish) -> str:
    """Whether a code for them may be collected: there is nothing of it in IAM."""
    query = f"kind=user.enrol&user={wish.subject}&provisioning=applied"
    return "a code to be collected" if world.lab.get("pi", f"/v1/access-requests?{query}")["items"] else "no code"


def credentials(world: World, wish: Wish) -> str:
    """Password, keys, policies of their own."""
    has = world.port.belongings(wish.subject)
    parts = [_login(has), _keys(has), *(f"with {policy.name}" for policy in has.inline)]
    return ", ".join(parts)


def groups(world: World, wish: Wish) -> str:
    """Where they are in."""
    user = world.port.iam.user(wish.subject)
    return _groups(user.groups if user else ())


def login(world: World, wish: Wish) -> str:
    """Whether there is a password."""
    return _login(world.port.belongings(wish.subject))


def keys(world: World, wish: Wish) -> str:
    """How many keys."""
    return _keys(world.port.belongings(wish.subject))


def inline(world: World, wish: Wish) -> str:
    """Policies of their own."""
    return ", ".join(policy.name for policy in world.port.iam.inline(wish.subject) or ())


def devices(world: World, wish: Wish) -> str:
    """Devices in use, and one that waits for it."""
    found = world.port.iam.devices(wish.subject)
    mine = [f"{len(found)} in use"] if found else []
    spare = any(serial.endswith(f"/{wish.subject}") for serial in world.port.iam.spare_devices())
    return ", ".join(mine + (["a device to be activated"] if spare else [])) or "no device"


def group(world: World, wish: Wish) -> str:
    """What it gives, and to whom."""
    found, members = world.port.iam.group(wish.of), world.port.iam.members(wish.of)
    if found is None:
        return "no such group"
    given = ", ".join(policy.name.rsplit("/", 1)[-1] for policy in found.policies)
    return f"with {given}, {' and '.join(sorted(members or ())) or 'nobody'} in it"


def policy(world: World, wish: Wish) -> str:
    """What it says."""
    found = world.port.iam.lab_policy(wish.of)
    if found is None:
        return "no such policy"
    [statement] = (found.policy.document or {})["Statement"]
    return f"allows {statement['Action']}, {_many(len(found.versions), 'version')}"


def password_policy(world: World, _wish: Wish) -> str:
    """How long they have to be."""
    found = world.port.iam.password_policy()
    return "none" if found is None else f"{found.minimum_length} characters"


def monitoring(world: World, wish: Wish) -> str:
    """What watches."""
    seen = world.port.iam.monitoring(wish.of)
    topic = "a topic" if seen.topic else "no topic"
    return f"{topic}, {len(seen.filters)} filters, {len(seen.alarms)} alarms"


def roles(world: World, wish: Wish) -> str:
    """What they are to Gatehouse: there is nothing of it in IAM."""
    return ", ".join(world.lab.get("pi", f"/v1/users/{wish.subject}")["roles"])


def _login(has: Belongings) -> str:
    return "a password" if has.login else "no password"


def _groups(names: tuple[str, ...]) -> str:
    return f"in {', '.join(names)}" if names else "in no group"


def _keys(has: Belongings) -> str:
    counted = [
        (sum(key.active is active for key in has.keys), word)
        for active, word in ((True, "active"), (False, "inactive"))
    ]
    return ", ".join(_many(n, f"{word} key") for n, word in counted if n) or "no key"


def _many(n: int, word: str) -> str:
    return f"{n} {word}" + ("s" if n > 1 else "")

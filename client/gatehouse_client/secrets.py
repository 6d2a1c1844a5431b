"""What is collected once. None of it shows in a repr, and so not in a log or a traceback either."""

from dataclasses import dataclass, field

from gatehouse_client.generated import models


@dataclass(frozen=True)
class AccessKey:
    """An AWS access key."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True)
class Password:
    """A password for the AWS console, to be changed at the first sign-in."""

    user_name: str
    sign_in_url: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Seed:
    """The seed of a new MFA device, to be typed or as a picture."""

    serial_number: str
    base32_seed: str = field(repr=False)
    qr_png_base64: str = field(repr=False)


Collected = AccessKey | Password | Seed


def collected(view: models.KeyView | models.PasswordView | models.SeedView) -> Collected:
    """What an answer holds."""
    if isinstance(view, models.KeyView):
        return AccessKey(view.access_key_id, view.secret_access_key)
    if isinstance(view, models.PasswordView):
        return Password(view.user_name, view.sign_in_url, view.password)
    return Seed(view.serial_number, view.base32_seed, view.qr_png_base64)

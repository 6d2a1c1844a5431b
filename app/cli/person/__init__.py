"""What a person does at a terminal. Nothing here loads anything of the server."""

import typer

from app.cli.person import asking, collecting, deciding, ending, linking, looking, signing_in, watching
from app.cli.person.outcome import told


def add_to(app: typer.Typer) -> None:
    """Add the commands, in the order that `--help` shows them."""
    for command in (
        signing_in.login,
        signing_in.whoami,
        asking.request,
        looking.mine,
        looking.pending,
        looking.show,
        watching.watch,
        deciding.approve,
        deciding.deny,
        ending.cancel,
        ending.revoke,
        ending.extend,
        looking.why,
        collecting.secrets,
        collecting.collect,
        linking.link,
        signing_in.logout,
    ):
        app.command()(told(command))

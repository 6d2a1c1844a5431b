"""Commands that are imported when they are run: they need the whole server, which takes seconds to load.

What a person does all day talks to a server and needs nothing of it. So these are known here by name and by one line of
help only, and their module is imported for the one that is asked for.
"""

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override

PANEL = "On the host of Gatehouse, and in its pipelines"
COMMANDS = {
    "init": ("operations", "Migrate the database, load the catalogue, make the first admin."),
    "setup": ("operations", "Prepare an AWS account: guardrails and the catalogue's groups."),
    "serve": ("serving", "Serve the API, with the worker inside."),
    "worker": ("serving", "Work without serving: any number of these beside PostgreSQL."),
    "slack": ("serving", "Listen to Slack over Socket Mode, beside PostgreSQL. On SQLite gatehouse serve does it."),
    "migrate": ("operations", "Bring the database's tables up to date."),
    "recover": ("operations", "Give the owner a new code when the token is lost."),
    "import": ("importing", "Take over what stands in an AWS account; later only report."),
    "catalog": ("catalog", "The catalogue as code, through a running server."),
    "audit": ("operations", "The audit chain."),
    "guardrails": ("operations", "The guardrail documents."),
    "openapi": ("operations", "Print the OpenAPI document."),
    "demo": ("serving", "Run the main job end to end on a simulated AWS."),
}
"""Name to module and help, in the order that `--help` shows them."""


class Later(TyperCommand):
    """Stands for a command until it is run."""

    def __init__(self, name: str, module: str, line: str) -> None:
        super().__init__(name, help=line, rich_help_panel=PANEL)
        self._module = module

    @override
    def make_context(self, *arguments: Any, **options: Any) -> Any:
        """From here on it is the command itself."""
        app = typer.Typer(pretty_exceptions_enable=False)
        importlib.import_module(f"app.cli.{self._module}").add_to(app)
        found = typer.main.get_group(app).commands[self.name or ""]
        return found.make_context(*arguments, **options)


class Commands(TyperGroup):
    """A person's commands, which are there, and after them the ones that come later."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, (module, line) in COMMANDS.items():
            self.add_command(Later(name, module, line))

"""The commands, put together."""

import typer

from reception.cli.admin import create_admin
from reception.cli.backup import backup, restore_backup
from reception.cli.bench import bench
from reception.cli.call import call
from reception.cli.doctor import doctor
from reception.cli.environment import load_env_file
from reception.cli.eval import evaluation
from reception.cli.migrate import migrate_database
from reception.cli.prepare import prepare
from reception.cli.replay import replay_dump
from reception.cli.rotate_keys import rotate_keys
from reception.cli.serve import serve

app = typer.Typer(
    name="reception",
    help="A self-hosted AI receptionist.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(serve)
app.command()(call)
app.command()(create_admin)
app.command()(rotate_keys)
app.command()(doctor)
app.command()(prepare)
app.command("migrate")(migrate_database)
app.command()(backup)
app.command("restore")(restore_backup)
app.command("replay")(replay_dump)
app.add_typer(bench, name="bench")
app.add_typer(evaluation, name="eval")


@app.callback()
def _root() -> None:
    """A self-hosted AI receptionist: it answers calls and chats, and books what the database confirms."""


def main() -> None:
    load_env_file()
    app()

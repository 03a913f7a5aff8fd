"""Settings from a file: `.env` of the working directory, or the one that RECEPTION_ENV_FILE names."""

import io
import os
import sys
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from rich.console import Console
from rich.markup import escape

from reception.core.errors import InvalidInput

FILE_VARIABLE = "RECEPTION_ENV_FILE"
_DEFAULT = ".env"
_MOST_BYTES = 1 << 20


def load_env_file() -> None:
    """Add what the file says to the environment; what is set there already stays. Ends the program with a sentence
    when the file cannot be read."""
    try:
        for name, value in read_env_file(os.environ.get(FILE_VARIABLE)).items():
            os.environ.setdefault(name, value)
    except InvalidInput as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]Cannot start:[/] {escape(error.detail)}", soft_wrap=True
        )
        sys.exit(1)


def read_env_file(named: str | None) -> dict[str, str]:
    """What the file `named` sets; None means `.env`, if there is one, and an empty name no file.

    Raises:
        InvalidInput: it was named and is not there, is no text, or a line of it is no `NAME=value`.
    """
    if named == "":
        return {}
    path = Path(named or _DEFAULT)
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8")
    except FileNotFoundError:
        if named is None:
            return {}
        raise InvalidInput(f"{FILE_VARIABLE} names {path}, which is not there.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read as text ({type(error).__name__}).") from None
    for binding in parse_stream(io.StringIO(text)):
        if binding.error or (binding.key and binding.value is None):
            raise InvalidInput(f"{path}, line {binding.original.line}: this is no NAME=value.")
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}

"""The page about access tells of every role and permission what holds."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from reception.domains.access.service import Role
from reception.runtime.principal import KEY_SCOPES, ROLE_SCOPES, Scope

PAGE = (Path(__file__).parents[3] / "docs" / "ACCESS.md").read_text(encoding="utf-8")
ROLES = (Role.READ_ONLY, Role.STAFF, Role.MANAGER, Role.OWNER, Role.PLATFORM_ADMIN)


def table() -> Iterator[str]:
    for scope in Scope:
        holders = [scope in ROLE_SCOPES[role] for role in ROLES] + [scope in KEY_SCOPES]
        yield f"| `{scope.value}` | {' | '.join('yes' if may else '' for may in holders)} |"


def test_the_table_is_true() -> None:
    shown = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert shown == list(table()), "the table must be:\n" + "\n".join(table())


def test_each_role_may_do_all_that_the_one_below_may() -> None:
    for lower, higher in pairwise(ROLES):
        assert ROLE_SCOPES[lower] < ROLE_SCOPES[higher]

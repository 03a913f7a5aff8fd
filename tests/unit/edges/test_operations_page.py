"""The page about operations lists every metric that there is, and tells what the settings' defaults are."""

from collections.abc import Iterator
from pathlib import Path

from reception.runtime.metrics import Metrics
from reception.runtime.queue_metrics import DESCRIBED
from reception.settings import Settings

PAGE = (Path(__file__).parents[3] / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")


def table() -> Iterator[str]:
    for one in (*Metrics().described, *DESCRIBED):
        labels = ", ".join(f"`{label}`" for label in one.labels)
        yield f"| `{one.name}` | {one.kind} | {labels} | {one.meaning} |"


def test_the_list_of_metrics_is_whole_and_true() -> None:
    shown = [line for line in PAGE.splitlines() if line.startswith("| `reception_")]
    assert shown == list(table()), "the table must be:\n" + "\n".join(table())


def test_the_defaults_of_limits_are_as_told() -> None:
    fields = Settings.model_fields
    for name in ("requests_per_s", "requests_burst", "request_timeout_s"):
        assert f"| `RECEPTION_{name.upper()}` | {fields[name].default:g} |" in PAGE
    assert f"`RECEPTION_DRAIN_S` ({fields['drain_s'].default:g})" in PAGE

"""Dockerfile, .dockerignore and docker-compose.yml keep to the rules that make them safe to run."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from reception.providers.embedded.weights import TURN_MODEL_REQUIREMENT
from reception.settings import Settings, load_settings
from tests.support.dockerfile import Stage, read_stages

REPOSITORY = Path(__file__).parents[2]
BUILD, FINAL = read_stages(REPOSITORY / "Dockerfile")
SECRETS = {"POSTGRES_PASSWORD", "RECEPTION_SECRET_KEY", "RECEPTION_ENCRYPTION_KEY"}
KEY = "k3Yz-4uBv_Tq7LsWm2Kd8RfYc1HnJe6GaQ0"
_VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")


def test_the_dockerfile_is_linted() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, REPOSITORY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_nothing_of_the_build_but_the_environment() -> None:
    assert BUILD.name == "build"
    (copied,) = FINAL.all("COPY")
    assert copied.flags == {"from": "build"}
    source, target = copied.words
    assert source == target, "an environment runs only where it was made"
    assert "slim" in (REPOSITORY / "Dockerfile").read_text().split("ARG PYTHON_IMAGE=")[1].splitlines()[0]


def test_it_runs_as_a_user_that_owns_its_data_alone() -> None:
    names = [one.name for one in FINAL.instructions]
    user = FINAL.one("USER").rest
    assert user == "10001:10001"
    assert names.index("COPY") < names.index("USER"), "what is copied must not be the user's"
    assert not any("chown" in one.flags for one in FINAL.all("COPY"))
    assert FINAL.one("VOLUME").words == [FINAL.environment["RECEPTION_DATA_DIR"]]


def test_signals_reach_the_service_and_its_health_is_asked() -> None:
    assert FINAL.one("ENTRYPOINT").words == ["reception"], "not through a shell, which keeps signals for itself"
    assert FINAL.one("CMD").words == ["serve"]
    assert FINAL.one("STOPSIGNAL").rest == "SIGTERM"
    assert FINAL.one("EXPOSE").rest == FINAL.environment["RECEPTION_PORT"]
    check = FINAL.one("HEALTHCHECK")
    assert check.rest == 'CMD ["python", "-m", "reception.healthcheck"]'
    assert set(check.flags) == {"interval", "timeout", "start-period", "start-interval", "retries"}


@pytest.mark.parametrize("stage", [BUILD, FINAL], ids=lambda stage: stage.name)
def test_no_secret_is_in_the_image(stage: Stage) -> None:
    for name in (*stage.environment, *stage.arguments):
        assert not re.search(r"KEY|PASSWORD|SECRET|TOKEN", name), name


def test_what_the_image_sets_are_settings() -> None:
    ours = {name for name in FINAL.environment if name.startswith("RECEPTION_")}
    assert ours <= {f"RECEPTION_{name.upper()}" for name in Settings.model_fields}
    assert FINAL.environment["RECEPTION_ENVIRONMENT"] == "production"


def test_the_models_are_those_of_make() -> None:
    steps = " ".join(one.rest for one in BUILD.all("RUN"))
    assert TURN_MODEL_REQUIREMENT in steps
    assert f"TURN_MODEL := {TURN_MODEL_REQUIREMENT}" in (REPOSITORY / "Makefile").read_text()


def test_every_extra_is_told_of_where_one_chooses() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    comment = re.search(r"((?:^#.*\n)+)ARG EXTRAS=", text, re.MULTILINE)
    assert comment is not None
    told = set(re.findall(r"\w+", comment[1]))
    assert set(project["optional-dependencies"]) - {"dev"} <= told


def test_only_what_is_built_from_is_sent_to_the_builder() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    sent = {line[1:] for line in lines if line.startswith("!")}
    wanted = {word.rstrip("/") for one in BUILD.all("COPY") for word in one.words[:-1]}
    assert sent == wanted
    assert all((REPOSITORY / name).exists() for name in sent)


def _substituted(text: str, environment: dict[str, str]) -> str:
    """As Compose does it. Raises KeyError with the message of `${NAME:?message}` where NAME is unset."""

    def value(match: re.Match[str]) -> str:
        name, kind, other = match[1], match[2], match[3]
        if found := environment.get(name):
            return found
        if kind == "?":
            raise KeyError(other)
        return other or ""

    return _VARIABLE.sub(value, text)


def _compose(**environment: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(
        _substituted((REPOSITORY / "docker-compose.yml").read_text(), dict.fromkeys(SECRETS, KEY) | environment)
    )
    return read


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return _compose()


def test_the_compose_file_is_one(compose: dict[str, Any]) -> None:
    read = PyCompose.from_yaml(yaml.safe_dump(compose))
    read.validate()
    assert sorted(read.service_names()) == ["db", "migrate", "reception"]


@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_nothing_starts_without_a_secret(missing: str) -> None:
    with pytest.raises(KeyError, match=f"Set {missing} in .env"):
        _compose(**{missing: ""})


def _values(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _values(value)
    elif isinstance(node, list):
        for value in node:
            yield from _values(value)
    else:
        yield str(node)


def test_no_password_is_written_down() -> None:
    raw = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    for service in (*raw["services"].values(), raw["x-reception"]):
        for name, value in service.get("environment", {}).items():
            if re.search(r"KEY|PASSWORD|SECRET", name):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
    assert not any(re.search(r"://[^/@:]+:[^/@]+@", value) for value in _values(raw))


def test_the_schema_is_there_before_the_service(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["migrate"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["migrate"]["command"][0] == "migrate"
    assert services["migrate"]["restart"] == "no"
    assert services["reception"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["reception"]["depends_on"]["db"] == {"condition": "service_healthy"}
    assert services["db"]["healthcheck"]["test"][1] == "pg_isready"
    for name in ("db", "reception"):
        assert services[name]["restart"] == "unless-stopped"


def test_the_data_outlives_the_containers(compose: dict[str, Any]) -> None:
    assert compose["services"]["db"]["image"] == "pgvector/pgvector:pg18"
    assert compose["services"]["db"]["volumes"] == ["database:/var/lib/postgresql"]
    assert compose["services"]["reception"]["volumes"] == ["data:/data"]
    assert set(compose["volumes"]) == {"data", "database"}


def test_the_service_may_write_its_data_alone_and_only_this_machine_reaches_it(compose: dict[str, Any]) -> None:
    service = compose["services"]["reception"]
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in compose["services"]["db"]


def test_calls_have_time_to_end(compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    grace_s = int(compose["services"]["reception"]["stop_grace_period"].removesuffix("s"))
    assert grace_s >= Settings.model_fields["drain_s"].default + 15


def test_the_service_accepts_the_settings_of_both_files(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**FINAL.environment, **compose["services"]["reception"]["environment"]}
    for name, value in environment.items():
        if name.startswith("RECEPTION_"):
            monkeypatch.setenv(name, KEY[:32].ljust(43, "a") if name == "RECEPTION_ENCRYPTION_KEY" else value)
    settings = load_settings()
    assert settings.production
    assert settings.database_url is not None

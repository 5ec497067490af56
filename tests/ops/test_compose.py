"""The container files: what can be known of them without a container engine."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from activities.contracts import TaskQueue
from ops.cli import app
from ops.config import PREFIX, Settings, load_settings
from ops.embedded.temporal import DYNAMIC_CONFIG
from ops.up import LISTENING, SILENT

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("waybill:")}
LONG_RUNNING = {name: service for name, service in SERVICES.items() if service["restart"] == "unless-stopped"}
CONDITIONS = ("service_started", "service_healthy", "service_completed_successfully")
INTERPOLATED = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def given(text: str) -> str:
    """The text as compose reads it where the caller's environment is empty."""
    return INTERPOLATED.sub(lambda found: found[2] or "", text)


def test_every_process_is_there_and_is_told_which_one_it_is() -> None:
    assert set(OURS) == {*LISTENING, *SILENT, "migrate"}
    commands = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    for name, service in OURS.items():
        assert service["command"] == [name]
        assert name in commands


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_what_runs_for_ever_is_restarted_and_what_listens_is_checked(name: str) -> None:
    service = LONG_RUNNING[name]
    listens = name in LISTENING or name in ("postgres", "redis", "temporal", "temporal-postgres")
    assert ("healthcheck" in service) == listens
    if listens:
        assert service["healthcheck"]["retries"]


@pytest.mark.parametrize("name", LISTENING)
def test_a_health_check_asks_the_port_that_is_published(name: str) -> None:
    service = OURS[name]
    port = Settings.model_fields[LISTENING[name]].default
    assert f"http://127.0.0.1:{port}/livez" in service["healthcheck"]["test"][-1]
    assert [given(each) for each in service["ports"]] == [f"127.0.0.1:{port}:{port}"]


def test_dependencies_exist_and_can_be_waited_for() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            condition, other = how["condition"], SERVICES[needed]
            assert condition in CONDITIONS, name
            assert condition != "service_healthy" or "healthcheck" in other, name
            ends = other["restart"].startswith("on-failure")
            assert ends == (condition == "service_completed_successfully"), name


def test_nothing_waits_in_a_circle() -> None:
    waiting = {name: set(service.get("depends_on", {})) for name, service in SERVICES.items()}
    while waiting:
        ready = [name for name, needed in waiting.items() if not needed & waiting.keys()]
        assert ready, waiting
        waiting = {name: needed for name, needed in waiting.items() if name not in ready}


def test_every_variable_is_a_setting() -> None:
    text = "\n".join((ROOT / name).read_text() for name in ("docker-compose.yml", "Dockerfile"))
    named = set(re.findall(rf"\b{PREFIX}([A-Z_]+)", text))
    assert named
    assert named <= {name.upper() for name in Settings.model_fields}


def test_the_settings_are_accepted_and_meet_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in OURS["api"]["environment"].items():
        monkeypatch.setenv(variable, given(value))
    settings = load_settings()

    assert settings.host == "0.0.0.0"
    addresses = {
        "postgres": settings.dsn,
        "redis": settings.redis_dsn,
        "temporal": f"//{settings.temporal_target}",
    }
    addresses |= {"sim-payments": settings.payments_base_url, "sim-carrier": settings.carrier_base_url}
    addresses |= {"api": settings.api_base_url}
    for service, address in addresses.items():
        assert re.search(rf"(//|@){service}:\d+", address), address


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_published_on_loopback_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert port.startswith("127.0.0.1:")


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_by_tag(name: str) -> None:
    repository, _, tag = SERVICES[name]["image"].partition(":")
    assert repository
    assert re.fullmatch(r"\d[\w.]*", tag)


def test_our_image_has_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {service["image"] for service in OURS.values()} == {f"waybill:{version}"}


def test_our_processes_are_not_root_and_share_the_issuers_key() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    for service in OURS.values():
        assert service["user"] != "0"
        assert f"\nUSER {service['user']}\n" in dockerfile
        assert service["environment"]["WAYBILL_DATA_DIR"] in [
            each.partition(":")[2] for each in service["volumes"]
        ]


def test_volumes_are_declared_and_files_are_there() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            found = (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
            assert found, f"{name}: {volume}"


def test_the_image_is_built_from_what_the_wheel_is_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    taken = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert taken == wheel | {"LICENSE", "README.md", "pyproject.toml", "requirements"}


def test_the_image_has_only_hashed_runtime_requirements() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    installs = re.findall(r"(?:pip install|uv build)(?:\\\n|[^&\n])*", dockerfile)
    assert len(installs) == 4
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)
    assert [each for each in installs if "dev.txt" in each] == [each for each in installs if "uv build" in each]


def test_temporal_has_the_settings_of_the_embedded_one() -> None:
    configured = yaml.safe_load((ROOT / "deploy/compose/temporal.yaml").read_text())
    for key, ((value,)) in configured.items():
        assert str(value["value"]) == DYNAMIC_CONFIG[key]


def test_a_worker_for_each_service_is_the_worker_but_for_what_it_serves() -> None:
    split: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "deploy/compose/services.yaml").read_text())[
        "services"
    ]
    assert split["worker"].keys() == {"command"}  # the rest is that of the file it is laid over
    for name, service in split.items():
        assert {**OURS["worker"], **service, "command": None} == {**OURS["worker"], "command": None}, name
        if name != "worker":
            assert service.keys() == OURS["worker"].keys(), name
    assert sorted(service["command"] for service in split.values()) == sorted(
        ["worker", "--service", queue.value] for queue in TaskQueue
    )


@pytest.mark.parametrize(
    "command", [("hadolint", "Dockerfile"), ("yamllint", "--strict", "docker-compose.yml", "deploy")]
)
def test_linters_find_nothing(command: tuple[str, ...]) -> None:
    tool, *arguments = command
    found = subprocess.run([BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize("script", sorted((ROOT / "deploy/compose").glob("*.sh")), ids=lambda path: path.name)
def test_scripts_parse(script: Path) -> None:
    shell = shutil.which("sh")
    assert shell
    subprocess.run([shell, "-n", script], check=True)

"""The image and the compose file: what they copy and start exists, nothing runs as root, nothing listens to the network."""

from __future__ import annotations

import re
import subprocess

import typer.main
from packaging.requirements import Requirement

from cdp_assets import safe_yaml
from cdp_assets.cli import app
from cdp_assets.settings import PROJECT_DIR, Settings

COMPOSE = safe_yaml.read(PROJECT_DIR / "compose.yaml")
DOCKERFILE = (PROJECT_DIR / "Dockerfile").read_text()
WORKFLOW = safe_yaml.read(PROJECT_DIR / ".github" / "workflows" / "ci.yml")


def test_what_the_image_copies_is_there() -> None:
    copied = [
        word for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M) for word in line.split()
    ]
    assert copied
    assert [name for name in copied if not (PROJECT_DIR / name).exists()] == []


def test_what_the_image_installs_is_held_to_every_locked_version() -> None:
    """By the Dockerfile's own line; pip refuses a constraint with an extra."""
    (line,) = re.findall(r"sed -n '.+' requirements\.lock", DOCKERFILE)
    told = subprocess.run(line, shell=True, cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    held = [Requirement(each) for each in told.stdout.splitlines()]
    lock = (PROJECT_DIR / "requirements.lock").read_text()
    locked = set(re.findall(r"^([a-z0-9][\w.-]*)(?:\[[^]]+\])?==", lock, re.M))
    assert {each.name for each in held} == locked
    assert [str(each) for each in held if each.extras or "==" not in str(each.specifier)] == []


def test_the_image_runs_as_a_user_of_its_own_and_keeps_the_home_in_a_volume() -> None:
    last_stage = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
    assert "\nUSER 10001\n" in last_stage and "--uid 10001 onefold" in last_stage
    assert last_stage.index("\nUSER 10001\n") < last_stage.index("\nENTRYPOINT")
    assert 'VOLUME ["/home-of-onefold"]' in last_stage


def test_every_service_starts_a_command_that_exists_on_this_machine_only() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    services = COMPOSE["services"]
    assert {"web", "dagster", "daemon"} <= set(services)
    for service in services.values():
        assert {service["command"][0]} <= commands if "command" in service else True
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
        assert service["cap_drop"] == ["ALL"]


def test_whoever_waits_for_a_page_of_the_containers_waits_until_it_answers() -> None:
    """`compose up --wait` takes a service without a check for ready as soon as its process is there, also one that falls over."""
    for service in COMPOSE["services"].values():
        for port in service.get("ports", []):
            (asked,) = re.findall(r"127\.0\.0\.1:(\d+)/", service["healthcheck"]["test"][-1])
            assert port.endswith(f":{asked}")


def test_every_setting_of_the_containers_exists() -> None:
    text = DOCKERFILE + (PROJECT_DIR / "compose.yaml").read_text()
    assert {name.lower() for name in re.findall(r"\bONEFOLD_([A-Z_]+)", text)} <= set(Settings.model_fields)


def test_the_workflow_calls_the_script_on_every_supported_python() -> None:
    checks = WORKFLOW["jobs"]["checks"]
    assert checks["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert {"run": ".ci/run"} in checks["steps"]

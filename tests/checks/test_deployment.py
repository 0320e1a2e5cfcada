"""What operators copy and type: files under deploy/, the Dockerfile and docs/operations.md name what exists."""

import configparser
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.__main__ import build_parser
from app.core.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
SETTINGS = {name.upper() for name in Settings.model_fields}
# Of the tools around us, not of ours.
_THEIRS = {"POSTGRES_PASSWORD", "CERTIFICATES"}
_COMMAND = re.compile(r"python -m app ([^\n`|&]+)")
_DOCUMENTS = ("docs/operations.md", "README.md", "deploy/compose.yaml")
# In documents these stand for something of the reader's.
_STAND_INS = {"MÃ": "ABC"}


def stages(dockerfile: str) -> list[list[str]]:
    """Instructions of each stage, continued lines joined."""
    lines = [line for line in dockerfile.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    starts = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_special() -> None:
    build, final = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    assert build[0].endswith(" AS build")
    assert any("--require-hashes" in line for line in build)
    assert not [line for line in final if re.search(r"\b(pip|uv|gcc|make)\b", line)], "tools stay behind"
    from_debian = [line for line in final if "apt-get install" in line]
    assert from_debian == [line for line in final if '[ -n "$TOOLS" ]' in line], "only what an operator may leave out"
    verbs = [line.split()[0] for line in final]
    assert verbs.index("USER") > max(place for place, verb in enumerate(verbs) if verb in ("COPY", "RUN"))
    assert final[verbs.index("USER")] == "USER hocso"
    assert "/healthz" in final[verbs.index("HEALTHCHECK")]
    assert "DEMO=0" in " ".join(final)
    for line in final:
        if line.startswith("COPY ") and "--from" not in line:
            assert (ROOT / line.split()[1]).exists(), line
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "var", "media", "tests"} <= set(ignored), "no data and no history in the image"
    # The health check is the exec form: JSON, with the program first.
    check = yaml.safe_load(final[verbs.index("HEALTHCHECK")].partition(" CMD ")[2])
    compile(check[2], "HEALTHCHECK", "exec")


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return found


def test_the_compose_file_has_all_it_takes_and_names_what_exists(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services.keys() >= {"database", "objects", "prepare", "server-1", "server-2", "worker", "nginx"}
    for name in ("prepare", "server-1", "server-2", "worker"):
        service = services[name]
        build_parser().parse_args(service["command"])
        assert service["environment"].keys() <= SETTINGS
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= services.keys(), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).is_file(), volume
            elif not source.startswith("$"):
                assert source in compose["volumes"], volume
    assert Settings(trusted_proxies=services["server-1"]["environment"]["TRUSTED_PROXIES"])  # type: ignore[call-arg]


def test_servers_of_the_compose_file_are_those_nginx_asks(compose: dict[str, Any]) -> None:
    asked = re.findall(r"server ([\w-]+):8000", (DEPLOY / "nginx" / "upstream-compose.conf").read_text())
    assert asked == [name for name in compose["services"] if name.startswith("server-")]


def test_the_example_of_settings_names_settings() -> None:
    text = (DEPLOY / "hocso.env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#?([A-Z0-9_]+)=", text, re.MULTILINE))
    assert named - _THEIRS <= SETTINGS
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{([A-Z0-9_]+)", compose)) <= named, "whatever compose asks for stands in the example"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_a_command_that_exists_and_stays_in_its_place(path: Path) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    service = unit["Service"]
    commands = re.findall(r"ExecStart=.*-m app ([^\n']+)", path.read_text(encoding="utf-8"))
    assert commands
    for command in commands:
        build_parser().parse_args(shlex.split(command))
    assert service["User"] == "hocso"
    assert service["ProtectSystem"] == "strict"
    assert service["EnvironmentFile"] == "/etc/hocso/hocso.env"
    for assignment in service["Environment"].split():
        assert assignment.partition("=")[0] in SETTINGS


def test_nginx_takes_what_the_server_takes() -> None:
    text = (DEPLOY / "nginx" / "hocso.conf").read_text(encoding="utf-8")
    allowed = [int(size) for size in re.findall(r"client_max_body_size (\d+)m;", text)]
    limits = [Settings.model_fields[name].default for name in ("upload_limit_mb", "resumable_limit_mb")]
    assert all(size > limit for size, limit in zip(allowed, limits, strict=True))
    assert text.count("proxy_set_header X-Forwarded-For $visitor;") == 1, "never what a visitor claims"
    assert re.findall(r'"(.*remote_addr.*)"', text) == ["[$remote_addr]:$remote_port", "$remote_addr:$remote_port"]


def can_be_typed(words: list[str]) -> bool:
    try:
        build_parser().parse_args(words)
    except SystemExit as answer:
        # `--help` ends well.
        return not answer.code
    return True


@pytest.mark.parametrize("document", _DOCUMENTS)
def test_commands_that_a_document_shows_can_be_typed(document: str) -> None:
    shown = _COMMAND.findall((ROOT / document).read_text(encoding="utf-8"))
    for line in shown:
        words = [_STAND_INS.get(word, word) for word in shlex.split(line.split(" #")[0].rstrip(").,"), comments=False)]
        assert can_be_typed(words), f"{document}: python -m app {line}"
    assert shown or document == "deploy/compose.yaml"


def test_settings_that_the_operations_guide_names_exist() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][A-Z0-9]*_[A-Z0-9_]+|[A-Z]{4,})(?:=[^`]*)?`", text))
    assert named
    assert named <= SETTINGS

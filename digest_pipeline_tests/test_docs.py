"""The README is executed: its commands run, its outputs are those that come out.

`DIGEST_UPDATE_DOCS=1 pytest digest_pipeline_tests/test_docs.py` writes what comes out into the README.
The repository that the README adds is replaced by a small one with the same name, beside the settings.
"""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from digest_pipeline.cli import main
from digest_pipeline.settings import Section, Settings, read_settings
from digest_pipeline_tests.gitrepo import GitRepo
from digest_pipeline_tests.projects import three_days

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
REMOTE = "https://github.com/pallets/click.git"
UPDATE = bool(os.environ.get("DIGEST_UPDATE_DOCS"))


@dataclasses.dataclass
class Step:
    """One command of the README and what stands under it."""

    command: str
    output: str


def steps_of(text: str) -> list[list[Step]]:
    """The commands of each `console` block."""
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [
        [Step(*part.split("\n", 1)) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
        for block in blocks
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a clone of the project has, with a history of its own, and the README's repository beside it."""
    monkeypatch.delenv("DIGEST_SETTINGS", raising=False)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    home = tmp_path / "project"
    home.mkdir()
    (home / "digest.toml").write_text((ROOT / "digest.toml").read_text().replace('"zh"', '"en"'))
    GitRepo(home / ".git").commit("2026-02-16T09:00:00+08:00", "Begin", {"a": "1\n"})
    three_days(GitRepo(tmp_path / "pallets" / "click.git"))
    monkeypatch.chdir(home)
    return home


def test_every_command_of_the_readme_gives_what_stands_there(folder: Path) -> None:
    text = README.read_text(encoding="utf-8")
    for block in steps_of(text):
        said = ""
        for step in block:
            arguments = shlex.split(
                step.command.replace(REMOTE, str(folder.parent / "pallets" / "click.git"))
            )
            assert arguments[0] == "digest"
            result = CliRunner().invoke(main, arguments[1:])
            assert result.exit_code == 0, result.output
            said += f"$ {step.command}\n{result.stdout}"
        shown = "".join(f"$ {step.command}\n{step.output}" for step in block)
        if UPDATE:
            text = text.replace(shown, said)
            README.write_text(text, encoding="utf-8")
        else:
            assert shown == said


def test_the_excerpt_is_the_beginning_of_the_page_that_it_links_to() -> None:
    text = README.read_text(encoding="utf-8")
    link, excerpt = re.findall(
        r"\[page\]\((\S+)\).*?^```markdown\n(.*?)^```$", text, re.DOTALL | re.MULTILINE
    )[0]
    page = (ROOT / link).read_text(encoding="utf-8")
    if UPDATE:
        excerpt = page.partition("\n### 📋")[0]
        README.write_text(
            re.sub(
                r"(?<=^```markdown\n).*?(?=^```$)",
                lambda _: excerpt,
                text,
                count=1,
                flags=re.DOTALL | re.MULTILINE,
            ),
            encoding="utf-8",
        )
    assert page.startswith(excerpt)
    assert len(excerpt.splitlines()) > 10


def test_every_command_is_in_the_readme_and_has_help() -> None:
    text = README.read_text(encoding="utf-8")
    for name, command in main.commands.items():
        assert f"digest {name}" in text or f"make {name}" in text, name
        assert command.help
        for parameter in command.params:
            assert isinstance(parameter, click.Argument) or parameter.help, (name, parameter.name)


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in (README, ROOT / "CONTRIBUTING.md"):
        assert set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text(), re.MULTILINE)) <= targets


def test_the_map_names_every_module_once() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line for line in text[text.index("## Where things are") :].splitlines() if line.startswith("| ")]
    package = ROOT / "digest_pipeline"
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(p.stem for p in package.rglob("[!_]*.py"))
    for row in rows:
        for folder, behind in re.findall(r"`(\w+)/`: (.*?) \|", row):
            assert set(re.findall(r"`(\w+)`", behind)) == {
                p.stem for p in (package / folder).glob("[!_]*.py")
            }


def test_every_link_to_a_file_leads_somewhere() -> None:
    for document in [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        prose = re.sub(
            r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
        )
        for target in re.findall(r"\]\(([^)#\s]+)", prose):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def keys_of(section: type[Section]) -> set[str]:
    return {name for name, field in section.model_fields.items() if not field.exclude}


def test_the_reference_has_every_key_and_no_other() -> None:
    text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    tables = {"repositories", "analysis", "importance", "report"}
    sections = [sub for sub in Section.__subclasses__() if sub.__name__ != "ModelPerTier"]
    assert documented == set().union(*map(keys_of, sections)) - tables
    assert keys_of(Settings) >= tables
    assert set(re.findall(r"^## `\[+(\w+)\]+`", text, re.MULTILINE)) == tables


def test_the_shipped_settings_read_without_a_mistake() -> None:
    assert read_settings(ROOT / "digest.toml").analysis.model == "rules"

"""Which module may open which door. A new row here is a decision, not a formality."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "digest_pipeline"
MODULES = sorted(PACKAGE.rglob("*.py"))

DOORS = {
    "pygit2": {"clones", "objects", "transfer"},
    "duckdb": {"warehouse"},
    "pandas": {"store"},
    "sqlite3": {"answers"},
    "litellm": {"llm"},
    "openai": {"llm"},
    "httpx": {"llm", "wire"},
    "detect_secrets": {"redaction"},
    "jinja2": {"reports", "prompts"},
    "apprise": {"notices"},
    "dagster": {
        "assets",
        "checks",
        "daily",
        "definitions",
        "launch",
        "recording",
        "records",
        "resources",
        "runs",
        "schedules",
        "serve",
        "shown",
        "underway",
        "watching",
    },
    "tree_sitter": {"syntax"},
    "pydantic": {"settings", "validation", "replies"},
    "cronsim": {"shown", "validation"},
    "tomlkit": {"adding"},
    "click": {"cli"},
    "rich": {"running"},
    "sqlalchemy": {"records"},
}
"""Third-party library: the modules that may import it."""

LAYERS = {
    "git": {"models"},
    "rules": {"models"},
    "storage": {"models", "lockfile"},
    "model": {"models", "answers", "llm"},
    "page": {"models", "units", "files", "analyses", "reports", "model"},
}
"""Folder behind a station: what else of ours its modules may import when they run."""

HEAVY = {"pygit2", "duckdb", "pandas", "litellm", "jinja2", "tree_sitter", "numpy", "httpx", "apprise"}
"""Libraries that loading the definitions must not import: every Dagster process would pay for them."""

LONGEST_FILE, LONGEST_FUNCTION = 250, 60
"""Lines of code of a file, docstrings and blank lines not counted; lines of a function, all counted."""


def trees_of(module: Path) -> list[ast.AST]:
    """The syntax of a module without what only a type checker reads."""
    kept: list[ast.AST] = []
    queue: list[ast.AST] = [ast.parse(module.read_text(encoding="utf-8"))]
    while queue:
        node = queue.pop()
        kept.append(node)
        guarded = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        queue += node.orelse if isinstance(node, ast.If) and guarded else ast.iter_child_nodes(node)
    return kept


def imports_of(module: Path) -> set[str]:
    """The top-level names of all libraries that a module imports anywhere when it runs."""
    names: set[str] = set()
    for node in trees_of(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def lines_of_code(module: Path) -> int:
    """The lines that are neither blank nor part of a docstring."""
    text = module.read_text(encoding="utf-8")
    documented = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return sum(
        bool(line.strip()) and n not in documented for n, line in enumerate(text.splitlines(), start=1)
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.stem)
def test_a_module_opens_only_its_own_doors(module: Path) -> None:
    foreign = imports_of(module) - set(sys.stdlib_module_names) - {"digest_pipeline"}
    assert foreign - set(DOORS) == set(), "a library without a row in the table"
    assert {name for name in foreign if module.stem not in DOORS[name]} == set()
    assert "sqlite3" not in imports_of(module) or module.stem in DOORS["sqlite3"]


def test_the_table_has_no_row_for_what_nobody_imports() -> None:
    used = {(name, module.stem) for module in MODULES for name in imports_of(module)}
    assert {(name, stem) for name, stems in DOORS.items() for stem in stems} <= used


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m.stem)
def test_a_module_says_what_lives_in_it_and_stays_small(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert lines_of_code(module) <= LONGEST_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


@pytest.mark.parametrize("folder", LAYERS)
def test_a_folder_knows_only_what_lies_below_it(folder: str) -> None:
    known = {
        node.module.split(".")[1] if "." in node.module else alias.name
        for module in (PACKAGE / folder).glob("*.py")
        for node in trees_of(module)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("digest_pipeline")
        for alias in node.names
    }
    assert known - {folder} == LAYERS[folder]


def test_models_import_nothing_of_ours() -> None:
    assert "digest_pipeline" not in imports_of(PACKAGE / "models.py")


def test_definitions_load_without_anything_heavy() -> None:
    code = "import sys, digest_pipeline.definitions; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    assert {name.partition(".")[0] for name in loaded.stdout.split()} & HEAVY == set()

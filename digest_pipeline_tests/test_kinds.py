"""The kind of a file by its path and its marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.git.kinds import file_kind
from digest_pipeline.models import FileKind

CASES = {
    FileKind.SOURCE: (
        "src/click/testing.py",
        "csrc/attention/decode.cuh",
        "pkg/server/handler.go",
        "src/main/java/org/x/Contest.java",
        "crates/uv-python/python/packaging/tags.py",
        "crates/uv/scripts/release",
        "tools/cli/main.cpp",
        "templates/page.html",
        "bin/reth-bench/src/bench/context.rs",
        "cli/tools/test/mod.rs",
        "crates/uv/src/commands/test.rs",
    ),
    FileKind.TEST: (
        "tests/unit/type/zset.tcl",
        "db_stress_tool/db_stress_gflags.cc",
        "tools/db_crashtest.py",
        "ktor-test-suites/jvm/src/Suite.kt",
        "pkg/server/handler_test.go",
        "web/src/App.test.tsx",
        "lib/user.spec.ts",
        "src/test/java/org/x/AppTest.java",
        "okio/src/commonTest/kotlin/okio/Paths.kt",
        "python/sglang/test/runners.py",
        "benchmarks/bench_moe.py",
        "crates/ty/resources/mdtest/call.md",
        "digest_pipeline_tests/conftest.py",
        "crates/x/src/snapshots/a.snap",
        "qa/L0_jax_unittest/test.sh",
        "src/commands/tests/mod.rs",
        "cli/tools/test/mod_test.rs",
        "tools/test/run.py",
    ),
    FileKind.DOCS: (
        "README.md",
        "docs/api-spec.md",
        "docs/conf.py",
        "examples/imagepipe/imagepipe.py",
        "LICENSE-APACHE",
        "tests/README.md",
        ".github/ISSUE_TEMPLATE/bug_report.yml",
        "CHANGES.rst",
        "mkdocs.yml",
        ".claude/skills/review/SKILL.md",
        ".cursor/rules/style.mdc",
    ),
    FileKind.CI: (
        ".github/workflows/lock.yaml",
        "ci/scripts/setup.sh",
        ".gitlab-ci.yml",
        "Jenkinsfile",
        ".pre-commit-config.yaml",
        "scripts/ci/install.sh",
    ),
    FileKind.CONFIG: (
        "redis.conf",
        ".gitignore",
        "config/app.yaml",
        "web/tsconfig.build.json",
        ".claude/hooks/check.sh",
        ".vscode/launch.json",
    ),
    FileKind.BUILD: (
        "pyproject.toml",
        "crates/a/Cargo.toml",
        "Dockerfile.gpu",
        "docker/entry.sh",
        "requirements-dev.txt",
        "src/CMakeLists.txt",
        "build.gradle.kts",
        "go.mod",
        "scripts/release",
        "magefile.go",
        "hack/update.sh",
        "build-xcframework.sh",
    ),
    FileKind.GENERATED: ("api/v1/service.pb.go", "proto/x_pb2.py", "static/app.min.js"),
    FileKind.VENDORED: ("deps/lua/src/lapi.c", "third_party/cutlass", "a/node_modules/b/index.js"),
    FileKind.LOCK: ("uv.lock", "web/package-lock.json", "go.sum", "pnpm-lock.yaml", "a/Gemfile.lock"),
    FileKind.DATA: ("src/commands/config-get.json", "assets/logo.svg", "data/table.csv", "x.unknown"),
}


@pytest.mark.parametrize(("kind", "path"), [(k, p) for k, paths in CASES.items() for p in paths])
def test_path_decides_the_kind(kind: FileKind, path: str) -> None:
    assert file_kind(path) is kind


def test_linguist_marks_go_before_the_path() -> None:
    assert file_kind("src/a.py", generated=True) is FileKind.GENERATED
    assert file_kind("src/a.py", vendored=True) is FileKind.VENDORED
    assert file_kind("src/a.py", documentation=True) is FileKind.DOCS
    assert file_kind("uv.lock", vendored=True) is FileKind.LOCK


@given(st.text(max_size=300), st.booleans(), st.booleans(), st.booleans())
def test_any_text_has_one_kind(path: str, generated: bool, vendored: bool, documentation: bool) -> None:  # noqa: FBT001 - hypothesis calls it
    kinds = {
        file_kind(path, generated=generated, vendored=vendored, documentation=documentation) for _ in range(2)
    }
    assert len(kinds) == 1

"""What a user chooses: `digest.toml` as frozen, typed values; every mistake is one line.

Reading and checking happen here. Nothing here opens a repository, a database or the network.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from digest_pipeline import validation
from digest_pipeline.models import Repository, SettingsError
from digest_pipeline.triage import WEIGHT_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

DEFAULT_FILE = "digest.toml"


EnvironmentName = Annotated[str, AfterValidator(validation.environment_name)]
Positive = Annotated[int, Field(gt=0)]


class Section(BaseModel):
    """One table of the settings: closed, and never changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RepositorySection(Section):
    """`[[repositories]]`."""

    name: Annotated[str, AfterValidator(validation.name)]
    url: Annotated[str, AfterValidator(validation.url)]
    branch: Annotated[str, AfterValidator(validation.branch)] | None = None
    token_env: EnvironmentName | None = None
    exclude: tuple[str, ...] = ()
    areas: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    commit_url: Annotated[str, validation.link_pattern("sha")] | None = None
    pr_url: Annotated[str, validation.link_pattern("number")] | None = None


class ModelPerTier(Section):
    """`models` of `[analysis]`: another model for a tier."""

    high: str | None = None
    medium: str | None = None
    low: str | None = None


class AnalysisSection(Section):
    """`[analysis]`: who writes the analyses, and what that may cost."""

    model: Annotated[str, Field(min_length=1)] = "rules"
    models: ModelPerTier = ModelPerTier()
    fallbacks: tuple[str, ...] = ()
    api_base: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    api_key_env: EnvironmentName | None = None
    max_concurrency: Annotated[int, Field(ge=1, le=256)] = 16
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 120
    max_cost_usd_per_run: Annotated[float, Field(ge=0)] | None = None
    max_cost_usd_per_day: Annotated[float, Field(ge=0)] | None = 5.0
    max_tokens_per_day: Positive | None = None
    prompts: Path | None = None


class ReportSection(Section):
    """`[report]`: how a page looks."""

    template: Annotated[str, Field(min_length=1)] = "digest"


class Settings(Section):
    """All settings, with absolute paths."""

    timezone: Annotated[str, AfterValidator(validation.zone)]
    start_date: Annotated[dt.date, BeforeValidator(validation.date)]
    language: Literal["zh", "en"] = "zh"
    schedule: Annotated[str, AfterValidator(validation.cron)] = "0 2 * * *"
    lookback_days: Annotated[int, Field(ge=1, le=366)] = 14
    day_by: Literal["landed", "committed"] = "landed"
    data_dir: Path = Path("data")
    reports_dir: Path = Path("reports")
    warehouse: Annotated[Path, BeforeValidator(validation.warehouse)] | None = None
    notify: Literal["failures", "daily"] = "failures"
    ui_url: Annotated[str, Field(pattern=r"^https?://[^\s/@]+(/\S*[^\s/])?$")] | None = None
    keep_runs_days: Annotated[int, Field(ge=1, le=3660)] = 30
    repositories: tuple[RepositorySection, ...] = Field(min_length=1)
    analysis: AnalysisSection = AnalysisSection()
    importance: dict[str, float] = Field(default_factory=dict)
    report: ReportSection = ReportSection()

    file: Path = Field(exclude=True)
    """The file that was read; messages and relative paths refer to it."""

    @property
    def pipeline_dir(self) -> Path:
        """What belongs to the pipeline alone: clones, warehouse, answers, Dagster's instance."""
        return self.data_dir / "pipeline"

    @property
    def warehouse_path(self) -> Path:
        """The pipeline's own DuckDB file."""
        return self.warehouse or self.pipeline_dir / "warehouse.duckdb"

    @property
    def published_path(self) -> Path:
        """The read-only copy for people."""
        return self.data_dir / "digest.duckdb"

    def repository_values(self) -> tuple[Repository, ...]:
        """The repositories in the order of the file, local paths absolute."""
        return tuple(
            Repository(
                name=r.name,
                url=str((self.file.parent / Path(r.url).expanduser()).resolve())
                if is_local(r.url)
                else r.url,
                branch=r.branch,
                token_env=r.token_env,
                exclude=r.exclude,
                areas=tuple(r.areas.items()),
                commit_url=r.commit_url,
                pr_url=r.pr_url,
            )
            for r in self.repositories
        )


def is_local(url: str) -> bool:
    """Whether an address is a path of this machine (git reads `user@host:path` as another)."""
    return "://" not in url and not re.match(r"[\w.-]+@[\w.-]+:", url)


def settings_file(explicit: str | Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """Which file holds the settings: the given one, `DIGEST_SETTINGS`, or `digest.toml` here."""
    return Path(explicit or environ.get("DIGEST_SETTINGS") or DEFAULT_FILE).expanduser().resolve()


def read_settings(file: Path) -> Settings:
    """Read and check a settings file.

    Raises SettingsError with one line for each mistake: file, key, value, what is allowed.
    """
    return parse_settings(text_of_settings(file), file)


def text_of_settings(file: Path) -> str:
    """The text of a settings file, not checked yet. Raises SettingsError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(
            f"{file}: no such file; make one like the README's, or name another one "
            "with --settings or DIGEST_SETTINGS"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from None


def parse_settings(text: str, file: Path) -> Settings:
    """Check the text of a settings file that is, or will be, at `file`. Raises SettingsError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file.name}: not TOML: {error}") from None
    if "file" in table:
        raise SettingsError(f"{file.name}: file = {table['file']!r}: no such key; allowed: {_keys(Settings)}")
    try:
        settings = Settings.model_validate({**table, "file": file})
    except ValidationError as error:
        lines = [_line(file.name, details) for details in error.errors()]
        raise SettingsError("\n".join(dict.fromkeys(lines))) from None
    _check_names(settings)
    _check_weights(settings)
    return _with_absolute_paths(settings)


def _check_names(settings: Settings) -> None:
    seen: dict[str, int] = {}
    for number, repository in enumerate(settings.repository_values()):
        key = repository.slug.casefold()
        if key in seen:
            raise SettingsError(
                f"{settings.file.name}: repositories[{number}].name = {repository.name!r}: the same as "
                f"repositories[{seen[key]}] ({settings.repositories[seen[key]].name!r}); "
                "allowed: names that differ in letters and digits"
            )
        seen[key] = number


def _check_weights(settings: Settings) -> None:
    for name, value in settings.importance.items():
        if name not in WEIGHT_NAMES:
            raise SettingsError(
                f"{settings.file.name}: importance.{name} = {value!r}: no such key; "
                f"allowed: {', '.join(sorted(WEIGHT_NAMES))}"
            )


def _with_absolute_paths(settings: Settings) -> Settings:
    base = settings.file.parent
    template = settings.report.template
    report = settings.report
    if template not in ("digest", "classic"):
        path = (base / Path(template).expanduser()).resolve()
        if not path.is_file():
            raise SettingsError(
                f"{settings.file.name}: report.template = {template!r}: no such file; "
                "allowed: digest, classic, or a template's path"
            )
        report = ReportSection(template=str(path))
    resolved = {
        name: (base / value.expanduser()).resolve()
        for name in ("data_dir", "reports_dir", "warehouse")
        if (value := getattr(settings, name)) is not None
    }
    analysis = settings.analysis
    if analysis.prompts is not None:
        prompts = (base / analysis.prompts.expanduser()).resolve()
        if not prompts.is_dir():
            raise SettingsError(
                f"{settings.file.name}: analysis.prompts = {str(analysis.prompts)!r}: no such folder; "
                "allowed: a folder of templates"
            )
        from digest_pipeline.model.prompts import check_prompts  # noqa: PLC0415 - only where there are some

        check_prompts(prompts, settings.language)
        analysis = analysis.model_copy(update={"prompts": prompts})
    return settings.model_copy(update={**resolved, "report": report, "analysis": analysis})


def _keys(section: type[BaseModel]) -> str:
    return ", ".join(name for name, field in section.model_fields.items() if not field.exclude)


def _section_at(location: tuple[int | str, ...]) -> type[BaseModel] | None:
    section: Any = Settings
    for part in location:
        if isinstance(part, int):
            continue
        field = section.model_fields.get(part) if section is not None else None
        annotation = field.annotation if field else None
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        section = next((c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None)
    return section


def _line(file: str, details: ErrorDetails) -> str:
    """One mistake as one line: file, key, value, what is allowed."""
    location = details["loc"]
    key = ""
    for part in location:
        key += f"[{part}]" if isinstance(part, int) else f".{part}" if key else str(part)
    kind, value = details["type"], details["input"]
    if kind == "missing":
        return f"{file}: {key}: missing; it has no default"
    shown = (
        ""
        if isinstance(value, dict | BaseModel)
        else f" = {value!r}"
        if not _is_secret(value)
        else " = (hidden)"
    )
    if kind == "extra_forbidden":
        section = _section_at(location[:-1])
        allowed = f"; allowed: {_keys(section)}" if section else ""
        return f"{file}: {key}{shown}: no such key{allowed}"
    message = details["msg"].removeprefix("Value error, ")
    message = message if "allowed" in message else f"{message[:1].lower()}{message[1:]}"
    return f"{file}: {key}{shown}: {message}".replace("\n", " ")


def _is_secret(value: object) -> bool:
    """Whether a wrong value may hold a password or be a token, which no message shows."""
    return isinstance(value, str) and bool(
        re.match(r"\w+://[^/@]*@", value) or re.match(validation.BEGINNINGS_OF_KEYS, value)
    )

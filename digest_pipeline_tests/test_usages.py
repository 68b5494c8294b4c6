"""Environment variables, options and endpoints as programs of many languages and libraries write them."""

from __future__ import annotations

import pytest

from digest_pipeline.rules.hunks import changed_lines
from digest_pipeline.rules.usages import usages

WAYS: dict[str, tuple[str, str, str]] = {
    "argparse": ("option", "--new-one", 'parser.add_argument("-n", "--new-one", type=int)'),
    "argparse over lines": (
        "option",
        "--new-one",
        'parser.add_argument(\n    "--new-one",\n    type=int,\n)',
    ),
    "click": (
        "option",
        "--new-one",
        '@click.option("--new-one/--no-new-one", "-n")'.replace("/--no-new-one", ""),
    ),
    "click over lines": ("option", "--new-one", '@click.option(\n    "-n",\n    "--new-one",\n)'),
    "optparse of ruby": ("option", "--new-one", 'opts.on("-n", "--new-one", "Say it")'),
    "clap by attribute": ("option", "--new-one", "#[arg(long, short)]\npub new_one: Option<u32>,"),
    "clap over lines": ("option", "--new-one", "#[arg(\n    long,\n    value_enum\n)]\npub new_one: bool,"),
    "clap by name": ("option", "--new-one", '#[arg(long = "new-one")]'),
    "clap with dots": ("option", "--http.compression", '#[arg(long = "http.compression")]'),
    "clap builder": ("option", "--new-one", 'Arg::new("x").long("new-one")'),
    "cobra": ("option", "--new-one", 'cmd.PersistentFlags().StringVarP(&opts.x, "new-one", "n", "", "Say")'),
    "pflag": ("option", "--new-one", 'flags.Bool("new-one", false, "Say it")'),
    "flag of go": ("option", "--new-one", 'var x = flag.String("new-one", "", "Say it")'),
    "gflags": ("option", "--new_one", 'DEFINE_string(new_one, "", "Say it");'),
    "getopt": ("option", "--new-one", '    {"new-one", required_argument, nullptr, 1},'),
    "strcmp": ("option", "--new-one", '} else if (!strcmp(argv[i],"--new-one")) {'),
    "commander": ("option", "--new-one", ".option('-n, --new-one <host>', `say it`)"),
    "cac": ("option", "--new-one", ".option('--new-one [host]', `[string] say it`)"),
    "picocli": ("option", "--new-one", '@Option(names = {"-n", "--new-one"})'),
    "clikt": ("option", "--new-one", 'val x by option("--new-one").int()'),
    "shell case": ("option", "--new-one", "    -n|--new-one)"),
    "os.environ": ("env", "NEW_ONE", 'os.environ["NEW_ONE"]'),
    "os.getenv": ("env", "NEW_ONE", 'os.getenv(\n    "NEW_ONE", "1"\n)'),
    "c": ("env", "NEW_ONE", 'const char* x = std::getenv("NEW_ONE");'),
    "rust": ("env", "NEW_ONE", 'std::env::var_os("NEW_ONE")'),
    "rust at build": ("env", "NEW_ONE", 'option_env!("NEW_ONE")'),
    "rust constant": ("env", "NEW_ONE", 'pub const NEW_ONE: &\'static str = "NEW_ONE";'),
    "go": ("env", "NEW_ONE", 'os.LookupEnv("NEW_ONE")'),
    "java": ("env", "NEW_ONE", 'System.getenv("NEW_ONE")'),
    "node": ("env", "NEW_ONE", "process.env.NEW_ONE"),
    "vite": ("env", "NEW_ONE", "import.meta.env.NEW_ONE"),
    "ruby": ("env", "NEW_ONE", 'ENV.fetch("NEW_ONE", nil)'),
    "shell": ("env", "NEW_ONE", 'x="${NEW_ONE:-1}"'),
    "fastapi": ("endpoint", "/new/{id}", '@router.post("/new/{id}")'),
    "flask": ("endpoint", "/new/<id>", '@bp.route("/new/<id>", methods=["GET"])'),
    "aiohttp": ("endpoint", "/new", 'app.router.add_get("/new", handler)'),
    "express": ("endpoint", "/new/:id", "app.use('/new/:id', handler)"),
    "axum": ("endpoint", "/new", '.route(\n    "/new",\n    get(handler),\n)'),
    "axum nest": ("endpoint", "/new", '.nest("/new", api())'),
    "net/http": ("endpoint", "/new", 'mux.HandleFunc("GET /new", handler)'),
    "chi": ("endpoint", "/new", 'r.Get("/new", handler)'),
    "gin": ("endpoint", "/new", 'router.GET("/new", handler)'),
    "cinatra": ("endpoint", "/new", 'server.set_http_handler<GET, POST>("/new", h);'),
    "spring": ("endpoint", "/new", '@GetMapping("/new")'),
    "ktor": ("endpoint", "/new", '    get("/new") {'),
    "sinatra": ("endpoint", "/new", "get '/new' do"),
}


def found(patch: str, old: bytes | None = None) -> list[tuple[str, str, bool]]:
    return [(u.kind, u.name, u.is_added) for u in usages(changed_lines(patch), old, None)]


def patch_of(text: str, mark: str) -> str:
    return "@@ -1 +1 @@\n" + "".join(f"{mark}{line}\n" for line in text.split("\n"))


@pytest.mark.parametrize("way", WAYS)
def test_what_comes_and_goes_is_named(way: str) -> None:
    kind, name, text = WAYS[way]
    assert found(patch_of(text, "+")) == [(kind, name, True)]
    assert found(patch_of(text, "-")) == [(kind, name, False)]


def test_what_stands_on_both_sides_or_elsewhere_in_the_file_is_neither_new_nor_gone() -> None:
    text = WAYS["argparse"][2]
    assert found(patch_of(text, "-") + patch_of(text, "+")[12:]) == []
    assert found(patch_of(text, "+"), old=b'seen = "--new-one"\n') == []
    assert found(patch_of(text, "+"), old=b'seen = "--new-one-more"\n') == [("option", "--new-one", True)]


@pytest.mark.parametrize(
    "text",
    [
        "# see os.getenv('NEW_ONE')",
        "x = '/new'",
        'os.environ["NEW_ONE"] = "1"',
        "long = 3",
        "a = b --c",
        "    pub x: u32,",
        'const NEW_ONE: &\'static str = "x";',
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert found(patch_of(text, "+")) == []

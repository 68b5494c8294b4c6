"""What of an English subject is understood and told in Chinese, and what is left to the facts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_pipeline.rules.chinese import in_chinese

UNDERSTOOD = {
    "Add platform support": "支持平台",
    "Fix memory leak in redis-cli when it reconnects": "修复 redis-cli 中的内存泄漏",
    "Add `input` to `server.fs.allow`": "在 server.fs.allow 中新增 input",
    "Add support for MXFP4 for SM90": "让 SM90 支持 MXFP4",
    "support FP8 KV NoPE MLA on SM90": "在 SM90 上支持 FP8 KV NoPE MLA",
    "Replace hardcoded CUDA paths with CUDAToolkit": "用 CUDAToolkit 替换硬编码的 CUDA 路径",
    "Remove stale `Node 20` warnings from CI": "从 CI 移除过期的 Node 20 警告",
    "Move tests to `tests/unit`": "将测试移至 tests/unit",
    "rename `server.hmr` options to `server.ws` options": "将 server.hmr 选项更名为 server.ws 选项",
    "Update to tokio-tungstenite 0.28": "更新到 tokio-tungstenite 0.28",
    "Improve performance of `GenerateSchema`": "改进 GenerateSchema 的性能",
    "Fix duplicated words in comments": "修复注释中重复的单词",
    "Fix typos in docs": "修复文档中的笔误",
    "Remove unused code": "移除未使用的代码",
    "Fix a bunch of typos": "修复笔误",
    "Fix SPOP propagation": "修复 SPOP 传播",
    "Add MXFP4 Support": "支持 MXFP4",
    "Improved Long-Double Number Format": "改进 Long-Double 数字格式",
    "Fix Router in docs": "修复文档中的 Router",
    "Add Blackwell Router GEMM": "新增 Blackwell Router GEMM",
    "Fix application of other constraints in the pipeline": "修复流水线中其他约束的应用",
    "Fix crash when loading `config.toml`": "修复加载 config.toml 时的崩溃",
    "Fix panic in X.run() when Y is empty": "修复 Y 为空时 X.run() 中的 panic",
    "Skip config check when `warn` is not set": "warn 未设置时跳过配置检查",
    "Fix crash with empty input": "修复使用空输入时的崩溃",
    "Fix panic on invalid byte range": "修复遇到无效的字节范围时的 panic",
    "Fix panic on Windows": "修复 Windows 上的 panic",
    "Use HTTP/2 instead of HTTP/1.1 for downloads": "改用 HTTP/2，不再使用 HTTP/1.1",
    "Remove old parser in favor of tree-sitter": "移除旧的解析器，改用 tree-sitter",
    "Reuse buffers to reduce latency": "复用缓冲区，以减少延迟",
    "Reduce latency by caching the results": "通过缓存结果减少延迟",
    "Fix parsing `a.b`": "修复 a.b 的解析",
    "Avoid reading the config in `main()`": "避免读取 main() 中的配置",
    "Allow users to disable the cache": "允许用户停用缓存",
    "Make timeout configurable": "使超时可配置",
    "Make template lookup case-insensitive": "使模板查找不区分大小写",
    "Don't send the API key": "不再发送 API 密钥",
    "Enable HTTP/2 by default": "默认启用 HTTP/2",
    "Migrate from npm to pnpm": "从 npm 迁移到 pnpm",
    "Switch default port from 80 to 8080": "将默认端口由 80 改为 8080",
    "Fix typos and update docs": "修复笔误，并更新文档",
    "Resolve conflicts in lockfile": "修复锁文件中的冲突",
    "Resolve review comments": "修复评审意见",
    "Document the `--all` flag": "为 --all 标志补充文档",
    "Update 7 dependencies": "更新 7 个依赖",
    "Prevent stack overflow when all that nobody knows is gone": "防止栈溢出",
    "Add an example model: wan": "新增示例模型",
    "Add FP8 support (SM107), together with what nobody knows": "支持 FP8",
    "Speed up `v8` reports": "加快 v8 报告",
    "Fix crash in async IO threads with TLS sockets of nobody": "修复异步 IO 线程中的崩溃",
    "Fix clippy warnings from what nobody knows": "修复 Clippy 警告",
    "Deprecate macOS 11 build target": "弃用 macOS 11 构建目标",
    "Fix signature help at end of file": "修复文件末尾处的签名帮助",
    "Move notes to main": "将说明移至 main",
    "Improve startup time + refactor parser": "改进启动时间，并重构解析器",
    "Delete A, B and C": "移除 A、B 和 C",
    "Fix mismatch between client and server": "修复客户端和服务器之间的不匹配",
    "Handle connection errors gracefully": "妥善处理连接错误",
    "Use default timeout in tests": "在测试中改用默认超时",
    "Fix overflow in webp decoder": "修复 webp 解码器中的溢出",
    "Remove slots from the pager": "从分页器移除槽",
    "Remove tailwindcss": "移除 tailwindcss",
    "Add idea to .gitignore": "为 .gitignore 新增 idea",
    "Don't panic on invalid tags": "遇到无效的标签时不再 panic",
    "Don't fail when the queue is empty": "队列为空时不再失败",
    "Wait for the health check": "等待健康检查",
    "Get rid of old aliases": "移除旧的别名",
    "Avoid loading `a` when parsing": "解析时避免加载 a",
    "Use curl for better error messages": "改用 curl",
    "Reuse buffers if possible": "尽可能复用缓冲区",
    "Compute hashes on demand": "按需计算哈希",
    "Keep the cache within 64 KiB": "将缓存保持在 64 KiB 以内",
    "Better error messages for capabilities": "改进能力的错误信息",
    "Better document `BaseModel`": "为 BaseModel 补充文档",
    "More tests for the scheduler": "为调度器新增测试",
    "Initial support for Windows": "支持 Windows",
    "Print the path on error": "在错误时打印路径",
    "Limit the batch size at 100": "将批大小限制为 100",
    "Reject invalid keys in user input": "拒绝用户输入中无效的键",
    "Fix overflow of account and user limits": "修复账户和用户上限的溢出",
    "Reduce allocations from the filter": "减少过滤器的内存分配",
    "Don't pass empty targets to lightningcss": "不再将空目标传给 lightningcss",
    "Enable the cache by default in tests": "默认在测试中启用缓存",
    "Change references to the new page": "调整指向新页面的引用",
    "Fix crash when using recursive types": "修复使用递归类型时的崩溃",
    "Stop using the old parser": "不再使用旧的解析器",
    "Avoid using the cache": "避免使用缓存",
    "Reduce latency by using a cache": "通过使用缓存减少延迟",
    "Refactor tests to use fixtures": "重构测试，以使用夹具",
    "Set default value for fields": "为字段设置默认值",
    "Return an error instead of loading `a`": "返回错误，而不是加载 a",
    "Remove lists because nobody ever used them": "移除列表",
    "Use a queue over old iterators": "改用队列，不再使用旧的迭代器",
}
LEFT = [
    "",
    "Fix",
    "Lint",
    "Account for launcher overrides in interpreter cache keys",
    "Do not eagerly evaluate annotations",
    "Add tests for building on stackblitz",
    "Add start and stop callbacks to nobody knows what",
    "Prevent `no-var` autofix when a variable is used before declaration",
    "Prevent RecordBatchWriter from doing what nobody knows",
    "Fix what was broken",
    "Skip config check when warning is ignored",
    "Add workaround for building on stackblitz",
    "Fix thing in docs",
    "Fix anymore",
    "Fix escalate path",
    "Handle strangely weird tags",
    "Add notes to relock",
    "Add idea gizmo frobnicator",
    "Update gizmos lookup",
    "Panic on invalid tags",
    "Build docs fix",
    "Fix case where the window is not scrollable",
    "Enable caching by default unless strangely so",
    "Cache size",
    "Return errors instead of strangely doing things",
    "Don't load tests because nobody needs them",
    "Introduce Bodies of Some Strangely Weird Size",
    "Reject non-canonical indices",
    "Remove lifetime, lazily borrowed and lock from the serializer of the pool",
    "Deprecate everything that nobody has ever used in any of the modules",
]


@pytest.mark.parametrize("subject", UNDERSTOOD)
def test_a_subject_of_which_every_part_is_understood_becomes_a_sentence(subject: str) -> None:
    assert in_chinese(subject) == UNDERSTOOD[subject]


@pytest.mark.parametrize("subject", LEFT)
def test_what_is_not_understood_is_left_to_the_facts(subject: str) -> None:
    assert in_chinese(subject) is None


PLAIN = [
    *["Fix", "Add", "remove", "Make", "Don't", "use", "prevent", "move", "memory", "leak", "parser", "crash"],
    *["in", "for", "to", "the", "when", "and", "with", "from", "on", "at", "as", "of", "instead", "by"],
    *["loading", "is", "empty", "optional", "correctly", "without", "via", "using", "default", "3"],
]
WORDS = st.sampled_from([*PLAIN, "`a", "b`", "x_y", "CUDA", ",", ":", "(", ")", "修"])


@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_the_latin_words_of_a_sentence_are_words_of_the_subject(subject: str) -> None:
    said = in_chinese(subject)
    if said is not None:
        assert re.search(r"[\u4e00-\u9fff]", said)
        assert set(re.findall(r"[A-Za-z_]+", said)) <= set(re.findall(r"[A-Za-z_]+", subject))
        assert "\n" not in said

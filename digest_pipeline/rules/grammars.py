"""Which tree-sitter grammar reads a file, and what the node types of these grammars stand for: tables only.

The node types of the twelve grammars hardly overlap, so one table serves all of them.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGES = {
    "python": ("tree_sitter_python", "language", "py pyi"),
    "c": ("tree_sitter_c", "language", "c"),
    "cpp": ("tree_sitter_cpp", "language", "h cc cpp cxx hpp hh hxx inl ipp cu cuh hip"),
    "rust": ("tree_sitter_rust", "language", "rs"),
    "go": ("tree_sitter_go", "language", "go"),
    "java": ("tree_sitter_java", "language", "java"),
    "kotlin": ("tree_sitter_kotlin", "language", "kt kts"),
    "javascript": ("tree_sitter_javascript", "language", "js jsx mjs cjs"),
    "typescript": ("tree_sitter_typescript", "language_typescript", "ts mts cts"),
    "tsx": ("tree_sitter_typescript", "language_tsx", "tsx"),
    "ruby": ("tree_sitter_ruby", "language", "rb rake"),
    "bash": ("tree_sitter_bash", "language", "sh bash"),
}
"""Name: (module, function, endings of file names)."""
BY_ENDING = {ending: name for name, (_, _, endings) in LANGUAGES.items() for ending in endings.split()}
HEADERS = ("h", "hpp", "hh", "hxx", "cuh", "inl", "ipp")
"""Endings of the files that declare what others may use."""


def is_code(path: str) -> bool:
    """Whether a file is of a language that is read by a parser."""
    return path.rpartition(".")[2].lower() in BY_ENDING


def is_c_source(path: str) -> bool:
    """Whether a file defines what a header of C, C++ or CUDA declares."""
    ending = path.rpartition(".")[2].lower()
    return BY_ENDING.get(ending) in ("c", "cpp") and ending not in HEADERS


_C_FILES = (".h", ".hh", ".hpp", ".hxx", ".cuh", ".c", ".cc", ".cpp", ".cxx", ".cu")
_OFFERED = re.compile(r"(?:^|/)(?:\w*include|inc|public|api)/|(?:api|module)[^/]*$|^[^/]+$", re.IGNORECASE)
"""Headers of C that others are meant to include."""


def is_inner_c(path: str) -> bool:
    """Whether a file of C, C++ or CUDA lies where users of a project do not include it from."""
    return path.endswith(_C_FILES) and _OFFERED.search(path) is None


SCOPES = dict.fromkeys(
    _words(
        "class_definition class_specifier struct_specifier trait_item struct_item enum_item "
        "class_declaration interface_declaration enum_declaration record_declaration "
        "object_declaration abstract_class_declaration class module type_spec union_specifier "
        "enum_specifier"
    ),
    "class",
) | dict.fromkeys(_words("impl_item mod_item companion_object namespace_definition"), "")
"""Nodes that qualify the names inside them, and what they define themselves (nothing where empty)."""
FUNCTIONS = _words(
    "abstract_method_signature constructor_declaration function_declaration function_definition "
    "function_item function_signature function_signature_item generator_function_declaration "
    "macro_definition method method_declaration method_definition method_elem method_signature "
    "preproc_function_def singleton_method"
)
ALIASES = _words("alias_declaration type_alias type_alias_declaration type_item")
"""Nodes that give a type another name."""
VALUES = {
    **dict.fromkeys(
        _words("const_item static_item const_spec preproc_def variable_declarator assignment"),
        "constant",
    ),
    "var_spec": "variable",
    **dict.fromkeys(
        _words(
            "property_declaration field_declaration property_signature public_field_definition enumerator "
            "enum_variant enum_constant enum_entry enum_assignment property_identifier"
        ),
        "field",
    ),
}
"""Nodes that give a name a value."""
PASS_THROUGH = _words(
    "ambient_declaration block body_statement class_body const_declaration declaration "
    "declaration_list decorated_definition else_clause enum_body enum_body_declarations "
    "enum_class_body enum_variant_list enumerator_list except_clause export_statement "
    "expression_statement field_declaration_list if_statement interface_body interface_type "
    "internal_module lexical_declaration linkage_specification module preproc_elif preproc_else "
    "preproc_if preproc_ifdef program source_file statement_block struct_type template_declaration "
    "translation_unit try_statement type_declaration type_definition var_declaration var_spec_list "
    "variable_declaration"
)
"""Nodes that only hold others."""
NAMES = _words(
    "constant destructor_name field_identifier identifier namespace_identifier operator_name "
    "private_property_identifier property_identifier qualified_identifier scoped_identifier "
    "shorthand_property_identifier_pattern simple_identifier string type_identifier word"
)
"""Nodes that are a name."""

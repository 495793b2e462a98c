"""Which module may import which (docs/guide/architecture.md)."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "scoqa"

# From the ground up. A module imports from rows below its own, never from its own row or above.
ROWS = [
    {
        "errors",
        "background",
        "heading_path",
        "normalization",
        "sentences",
        "places",
        "stamps",
        "turns",
    },
    {"cells"},
    {"reading_view"},
    {"types", "config"},
    {"serial", "silence_wording", "model_runtime"},
    {"parse", "split", "embed", "store", "converse", "read", "terminal"},
    {"compatibility", "models"},
    {"index", "retrieve", "verification", "suggest", "regions"},
    {"assistant"},
    {"workspace"},
    {"evaluation", "doctor"},
    {"ui"},
    {"cli"},
]
# The same inside `parse`, `ui` and `evaluation`: modules and folders, from the ground up.
INSIDE = {
    "parse": [
        {"common"},
        {"office", "opendocument", "pdf", "text", "web"},
        {"formats"},
        {"sandbox"},
        {"folder"},
        {"ahead"},
    ],
    "evaluation": [
        {"gold_places", "ranking", "runs", "statistics"},
        {"measures", "set_formats"},
        {"error_attribution", "sets"},
        {"contexts", "record", "report"},
        {"training_examples"},
    ],
    "ui": [
        {"address", "assets", "words", "work"},
        {"source", "standalone"},
        {"auth", "chat", "evaluation"},
        {"app"},
        {"server"},
    ],
}
HEAVY = {
    "torch",
    "sentence_transformers",
    "faiss",
    "gradio",
    "transformers",
    "langchain_text_splitters",
}
ENTRANCES = {"__init__", "__main__"}


def imported_modules(file: Path, *, top_level_only: bool = False) -> set[str]:
    """Return the modules that `file` imports, dotted; TYPE_CHECKING blocks do not count."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found: set[str] = set()

    def visit(node: ast.AST, inside: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.Import) and not (inside and top_level_only):
            found.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and not (inside and top_level_only):
            module = node.module or ""
            found.add(module)
            if module in ("scoqa", *(f"scoqa.{folder}" for folder in INSIDE)):
                found.update(f"{module}.{alias.name}" for alias in node.names)
        inside = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    visit(tree, False)
    return found


def row_of(room: str) -> int:
    return next(number for number, row in enumerate(ROWS) if room in row)


def files() -> list[tuple[str, Path]]:
    """Return (room, file) for every file of the package but its entrances."""
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        if parts[0] not in ENTRANCES:
            found.append((parts[0], file))
    return found


def test_every_room_has_a_row() -> None:
    known = set().union(*ROWS)
    assert {room for room, _ in files()} <= known


def test_imports_go_down_only() -> None:
    wrong = []
    for room, file in files():
        for module in imported_modules(file):
            if not module.startswith("scoqa."):
                continue
            other = module.split(".")[1]
            if other.startswith("__") or other == room:
                continue
            if not any(other in row for row in ROWS):
                continue  # a name of the package's entrance, such as scoqa.__version__
            if row_of(other) >= row_of(room):
                wrong.append(f"{file.relative_to(SOURCE)} imports {module}")
    assert wrong == []


def test_imports_inside_a_folder_go_down_only() -> None:
    """A family of formats, a part of the page: none imports another of its own row."""
    wrong = []
    for folder, rows in INSIDE.items():
        row_inside = {name: number for number, row in enumerate(rows) for name in row}
        for file in sorted((SOURCE / folder).rglob("*.py")):
            part = file.relative_to(SOURCE / folder).with_suffix("").parts[0]
            if part == "__init__":
                continue
            assert part in row_inside, f"{folder}/{part} has no row"
            for module in imported_modules(file):
                names = module.split(".")
                if names[:2] != ["scoqa", folder] or len(names) < 3 or names[2] == part:
                    continue
                if row_inside.get(names[2], -1) >= row_inside[part]:
                    wrong.append(f"{file.relative_to(SOURCE)} imports {module}")
    assert wrong == []


def test_no_two_modules_share_a_name() -> None:
    names = Counter(file.stem for _, file in files() if file.stem not in ENTRANCES)
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_public_types_share_a_name() -> None:
    names = Counter(
        node.name
        for _, file in files()
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_a_parser_process_imports_parsers_alone() -> None:
    program = (
        "import sys; import scoqa.parse.sandbox.worker;"
        "print(*{name.split('.')[1] for name in sys.modules if name.startswith('scoqa.')})"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    ground = {
        "cells", "errors", "heading_path", "places", "reading_view", "sentences", "serial",
        "stamps", "types",
    }  # fmt: skip
    assert set(printed.split()) <= {"parse", *ground}


def test_heavy_libraries_are_imported_inside_what_uses_them() -> None:
    wrong = [
        f"{file.relative_to(SOURCE)} imports {module}"
        for room, file in files()
        for module in imported_modules(file, top_level_only=True)
        if module.split(".")[0] in HEAVY
        # The chat's rooms are Gradio through and through; its entrance is what others import.
        and not (room == "ui" and module.split(".")[0] == "gradio" and file.stem != "__init__")
    ]
    assert wrong == []


def test_only_the_store_knows_its_engines() -> None:
    engines = {"sqlite3", "faiss"}
    wrong = [
        str(file.relative_to(SOURCE))
        for room, file in files()
        if room not in ("store", "doctor")  # the doctor names SQLite's version, nothing more
        and {module.split(".")[0] for module in imported_modules(file)} & engines
    ]
    assert wrong == []

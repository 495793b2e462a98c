"""The house's walls: who may import whom (docs/guide/architecture.md)."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "scoqa"

# From the ground up. A room imports from rows below its own, never from its own row or above;
# a folder's rooms may import each other.
ROWS = [
    {"errors", "fold", "sentences", "places"},
    {"types", "config"},
    {"schema"},
    {"models", "parse", "split", "embed", "store", "converse", "read", "terminal"},
    {"index", "retrieve", "verify", "suggest", "regions"},
    {"assistant"},
    {"workspace"},
    {"evaluate", "doctor"},
    {"ui"},
    {"cli"},
]
HEAVY = {
    "torch",
    "sentence_transformers",
    "faiss",
    "gradio",
    "transformers",
    "langchain_text_splitters",
}
ENTRANCES = {"__init__", "__main__"}


def rooms_imported(file: Path, *, top_level_only: bool = False) -> set[str]:
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
            if module == "scoqa":
                found.update(f"scoqa.{alias.name}" for alias in node.names)
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
        for module in rooms_imported(file):
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


def test_heavy_libraries_are_imported_inside_what_uses_them() -> None:
    wrong = [
        f"{file.relative_to(SOURCE)} imports {module}"
        for room, file in files()
        for module in rooms_imported(file, top_level_only=True)
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
        and {module.split(".")[0] for module in rooms_imported(file)} & engines
    ]
    assert wrong == []

"""Documents speak of what is there: links, import paths, code, names."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import headwater

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
CODE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^( *)```python[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
IMPORT_PATH = re.compile(r"\b((?:examples|headwater)(?:\.\w+)+):(\w+)")
FILE_PATH = re.compile(r"\b((?:examples|benchmarks|src|docs|tests)/[\w./-]+\.(?:py|yaml|md|toml))\b")


def prose(text: str) -> str:
    """The text without code, in which brackets mean something else."""
    return re.sub(r"`[^`\n]*`", "", CODE.sub("", text))


def slugs(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs make them."""
    heads = re.findall(r"^#+ +(.+)$", CODE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


def test_every_relative_link_leads_somewhere(pages: dict[Path, str], root: Path) -> None:
    lost = []
    for page, text in pages.items():
        for target in LINK.findall(prose(text)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            path = (page.parent / name) if name else page
            if not path.exists():
                lost.append(f"{page.relative_to(root)} -> {target}")
            elif anchor and path.suffix == ".md" and anchor not in slugs(path.read_text()):
                lost.append(f"{page.relative_to(root)} -> {target} (no such heading)")
    assert lost == [], f"Mend these links, or write the page they promise: {lost}"


def test_the_built_documentation_links_only_to_itself(pages: dict[Path, str], root: Path) -> None:
    docs = root / "docs"
    outside = [
        f"{page.relative_to(root)} -> {target}"
        for page, text in pages.items()
        if page.is_relative_to(docs)
        for target in LINK.findall(prose(text))
        if not re.match(r"[a-z]+:|#", target) and not (page.parent / target).resolve().is_relative_to(docs)
    ]
    assert outside == [], (
        f"mkdocs cannot follow links out of docs/: name the file in backticks instead: {outside}"
    )


def texts(files: list[Path]) -> Iterator[tuple[Path, str]]:
    for path in files:
        if path.suffix in (".md", ".yaml", ".yml"):
            yield path, path.read_text(encoding="utf-8")


def test_every_import_path_in_the_documents_exists(files: list[Path], root: Path) -> None:
    lost = []
    for page, text in texts(files):
        for module, name in IMPORT_PATH.findall(text):
            home = (root if module.startswith("examples") else root / "src") / module.replace(".", "/")
            path = home.with_suffix(".py") if home.with_suffix(".py").exists() else home / "__init__.py"
            if not path.exists() or name not in defined(path):
                lost.append(f"{page.relative_to(root)}: {module}:{name}")
    assert lost == [], f"These import paths lead nowhere; write what is meant, or mend the text: {lost}"


def defined(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname or alias.name for alias in node.names}
    return names


def test_every_file_that_the_documents_name_exists(pages: dict[Path, str], root: Path) -> None:
    lost = [
        f"{page.relative_to(root)}: {name}"
        for page, text in pages.items()
        for name in FILE_PATH.findall(text)
        if not (root / name).exists() and "<" not in name and "NNNN" not in name
    ]
    assert lost == [], f"These files are named and not there; write them, or mend the text: {lost}"


def blocks(text: str) -> list[str]:
    return [re.sub(rf"^{indent}", "", body, flags=re.MULTILINE) for indent, body in PYTHON.findall(text)]


def test_every_python_example_in_the_documents_parses(pages: dict[Path, str], root: Path) -> None:
    broken = []
    for page, text in pages.items():
        for number, body in enumerate(blocks(text), start=1):
            try:
                ast.parse(body)
            except SyntaxError as error:
                broken.append(
                    f"{page.relative_to(root)}, python block {number}, line {error.lineno}: {error.msg}"
                )
    assert broken == [], f"These examples are not Python: {broken}"


def test_every_name_of_ours_in_an_example_exists(pages: dict[Path, str], root: Path) -> None:
    lost = []
    for page, text in pages.items():
        for body in blocks(text):
            lost += [f"{page.relative_to(root)}: {name}" for name in missing_names(body)]
    assert lost == [], (
        f"These names are shown and not there; export them, or mend the example: {sorted(set(lost))}"
    )


def missing_names(body: str) -> list[str]:
    """The names of headwater that a piece of code uses and that do not exist."""
    try:
        tree = ast.parse(body)
    except SyntaxError:
        return []  # the test above says so
    words: set[str] = set()
    missing = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "headwater":
            try:
                module = importlib.import_module(str(node.module))
                missing += [f"{node.module}.{one.name}" for one in node.names if not hasattr(module, one.name)]
            except ModuleNotFoundError:
                missing.append(str(node.module))
            if node.module == "headwater":
                words |= {one.name for one in node.names if one.asname is None and one.name in headwater.LINE}
    stored = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in words - stored
        ):
            module = importlib.import_module(f"headwater.{node.value.id}")
            if not hasattr(module, node.attr):
                missing.append(f"{node.value.id}.{node.attr}")
    return missing


def test_no_file_knows_the_machine_it_was_written_on(files: list[Path], root: Path) -> None:
    places = [f"/{folder}/" for folder in ("work", "root", "home", "Users")] + ["../" + "shared"]
    pattern = re.compile(rf"(?<![\w.*}}-])(?:{'|'.join(map(re.escape, places))})[\w.]".encode())
    found = [
        f"{path.relative_to(root)}: {match[0].decode()}..."
        for path in files
        if path.stat().st_size < 2**20
        for match in pattern.finditer(path.read_bytes())
        if path != Path(__file__)
    ]
    assert found == [], f"Take these paths of one machine out: {sorted(set(found))}"


@pytest.mark.parametrize("number", range(1, 11))
def test_every_decision_has_a_page_of_four_parts(root: Path, number: int) -> None:
    found = sorted((root / "docs" / "decisions").glob(f"{number:04d}-*.md"))
    assert len(found) == 1, f"docs/decisions/{number:04d}-*.md: one page per decision, found {found}"
    heads = slugs(found[0].read_text())
    wanted = {"context", "choice", "rejected", "when-to-revisit"}
    assert wanted <= heads, f"{found[0].name} lacks {sorted(wanted - heads)}"

"""The dependency rule, read from the imports: domain <- projections <- adapters <- app.py."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = ["domain", "projections", "adapters", "app"]
PURE = sys.stdlib_module_names | {"msgspec"}
IMPURE = {"random", "secrets", "time", "socket", "subprocess", "os", "asyncio", "threading", "urllib", "http"}


def modules(layer: str) -> list[Path]:
    return [ROOT / "app.py"] if layer == "app" else sorted((ROOT / layer).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """The top-level packages a module imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_nothing_above_itself(layer: str) -> None:
    above = set(LAYERS[LAYERS.index(layer) + 1 :]) | {"tests", "loadtests"}
    assert modules(layer)
    for path in modules(layer):
        assert not imports(path) & above, path


@pytest.mark.parametrize("layer", ["domain", "projections"])
def test_the_inner_layers_need_nothing_but_the_language_and_msgspec(layer: str) -> None:
    for path in modules(layer):
        assert imports(path) <= PURE | set(LAYERS[: LAYERS.index(layer) + 1]), path


@pytest.mark.parametrize("layer", ["domain", "projections"])
def test_the_inner_layers_have_no_clock_no_chance_and_no_input_or_output(layer: str) -> None:
    for path in modules(layer):
        assert not imports(path) & IMPURE, path
        called = {
            node.func.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        }
        assert not called & {"now", "today", "utcnow"}, path


READ_ONCE = {
    "count",
    "inner_text",
    "all_inner_texts",
    "text_content",
    "is_visible",
    "is_hidden",
    "input_value",
}


def test_no_test_of_a_browser_stands_or_falls_with_how_fast_its_page_was() -> None:
    """``expect`` looks until it is so; what is read once and asserted depends on what else the machine had to do."""
    for path in sorted((ROOT / "tests" / "browser").glob("test_*.py")):
        asserted = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assert)]
        read = {
            call.func.attr
            for one in asserted
            for call in ast.walk(one)
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and not call.args
        }
        assert not read & READ_ONCE, path


def test_no_file_is_too_long_to_read() -> None:
    for path in [
        *ROOT.glob("*.py"),
        *(p for d in (*LAYERS[:3], "tests", "loadtests") for p in (ROOT / d).rglob("*.py")),
    ]:
        assert len(path.read_text().splitlines()) < 800, path

"""The reference of results: made from the register, and up to date."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from cge.results.register import register
from cge.results.row_schema import COLUMNS

TOOL = Path(__file__).resolve().parents[1] / "docs" / "tools" / "results_reference.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The tool that writes the page."""
    spec = importlib.util.spec_from_file_location("results_reference", TOOL)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_page_of_measures_is_what_the_register_says_today(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), f"run  python {TOOL}"


def test_the_page_has_every_column_and_every_measure_once(tool: ModuleType) -> None:
    rows = [line.split("|")[1].strip().strip("`") for line in tool.page().splitlines()
            if line.startswith("| `")]  # fmt: skip
    assert rows[: len(COLUMNS)] == list(COLUMNS)
    assert sorted(rows[len(COLUMNS) :]) == sorted(register())

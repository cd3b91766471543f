"""Whatever the documents show as code or as a command runs as it stands."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
import yaml
from conftest import Outcome

from cge.cli.main import app
from cge.scenario.schema import Scenario

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")),
             *sorted((ROOT / "experiments").glob("*.md"))]  # fmt: skip
#: What is done with a block in each language; a block in any other is an error.
RUN, COMMANDS, SCENARIO, SHOWN = "run", "commands", "scenario", "shown"
LANGUAGES = {
    "python": RUN, "bash": COMMANDS, "console": COMMANDS, "yaml": SCENARIO,
    "math": SHOWN, "text": SHOWN, "bibtex": SHOWN,
}  # fmt: skip
#: Commands that would set up the machine the tests run on, or run the tests.
ELSEWHERE = ("python -m pip install ", "python -m pytest", "git clone ", "cd ")
#: Solved in the small aggregation, unless the tests are to take minutes.
HEAVY = re.compile(r"^cge (run|check|path|sensitivity|stress)\b(?!.*--(aggregation|data)\b)")

#: With fewer draws or years, unless the tests are to take minutes.
LONG = (
    (re.compile(r"^cge sensitivity\b(?!.*--aggregation\b)"), " --draws 4 --workers 1"),
    (re.compile(r"^cge sensitivity\b"), " --draws 15"),  # of which drivers are told
    (re.compile(r"^cge path\b(?!.*--years\b)"), " --years 3"),
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    language: str
    line: int
    text: str
    file: str


def blocks(path: Path) -> list[Block]:
    """Return the fenced blocks of a document, in order."""
    found, start, language = [], 0, None
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        fence = re.match(r"^ {0,3}(`{3,}|~{3,}) *(\S*)", line)
        if not fence:
            continue
        if language is None:
            start, language = number + 1, fence.group(2)
        else:
            text = "\n".join(lines[start:number]) + "\n"
            above = [line for line in lines[: start - 1] if line][-1:]
            named = re.search(r"`([\w/-]+\.(?:yaml|csv))`:$", above[0]) if above else None
            found.append(Block(language, start, text, named[1] if named else ""))
            language = None
    assert language is None, f"{path.name}: the block of line {start} is not closed"
    return found


def commands(block: Block) -> list[str]:
    """Return the commands of a block, continued lines joined, `&&` taken apart."""
    lines = [line.strip() for line in block.text.replace("\\\n", " ").splitlines()]
    if any(line.startswith("$ ") for line in lines):  # the others are what the commands print
        lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return [
        part.strip()
        for line in lines
        if line and not line.startswith("#")
        for part in line.split("&&")
    ]


def execute(path: Path, run_command: Callable[[str], None]) -> None:
    """Run all blocks of a document in one namespace and the working folder."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(path):
        where = f"{path.relative_to(ROOT)}, line {block.line}"
        assert block.language in LANGUAGES, f"{where}: what is '{block.language}'?"
        treatment = LANGUAGES[block.language]
        if block.file:  # a file that the reader is told to write
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text, encoding="utf-8")
        if treatment == RUN:
            assert ">>>" not in block.text, f"{where}: a session, not code that runs"
            # The blank lines make a traceback name the line of the document.
            code = compile("\n" * block.line + block.text, str(path), "exec")
            with contextlib.redirect_stdout(io.StringIO()):
                exec(code, namespace)
        elif treatment == COMMANDS:
            for command in commands(block):
                if command.startswith("cge "):
                    run_command(command)
                else:
                    assert command.startswith(ELSEWHERE), f"{where}: nothing runs '{command}'"
        elif treatment == SCENARIO:
            Scenario.model_validate(yaml.safe_load(block.text))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_block_of_a_document_runs(
    path: Path, here: Path, cge: Callable[..., Outcome]
) -> None:
    def run_command(command: str) -> None:
        own = any(Path(word).is_file() and "benchmark:" in Path(word).read_text(encoding="utf-8")
                  for word in command.split())  # fmt: skip
        small = " --aggregation small" if HEAVY.match(command) and not own else ""
        short = next((s for pattern, s in LONG if pattern.match(command)), "")
        outcome = cge(*shlex.split(command + small + short, comments=True)[1:])
        assert outcome.code == 0, f"{command}: {outcome.err}"
        assert outcome.err == ""

    execute(path, run_command)


@pytest.mark.slow
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_command_of_a_document_runs_to_the_letter(path: Path, here: Path) -> None:
    program = [sys.executable, "-c", "from cge.cli.main import run; run()"]

    def run_command(command: str) -> None:
        words = shlex.split(command, comments=True)[1:]
        done = subprocess.run([*program, *words], capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"{command}: {done.stderr}"

    execute(path, run_command)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_of_a_document_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"https?://|mailto:|#", target):
            assert (path.parent / target.split("#")[0]).exists(), target


def test_every_indented_command_of_the_documents_is_one_that_exists(
    here: Path, cge: Callable[..., Outcome]
) -> None:
    """Commands outside fences are looked at, not run: their words must be known."""
    known = set(app.list_commands(click.Context(app)))
    for path in DOCUMENTS:
        for words in re.findall(r"(?:`|^ {4})cge (\w+)", path.read_text(encoding="utf-8"), re.M):
            assert words in known, f"{path.name}: cge {words}"


def test_the_harness_sees_and_runs_what_stands_in_a_document(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", here)
    page = here / "page.md"
    page.write_text(
        "# Page\n```python\nx = 1\n```\n```console\n$ cge data list\nwhat it prints\n```\n"
        "```bash\n# no\npython -m pip install . && cge run a \\\n  --out b\n```\n"
        "```python\nopen('x', 'w').write(str(x + 1))\n```\n"
    )
    ran: list[str] = []
    execute(page, ran.append)
    assert ran == ["cge data list", "cge run a    --out b"]
    assert (here / "x").read_text() == "2"
    for wrong, error in (
        ("```python\n1 / 0\n```\n", ZeroDivisionError),
        ("```ruby\n1\n```\n", AssertionError),
        ("```bash\nrm -r x\n```\n", AssertionError),
        ("```yaml\nname: a\npolcy: []\n```\n", ValueError),
        ("```python\n>>> 1\n```\n", AssertionError),
        ("```python\nx = 1\n", AssertionError),
    ):
        page.write_text(wrong)
        with pytest.raises(error):
            execute(page, ran.append)


# -- the site


def test_links_to_files_outside_of_docs_work_on_the_site(tmp_path: Path) -> None:
    config = pytest.importorskip("mkdocs.config")
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "results").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# A\n\n[r](../results/r.md) [b](deep/b.md)\n")
    (tmp_path / "docs" / "deep" / "b.md").write_text("# B\n\n[f](../../results/f.csv) [a](../no)\n")
    (tmp_path / "results" / "r.md").write_text("# R\n\n[f](f.csv) [back](../docs/deep/b.md)\n")
    (tmp_path / "results" / "f.csv").write_text("1\n")
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump({
        "site_name": "x", "hooks": [str(ROOT / "docs" / "tools" / "site_links.py")],
        "theme": {"name": "mkdocs"}, "plugins": [],
    }))  # fmt: skip
    importlib.import_module("mkdocs.commands.build").build(
        config.load_config(str(tmp_path / "mkdocs.yml"))
    )
    site = tmp_path / "site"
    for page in ("index.html", "deep/b/index.html", "results/r/index.html"):
        links = re.findall(r'href="([^"]*)">(?:r|b|f|back)</a>', (site / page).read_text())
        assert links, page
        for link in links:
            target = (site / page).parent / link
            assert target.is_file() or (target / "index.html").is_file(), (page, link)

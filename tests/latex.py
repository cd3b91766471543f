"""A strict reader of the LaTeX that tables are written in, for want of LaTeX itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORDS = """
begin end centering caption label ref par medskip textit normalsize small footnotesize
scriptsize setlength tabcolsep toprule midrule bottomrule cmidrule addlinespace multicolumn
linewidth textbackslash textasciitilde textasciicircum textless textgreater textbar
providecommand cgeglyph ifdefined else fi directlua XeTeXversion texttt documentclass usepackage
times pm leq geq to cdot mu circ ldots S copyright pounds ss ae AE oe OE o O l L i j alpha beta
gamma delta varepsilon eta theta kappa lambda pi rho sigma tau varphi omega Delta Sigma Omega u
v c k d b r H noindent makebox quad item labelsep extracolsep fill LTleft LTright LTcapwidth
endfirsthead endhead endfoot addtocounter begingroup endgroup clubpenalty widowpenalty leftskip
rightskip newpage
"""
#: Commands a table may use: all of the LaTeX kernel or of booktabs.
KNOWN = frozenset(_WORDS.split())
#: Definitions and preamble, which are not text.
_SETUP = re.compile(r"^\\(providecommand|documentclass|usepackage).*$", re.MULTILINE)


@dataclass(frozen=True)
class Tabular:
    """A tabular: number of columns and its rows of cells."""

    columns: int
    rows: list[list[str]]


def check_text(text: str) -> None:
    """Assert that braces and dollars pair, specials are escaped, and commands are known."""
    depth, dollars = 0, 0
    place = 0
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            word = re.match(r"\\([A-Za-z]+)", text[place:])
            if word:
                assert word[1] in KNOWN, f"\\{word[1]}"
                place += len(word[0])
                continue
            assert text[place + 1] in "\\&%$#_{}`'^\"~=.", text[place : place + 2]
            place += 2
            continue
        assert sign not in "%#~" or sign == "~", text[max(0, place - 30) : place + 10]
        assert sign not in "^_" or dollars % 2, text[max(0, place - 30) : place + 10]
        depth += (sign == "{") - (sign == "}")
        dollars += sign == "$"
        assert depth >= 0, text[max(0, place - 30) : place + 10]
        place += 1
    assert depth == 0 and dollars % 2 == 0, text


def tabulars(source: str) -> list[Tabular]:
    """Read every tabular of a fragment or document; assert that all of it would compile."""
    without = re.sub(r"(?m)^% .*$", "", source)  # remarks on lines of their own
    body = _SETUP.sub("", without)
    stack: list[str] = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", body):
        if what == "begin":
            stack.append(name)
        else:
            assert stack and stack.pop() == name, name
    assert not stack, stack
    found = []
    pattern = re.compile(
        r"\\begin\{(tabular\*|longtable)\}(?:\{[\d.]+\\linewidth\})?"
        r"\{@\{\\extracolsep\{\\fill\}\}l\*\{(\d+)\}\{r\}@\{\}\}(.*?)\\end\{\1\}",
        re.DOTALL,
    )
    outside = pattern.sub("", body)
    assert r"\begin{tabular" not in outside and r"\begin{longtable" not in outside
    check_text(re.sub(r"\\(begin|end)\{\w+\}(\[\w+\])?", "", outside))
    assert "&" not in re.sub(r"\\&", "", outside)
    for name, others, inside in pattern.findall(body):
        count = int(others) + 1
        if name == "longtable":
            heads, inside = inside.split(r"\endfoot")
            for head in (r"\caption", r"\endfirsthead"):
                heads = re.sub(rf"(?s).*{re.escape(head)}", "", heads)
            assert heads.count(r"\midrule") == 1 and "continued" in heads
            inside = heads.split("continued}} \\\\")[1].split(r"\bottomrule")[0] + inside
            inside = inside.replace(r"\endhead", "")
        rows = []
        parts = re.split(r"\\\\\*?(?=\s)", inside)
        assert re.sub(r"\\(bottomrule|toprule)", "", parts[-1]).strip() == ""
        for row in parts[:-1]:
            row = re.sub(r"\\(toprule|midrule|addlinespace)\b", "", row)
            row = re.sub(rf"\\cmidrule\{{1-{count}\}}", "", row).strip()
            assert not row.startswith(("[", "*")), row  # would be an argument of the row before
            wide = re.fullmatch(r"\\makebox\[0pt\]\[l\]\{(.*)\}", row, re.DOTALL)
            if wide:
                check_text(wide[1])
                continue
            cells = [cell.strip() for cell in re.split(r"(?<!\\)&", row)]
            assert len(cells) == count, row
            for cell in cells:
                check_text(cell)
            rows.append(cells)
        found.append(Tabular(count, rows))
    return found


def number(cell: str) -> float:
    """Return the number that a cell shows."""
    assert re.fullmatch(r"(\$-\$)?\d{1,3}(,\d{3})*(\.\d+)?( \((\+|\$-\$)\))?", cell), cell
    return float(cell.split(" ")[0].replace("$-$", "-").replace(",", ""))

"""Text that LaTeX sets as it was meant, whatever signs a user's names hold."""

from __future__ import annotations

import re
import unicodedata

_SPECIAL = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "{''}",
    "`": r"\`{}", "*": "{*}",
    # After the end of a row LaTeX would read them as its optional argument.
    "[": "{[}", "]": "{]}",
    "-": "-{}", "'": "'{}", ",": ",{}", "?": "?{}", "!": "!{}",  # no ligatures
    "\u2212": "$-$", "\u00d7": r"$\times$", "\u00b1": r"$\pm$", "\u00b0": r"$^\circ$",
    "\u2264": r"$\leq$", "\u2265": r"$\geq$", "\u2192": r"$\to$", "\u00b7": r"$\cdot$",
    "\u00b5": r"$\mu$", "\u2013": "--", "\u2014": "---", "\u2018": "`", "\u2019": "'",
    "\u201c": "``", "\u201d": "''", "\u2026": r"\ldots{}", "\u00a0": "~", "\u202f": "~",
    "\u00a7": r"\S{}", "\u00a9": r"\copyright{}", "\u00a3": r"\pounds{}", "\u20ac": "EUR",
    "\u00df": r"\ss{}", "\u00e6": r"\ae{}", "\u00c6": r"\AE{}", "\u0153": r"\oe{}",
    "\u0152": r"\OE{}", "\u00f8": r"\o{}", "\u00d8": r"\O{}", "\u0142": r"\l{}",
    "\u0141": r"\L{}", "\u0131": r"\i{}",
}  # fmt: skip
#: A ligature needs two: one alone stands as it is.
_PAIRS = re.compile(r"([-',?!])\{\}(?!\1|`)")
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0304": "=",
    "\u0306": "u", "\u0307": ".", "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0327": "c",
    "\u0328": "k", "\u0323": "d", "\u0331": "b",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "η": "eta",
    "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "varphi", "ω": "omega", "Δ": "Delta", "Σ": "Sigma", "Ω": "Omega",
}  # fmt: skip
#: Sets a sign where the engine knows it, its number where it does not (pdfLaTeX).
GLYPH = r"\cgeglyph"
GLYPH_MACRO = (
    r"\providecommand{\cgeglyph}[2]{\ifdefined\directlua#2\else"
    r"\ifdefined\XeTeXversion#2\else\texttt{U+#1}\fi\fi}"
)


class Tex(str):
    """Text that is LaTeX already."""

    __slots__ = ()


def escape(value: object) -> Tex:
    """A value as LaTeX text; what is LaTeX already stays.

    The signs of European languages become accents and macros that every engine knows; any
    other sign is set by LuaLaTeX and XeLaTeX, and named by its number in pdfLaTeX.
    """
    if isinstance(value, Tex):
        return value
    text = "".join(_sign(sign) for sign in unicodedata.normalize("NFC", str(value)))
    return Tex(_PAIRS.sub(r"\1", text))


def _sign(sign: str) -> str:
    if sign in _SPECIAL:
        return _SPECIAL[sign]
    if sign.isspace():
        return " "
    if " " <= sign <= "~":
        return sign
    if unicodedata.category(sign).startswith("C"):  # control signs, halves of characters
        return ""
    if sign in _GREEK:
        return rf"$\{_GREEK[sign]}$"
    parts = unicodedata.normalize("NFD", sign)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        dotless = parts[0] in "ij" and parts[1] not in "\u0327\u0328"
        letter = rf"\{parts[0]}" if dotless else parts[0]
        return rf"\{_ACCENTS[parts[1]]}{{{letter}}}"
    return rf"{GLYPH}{{{ord(sign):04X}}}{{{sign}}}"


def number(text: str) -> Tex:
    """A printed number with a true minus sign."""
    return Tex(text.replace("-", "$-$") if text != "-" else "--")

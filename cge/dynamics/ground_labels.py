"""What the years before a year have changed, as results call it."""

from __future__ import annotations

#: Labels of what the years before have changed; knowledge and research by source.
CAPITAL_STOCK, SOURCING = "capital stock", "sourcing"
KNOWLEDGE, RESEARCH = "knowledge: {}", "research: {}"
CATCHING_UP = "wages and spending"
#: Sources of productivity, and what research beyond the baseline is.
SOURCES = ("own", "domestic", "basic", "foreign", "learning")
SPENDING = ("business", "basic", "diffusion")
LABELS = (
    CAPITAL_STOCK, SOURCING, CATCHING_UP, *(KNOWLEDGE.format(name) for name in SOURCES),
    *(RESEARCH.format(name) for name in SPENDING),
)  # fmt: skip

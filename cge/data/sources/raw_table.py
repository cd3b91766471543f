"""Tables of other people: raw arrays, names of demand and inputs, rules for labour shares."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from cge.core.axes import Array, ratio
from cge.core.errors import check_known, check_once, refuse_first, refuse_if
from cge.core.selectors import check_codes
from cge.data.accounts.shipped import TABLES
from cge.data.accounts.world_table import LABOUR_SHARE_CELL, WorldTable, filled_cells
from cge.data.sources.arguments import safe_code

Agent = Literal["HH", "NPISH", "GOV", "GFCF", "INV"]
AGENTS: tuple[Agent, ...] = get_args(Agent)
#: Where compensation of employees is not in the source.
LABOUR_SHARE = 0.6
#: Note where a source has no value added of its own.
RESIDUAL = "Value added: what inputs leave of output, product taxes included."
#: Largest share of world output by which columns may miss rows before a table is refused.
TOLERANCE = 0.10


#: Names of final demand in the sources, most specific first.
_AGENT_NAMES: tuple[tuple[str, str], ...] = (
    ("NPISH", r"npish|non-?profit|\bnps\b|\bp\.?3n\b|^c38$|^c58$"),
    ("HH", r"household|hfce|^hh$|\bp\.?3h\b|^c37$|^c57$|dpabr|dirp|direct purchases|p33"),
    ("GOV", r"government|ggfc|^gov$|\bp\.?3g\b|^c39$|^c59$"),
    ("GFCF", r"capital formation|gfcf|\bp\.?51\b|^c41$|^c60$"),
    ("INV", r"inventor|valuables|invnt|^inv$|\bp\.?5[23]\b|^c42$|^c61$|stock"),
)
#: Columns that close a source's rows and are nobody's demand.
_DISCREPANCY = r"^disc$|discrepanc"
_TOTAL_VALUE_ADDED = r"^(total )?(gross )?value added( at basic prices)?$|^va$|^valu$"
_VALUE_ADDED_PARTS = (
    r"compensation of employees|operating surplus|mixed income|consumption of fixed capital"
    r"|other (net )?taxes (less subsidies )?on production|^other taxes|d\.?29|d\.?39"
    r"|(taxes|subsidies) on production"
)
_COMPENSATION = r"compensation of employees"
PRIMARY = f"{_TOTAL_VALUE_ADDED}|{_VALUE_ADDED_PARTS}|value.?added|^valu"


@dataclass(frozen=True, eq=False)
class RawTable:
    """A source's arrays before names are understood.

    Parameters
    ----------
    regions, sectors : tuple of str
    intermediate : ndarray (r, i, s, j)
    final : ndarray (r, i, column)
    final_names : tuple of (region, category)
        Of the columns of `final`.
    inputs : mapping
        Rows of primary inputs by name, (s, j).
    unit : str
    year : int, optional
    """

    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    intermediate: Array
    final: Array
    final_names: tuple[tuple[str, str], ...]
    inputs: Mapping[str, Array]
    unit: str
    year: int | None

    def by_agent(self, agents: Mapping[str, str | None]) -> tuple[Array, list[str]]:
        """Final demand (r, i, s, d), and notes on what belongs to no region or agent.

        Parameters
        ----------
        agents : mapping
            Category of final demand to its agent, or None to leave it out.
        """
        categories = dict.fromkeys(category for _, category in self.final_names)
        check_known(agents, categories, "no such final-demand category", key="agents")
        final = np.zeros((*self.final.shape[:2], len(self.regions), len(AGENTS)))
        lost: dict[str, float] = {}
        for k, (region, category) in enumerate(self.final_names):
            column = self.final[..., k]
            # Discrepancy columns of the world stand under no region.
            inside = region in self.regions
            stray = not (inside or category in agents or matches(category, _DISCREPANCY))
            refuse_if(stray and column.any(), "is final demand of a region that has no rows",
                      key="Y", value=f"{region}, {category}", name=region,
                      allowed=self.regions)  # fmt: skip
            agent = _agent(category, agents, bool(np.any(column))) if inside else None
            if agent is None:
                label = category if inside else f"{region} {category}"
                lost[label] = lost.get(label, 0.0) + float(np.abs(column).sum())
            else:
                final[:, :, self.regions.index(region), AGENTS.index(agent)] += column
        here = {(region, name) for region, name in self.final_names if region in self.regions}
        refuse_first(
            (f"{region}, {name}" for name in dict.fromkeys(name for _, name in here)
             for region in self.regions if (region, name) not in here),
            "this column of final demand is missing, which other regions have", key="Y",
            allowed="the same categories in every region",
        )  # fmt: skip
        refuse_if(not final.any(), "the table has no final demand", key="agents",
                  allowed=categories)  # fmt: skip
        total = np.abs(self.final).sum()
        return final, [
            f"Final demand '{label}', {value / total:.2%} of all, was left out."
            for label, value in lost.items() if value > 0
        ]  # fmt: skip

    def _rows(self, given: Sequence[str] | None, usual: Sequence[str], key: str) -> list[str]:
        """Rows of primary inputs that the user names, or those with the usual names."""
        check_known(given or (), self.inputs, "no such row of primary inputs", key=key)
        return list(usual if given is None else given)

    def rows_of_value_added(self, given: Sequence[str] | None) -> list[str]:
        """Rows that make up value added at basic prices: those `given`, or by their names.

        Parts come before a total where they include wages: a total may have product taxes
        in it.
        """
        parts = [row for row in self.inputs if matches(row, _VALUE_ADDED_PARTS)]
        total = [row for row in self.inputs if matches(row, _TOTAL_VALUE_ADDED)]
        complete = any(matches(row, _COMPENSATION) for row in parts) or not total
        return self._rows(given, parts if complete else total[:1], "value_added_rows")

    def value_added(
        self, how: str, rows: Sequence[str], final: Array, tolerance: float
    ) -> tuple[Array, str]:
        """Value added (s, j), and a note on where it is from.

        Parameters
        ----------
        how : {"auto", "rows", "residual"}
        rows : sequence of str
            What it is made of.
        final : ndarray (r, i, s, d)
        tolerance : float
            As in :func:`~cge.data.sources.pymrio_table.read_pymrio`.
        """
        output = self.intermediate.sum(axis=(2, 3)) + final.sum(axis=(2, 3))
        inputs = self.intermediate.sum(axis=(0, 1))
        residual = np.maximum(output - inputs, 0.0)
        if how == "residual":
            return residual, RESIDUAL
        missing = "the source has no rows of value added"
        if rows:
            value = self._sum(rows)
            gap = float(np.abs(output - inputs - value).sum() / output.sum())
            if gap <= tolerance:
                more = ", ..." if len(rows) > 6 else ""
                return value, f"Value added: rows {', '.join(rows[:6])}{more}."
            missed = np.abs(output - inputs - value)
            s, j = (int(k) for k in np.unravel_index(int(missed.argmax()), missed.shape))
            missing = (
                f"inputs and value added ({', '.join(rows[:3])}) miss output by {gap:.1%} of it, "
                f"more than {tolerance:.0%}, most in {self.regions[s]}, {self.sectors[j]}: output "
                f"{output[s, j]:.6g}, inputs {inputs[s, j]:.6g}, value added {value[s, j]:.6g}"
            )
        refuse_if(how == "rows", missing, key="value_added",
                  allowed="other value_added_rows, or value_added='residual'")  # fmt: skip
        return residual, f"Value added: what inputs leave of output, since {missing}."

    def labour_share(self, given: Sequence[str] | None, base: Sequence[str]) -> Array:
        """Share (s, j) of compensation, rows `given` or by name, in the rows `base`.

        Zero where the source has none of them.
        """
        usual = [row for row in self.inputs if matches(row, _COMPENSATION)]
        found = self._rows(given, usual, "compensation_rows")
        if not (found and base):
            return np.zeros(self.intermediate.shape[:2])
        return ratio(self._sum(found), self._sum(base))

    def _sum(self, rows: Sequence[str]) -> Array:
        return np.asarray(np.sum([self.inputs[row] for row in rows], axis=0))


def _agent(category: str, agents: Mapping[str, str | None], nonzero: bool) -> str | None:
    if category in agents:
        agent = agents[category]
        check_known([agent], (*AGENTS, None), "unknown agent", key=f"agents.{category}")
        return agent
    usual = next((a for a, pattern in _AGENT_NAMES if matches(category, pattern)), None)
    refuse_if(
        usual is None and nonzero and not matches(category, _DISCREPANCY),
        "final-demand category is not recognised", key="agents", value=category,
        allowed=f"agents={{'{category}': ...}} with one of {', '.join(AGENTS)}, or None",
    )  # fmt: skip
    return usual


def user_world_table(
    notes: Sequence[str], labour_share: Array, default: float, **accounts: Any
) -> WorldTable:
    """World table of a source with the agents :data:`AGENTS`, labour shares filled by rule.

    A share that is none is the median of its region, `default` where the region has none.

    Parameters
    ----------
    notes : sequence of str
    labour_share : ndarray (s, j)
        Of value added.
    default : float
    **accounts
        The other fields of :class:`~cge.data.accounts.world_table.WorldTable`.
    """
    final, flows = accounts["final"], accounts["intermediate"]
    for what, total in (
        ("output", flows.sum(axis=(1, 2, 3)) + final.sum(axis=(1, 2, 3))),
        ("final demand", final.sum(axis=(0, 1, 3))),
        ("value added", accounts["value_added"].sum(axis=1)),
    ):
        refuse_first(
            (region for region, sum_ in zip(accounts["regions"], total) if sum_ <= 0),
            f"region has no {what}: all its cells are zero, or missing, or less than zero together",
            key="regions", allowed="regions with output, final demand and value added",
        )  # fmt: skip
    said = [f"Data: user table '{accounts['name']}', {accounts['year']}.", *notes]
    known = (labour_share > 0) & (labour_share < 1)
    of_region = np.array(
        [np.median(row[k]) if k.any() else default for row, k in zip(labour_share, known)]
    )
    s, j = np.nonzero(~known)
    filled = filled_cells(
        LABOUR_SHARE_CELL, np.array(accounts["regions"])[s], np.array(accounts["sectors"])[j],
        of_region[s], np.where(known.any(axis=1), "region_median", "default")[s],
    )  # fmt: skip
    if len(filled):
        said.append(f"Labour share of value added: {len(filled)} of {known.size} cells filled by "
                    f"rule, {default:g} where nothing is known.")  # fmt: skip
    share = np.where(known, labour_share, of_region[:, None])
    return WorldTable(agents=AGENTS, inventories=("INV",), status="user", labour_share=share,
                      filled=filled, notes=tuple(said), **accounts)  # fmt: skip


def not_shipped(name: str, file: Path | None, key: str) -> None:
    """Refuse the name of a shipped table for a user's."""
    refuse_if(name in TABLES, "a shipped table has this name, and files of its own", file=file,
              key=key, value=name, allowed="another name")  # fmt: skip


def matches(label: str, pattern: str) -> bool:
    """Whether a pattern is found in a label, in any case."""
    return re.search(pattern, label.strip(), re.IGNORECASE) is not None


def year_in(text: str) -> int | None:
    """The first year in a text."""
    found = re.search(r"(?<!\d)(19|20)\d\d(?!\d)", text)
    return int(found.group()) if found else None


def safe_names(codes: Sequence[str], axis: str) -> dict[str, str]:
    """The source's names by codes that scenarios can name."""
    safe = [safe_code(code) for code in codes]
    check_codes(safe, key=axis)
    check_once(safe, "codes are not unique without reserved characters", key=axis)
    return dict(zip(safe, codes, strict=True))

"""GTAP data as a benchmark of the model, and what of them it does not hold.

The benchmark has the regions, commodities and endowments of GTAP, the agents HH, GOV and INV, and
a use class for firms and for each agent. What is kept, to the rounding of GTAP's files: output,
factor incomes, revenue of every tax by region, final demand by agent, trade between regions free on
board, and so GDP. What is merged is said in the notes of the result:

- the make matrix, where an activity makes several commodities: each commodity takes the mean cost
  structure of the activities that make it (industry technology, Eurostat Manual of Supply, Use and
  Input-Output Tables, 2008, chapter 11, model B);
- a user's taxes on domestic goods and on imports, which are one tax on their composite;
- import shares of activities, which are those of all firms;
- margins, which are services that users of imports buy where GTAP's pool of transport buys them;
- trade of a region with itself, which is part of home deliveries.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cge.core.axes import Array, Axes, ratio
from cge.core.errors import check_known, refuse_if
from cge.core.typed import checked
from cge.data.accounts.benchmark import CAPITAL, Benchmark
from cge.data.accounts.calibration import LABOUR, Calibration
from cge.data.elasticities.benchmark_households import with_household_demand
from cge.data.elasticities.household_demand import LOWEST_SUBSTITUTION
from cge.data.elasticities.nests import HORIZONS, Elasticities
from cge.data.elasticities.sets import with_elasticity_set
from cge.data.gtap.base_data import GtapData, read_gtap
from cge.data.gtap.gtap_checks import (
    checked_identities,
    earned,
    gdp,
    margins_made,
    tax_revenue,
)
from cge.data.gtap.gtap_model import (
    BUYERS,
    StandardTrade,
    Technology,
    regional_saving,
    returns_alike,
    tax,
)
from cge.data.sources.raw_table import safe_names, year_in

AGENTS = ("HH", "GOV", "INV")
CLASSES = ("int", *(use_class for _, use_class in BUYERS.values()))
#: GDP of a region may differ from GTAP's by this share: the rounding of its files.
GDP_TOLERANCE = 1e-5
#: Least elasticity of transformation of a sluggish endowment: that of natural resources in GTAP's
#: own files of version 6.2. In version 7 they are fixed.
SLUGGISH = 1e-3
#: What tariffs may be; the first is the default.
TARIFFS = ("own", "with-user-taxes")
#: How much of the standard model a benchmark has; the first is the default.
STRUCTURES = ("standard", "merged")
#: What elasticities are called that are those of the parameter file.
GTAP = "GTAP"
#: Parameters that may be the elasticity among all origins; without the first is the default.
ARMINGTON = ("ESBM", "ESBD")


@checked
def calibrate_gtap(
    path: str | Path | GtapData,
    elasticities: str | Path | None = None,
    name: str | None = None,
    tariffs: str = "own",
    structure: str = "standard",
) -> Calibration:
    """Make a benchmark of a folder of GTAP data.

    Parameters
    ----------
    path : path or GtapData
        As in :func:`~cge.data.gtap.base_data.read_gtap`, or what it gave.
    elasticities : str or path, optional
        Default: those of GTAP. ``ESBM`` or ``ESBD``: this one among all origins, home included; the
        other nests are GTAP's. Or an elasticity set, or a file of one.
    name : str, optional
        Of the benchmark; default ``gtap`` and the reference year.
    tariffs : {"own", "with-user-taxes"}
        GTAP's tariffs; or, of the structure ``merged``, these with what the users of a class pay in
        taxes on imports beyond their rate on domestic goods, which else is in one tax on both.
        Scenarios that move tariffs then move that too.
    structure : {"standard", "merged"}
        Trade, taxes and demand as in the standard model; or what three use classes hold.

    Returns
    -------
    Calibration
        Its report has the identities of the base data, and how far each misses at most.

    Raises
    ------
    InputError
        If the data can not be read, or their accounts do not fit together.
    """
    check_known([tariffs], TARIFFS, "no such tariffs of GTAP data", key="tariffs")
    check_known([structure], STRUCTURES, "no such structure of GTAP data", key="structure")
    merged = structure == STRUCTURES[1]
    refuse_if(not merged and tariffs != TARIFFS[0], "taxes of users on imports stand beside "
              "tariffs in the standard model", key="tariffs", value=tariffs,
              allowed="own, or structure 'merged'")  # fmt: skip
    data = path if isinstance(path, GtapData) else read_gtap(path)
    report = _report(data, checked_identities(data))
    chosen = str(elasticities or (ARMINGTON[0] if merged else ""))
    armington = chosen if chosen in ARMINGTON else ARMINGTON[0] if merged else ""
    year = year_in(data.release)
    default = f"gtap-{year}" if year else "gtap"
    title = default if name is None else name
    benchmark = _benchmark(data, structure, armington, title, tariffs)
    off = np.abs(benchmark.gdp / gdp(data) - 1).max()
    refuse_if(off > GDP_TOLERANCE, "GDP of the benchmark is not that of the base data",
              file=data.files["base data"], value=f"{off:.2e}",
              allowed=f"{GDP_TOLERANCE:g}")  # fmt: skip
    if not merged:
        # Nearer to the Cobb-Douglas limit than that the function is not told apart from it.
        least = np.maximum(data["SUBP"].T, LOWEST_SUBSTITUTION)
        demand = with_household_demand(benchmark, least, expansion=data["INCP"].T)
        raised = int((data["SUBP"] < LOWEST_SUBSTITUTION).sum())
        notes = (f"SUBPAR below {LOWEST_SUBSTITUTION:g}, nearly Cobb-Douglas, is taken for that: "
                 f"{raised} of {least.size}.",) if raised else ()  # fmt: skip
        # The note on elasticities says the rest.
        benchmark = replace(demand, notes=(*benchmark.notes, *notes))
    if elasticities is not None and chosen != armington:
        benchmark = with_elasticity_set(benchmark, elasticities)
        origin = {**benchmark.origin, "elasticities": chosen}
        benchmark = replace(benchmark, origin=origin)
    return Calibration(benchmark, report)


def _report(data: GtapData, found: pd.DataFrame) -> pd.DataFrame:
    """Identities as rows of a report on calibration."""
    return pd.DataFrame({
        "step": found["identity"], "cells": found["accounts"], "value": found["gap"],
        "share_of_total": found["share"], "note": "most at " + found["cell"].where(
            found["cell"] != "", "the world"),
    })  # fmt: skip


def _benchmark(
    data: GtapData, structure: str, armington: str, name: str, tariffs: str
) -> Benchmark:
    """The benchmark of GTAP data whose identities hold."""
    d = data
    region_names = safe_names(d.regions, "regions")
    sector_names = safe_names(d.commodities, "sectors")
    order, standard = _factor_order(d), structure == STRUCTURES[0]
    factors = tuple(factor_codes(d)[k] for k in order)
    world = (StandardTrade(d, tuple(sector_names)) if standard
             else _Deliveries(d, tariffs == TARIFFS[1]))  # fmt: skip
    flows, fob = world.flows, world.flows + world.export_tax
    inputs, final = np.split(world.purchases, [len(d.commodities)], axis=1)
    input_tax, final_tax = np.split(world.user_tax, [len(d.commodities)], axis=1)
    of_goods = world.technology.by_commodity
    paid, with_tax = (of_goods(one[order]).transpose(2, 1, 0) for one in (earned(d), d["EVFP"]))
    payments = np.where(paid > 0, paid, with_tax)
    output = flows.sum(axis=(0, 3))
    costs = (inputs + input_tax).sum(axis=0).T + with_tax.sum(axis=2)
    axes = Axes(tuple(region_names), tuple(sector_names), world.classes, factors, AGENTS)
    final, final_tax = final.transpose(2, 1, 0), final_tax.transpose(2, 1, 0)
    absorption = (final + final_tax).sum(axis=(1, 2))
    value_added = output.sum(axis=1) - inputs.sum(axis=(0, 1))
    border = world.tariff.sum(axis=(0, 1, 2)) + world.export_tax.sum(axis=(0, 2, 3))
    balance = absorption - value_added - (border + world.on_bundles) - final_tax.sum(axis=(1, 2))
    saving = None
    if standard:
        invested = (final + final_tax).sum(axis=2)[:, AGENTS.index("INV")]
        on_income = of_goods((d["EVFB"] - d["EVOS"])[order]).transpose(2, 1, 0)
        saving = regional_saving(d, invested, balance, ratio(on_income, payments))
    return Benchmark(
        name=name, status="user", notes=_notes(d, armington, world, tariffs == TARIFFS[1]),
        regions=axes.regions, sectors=axes.sectors, factors=factors, agents=AGENTS,
        use_classes=world.classes, sector_class=world.sector_class,
        agent_class=tuple(use_class for _, use_class in BUYERS.values()), flows=flows,
        export_tax=ratio(world.export_tax, flows), tariff=ratio(world.tariff, fob + world.carried),
        intermediate=inputs.transpose(2, 0, 1),
        intermediate_tax=ratio(input_tax, inputs).transpose(2, 0, 1), final=final,
        final_tax=ratio(final_tax, final), factor_payments=payments,
        factor_tax=ratio(with_tax - payments, payments),
        output_tax=ratio(output - costs, output), balance=balance,
        elasticities=_elasticities(d, axes, armington, world), bundles=world.bundles, saving=saving,
        groups=_groups(d, factors),
        names={"regions": region_names, "sectors": sector_names},
        origin={"table": name, "year": str(year_in(d.release) or ""), "aggregation": "full",
                "tariffs": f"{tariffs} of GTAP", "elasticities": armington or GTAP},
    )  # fmt: skip


class _Deliveries:
    """Who buys what from where, and the taxes on it.

    Users are the commodities, as which activities are taken, and the agents.

    Parameters
    ----------
    data : GtapData
    at_border : bool
        Whether users' taxes on imports beyond those on domestic goods are in tariffs.
    """

    classes = CLASSES
    bundles = None
    #: Revenue of taxes on bundles of imports, and value of what transport adds: there are none.
    on_bundles, carried = 0.0, 0.0

    def __init__(self, data: GtapData, at_border: bool) -> None:
        self.sector_class = ("int",) * len(data.commodities)
        d, technology = data, Technology(data)
        self.technology = technology
        home, abroad = technology.bought("VD", "B"), technology.bought("VM", "B")
        taxed_home, taxed_abroad = technology.bought("VD", "P"), technology.bought("VM", "P")
        self.user_tax = tax(taxed_home + taxed_abroad, home + abroad)
        bought = abroad.sum(axis=1)
        of_user = ratio(abroad, bought[:, None])
        # What transport costs on a flow, in GTAP's proportions of margins; c, s, d.
        of_flow = ratio(d["VTWR"], d["VTWR"].sum(axis=0))
        margins = (of_flow * np.maximum(d["VCIF"] - d["VFOB"], 0.0)).sum(axis=2)  # m, c, d
        on_exports, on_imports = tax(d["VFOB"], d["VXSB"]), tax(d["VMSB"], d["VCIF"])
        place = [d.commodities.index(code) for code in d.margins]
        services = np.zeros_like(home)
        services[place] = np.einsum("mcd,ckd->mkd", margins, of_user)
        imported = np.where(bought > 0, (d["VXSB"] + on_exports + on_imports).sum(axis=1), 0.0)
        #: Purchases with tariffs, without user taxes, (c, user, d).
        self.purchases = home + of_user * imported[:, None] + services

        klass = np.zeros((len(CLASSES), home.shape[1]))
        klass[0, : len(d.commodities)] = 1
        klass[1:, len(d.commodities) :] = np.eye(len(AGENTS))
        share = np.einsum("uk,ckd->ucd", klass, of_user)
        own = np.arange(len(d.regions))
        supply = ratio(margins_made(d), margins_made(d).sum(axis=1)[:, None])
        flows = np.einsum("csd,ucd->uscd", d["VXSB"], share)
        flows += np.einsum("cs,uk,ckd->uscd", supply, klass, services)
        flows[:, own, :, own] += np.einsum("uk,ckd->duc", klass, home)
        export_tax = np.einsum("csd,ucd->uscd", on_exports, share)
        tariff = np.einsum("csd,ucd->uscd", on_imports, share)
        of_class = [np.einsum("uk,ckd->ucd", klass, x) for x in (home, abroad)]
        paid = [np.einsum("uk,ckd->ucd", klass, x - y)
                for x, y in ((taxed_home, home), (taxed_abroad, abroad))]  # fmt: skip
        rate = ratio(paid[0], of_class[0])
        #: What would be paid at the border if imports were then taxed as domestic goods, (u, c, d).
        self.beyond = ratio(paid[1] - rate * of_class[1], 1 + rate)
        if at_border:
            moved = abroad * np.einsum("uk,ucd->ckd", klass, ratio(self.beyond, of_class[1]))
            self.purchases, self.user_tax = self.purchases + moved, self.user_tax - moved
            origin = ratio(d["VMSB"], d["VMSB"].sum(axis=1)[:, None])
            tariff += np.einsum("csd,ucd->uscd", origin, self.beyond)
        tariff[:, own, :, own] += export_tax[:, own, :, own]
        export_tax[:, own, :, own] = 0.0
        #: Deliveries at basic prices, and revenue on them, (u, r, i, s).
        self.flows, self.export_tax, self.tariff = flows, export_tax, tariff


def factor_codes(data: GtapData) -> tuple[str, ...]:
    """Endowments in the order of the data, capital under the code that the model knows it by."""
    names = [*safe_names(data.endowments, "factors")]
    capital = [names[data.endowments.index(code)] for code in data.capital] or [
        code for code in names if code.lower().startswith("cap")
    ]
    return tuple(CAPITAL if [code] == capital else code for code in names)


def _factor_order(data: GtapData) -> list[int]:
    """Endowments in the order of a benchmark: labour first, the larger before the smaller.

    The first factor is the one of the real wage, and of the market that Walras' law leaves out.
    """
    d, labour = data, _labour(data)
    earned = d["EVFB"].sum(axis=(1, 2))
    places = range(len(d.endowments))
    return sorted(places, key=lambda k: (d.endowments[k] not in labour, -earned[k]))


def _labour(data: GtapData) -> list[str]:
    """Endowments that are labour: those called so, else what is mobile and no capital."""
    d = data
    capital = [code for code in d.endowments if code in d.capital or code.lower()[:3] == "cap"]
    return [*d.labour] or [
        code for code in d.endowments if d.mobility[code] == "mobile" and code not in capital
    ]


def _groups(data: GtapData, factors: tuple[str, ...]) -> dict[str, dict[str, tuple[str, ...]]]:
    """All kinds of labour as the group that scenarios and disruptions know labour by."""
    labour = factors[: len(_labour(data))]
    return {"factors": {LABOUR: labour}} if labour and LABOUR not in factors else {}


def _elasticities(
    data: GtapData, axes: Axes, armington: str, world: StandardTrade | _Deliveries
) -> dict[str, Elasticities]:
    """Elasticities of the parameter file, the same in both horizons."""
    d = data
    costs = ratio(d["MAKS"], d["MAKS"].sum(axis=1)[:, None])

    def of_firms(name: str) -> Array:
        return np.einsum("ar,car->rc", d[name], costs)

    spent = d["VDPP"] + d["VMPP"]
    by_agent = np.ones(axes.shape("sd"))
    # Where SUBPAR is the same for all goods, the CDE is a CES of 1 - SUBPAR.
    by_agent[:, 0] = (ratio(spent, spent.sum(axis=0)[None]) * (1 - d["SUBP"])).sum(axis=0)
    # In version 6.2 a government's spending has fixed shares, and investment fixed proportions.
    by_agent[:, 1] = d.parameters.get("ESBG", by_agent[:, 1])
    by_agent[:, 2] = d.parameters.get("ESBI", np.zeros(len(axes.regions)))
    moves = {"mobile": np.full_like(d["ETRE"], np.inf), "fixed": np.zeros_like(d["ETRE"]),
             "sluggish": np.maximum(np.abs(d["ETRE"]), SLUGGISH)}  # fmt: skip
    transformation = np.stack([moves[d.mobility[code]][e] for e, code in enumerate(d.endowments)])
    top = of_firms("ESBT")
    among = np.array(np.broadcast_to(d[armington or "ESBM"][None], axes.shape("uis")))
    if isinstance(world, StandardTrade):
        among = world.armington(axes, armington)
    values: dict[str, Any] = {
        "armington": among,
        "intermediate": of_firms("ESBC") if "ESBC" in d.parameters else top,
        "value_added": of_firms("ESBV"), "top": top, "final": by_agent,
        "agents": 1.0, "transformation": transformation[_factor_order(d)].T,
    }  # fmt: skip
    return dict.fromkeys(HORIZONS, Elasticities.from_values(values, axes))


def _notes(
    data: GtapData, armington: str, world: StandardTrade | _Deliveries, at_border: bool
) -> tuple[str, ...]:
    """What every output must say: the data, and what of them is merged or left out."""
    d, taxes = data, tax_revenue(data)
    total = gdp(d).sum()
    income_tax = float(taxes["income"].sum() / total)
    notes = [
        f"Data: GTAP {d.release or 'of unknown release'}, headers of version {d.version}; licensed "
        "by the Center for Global Trade Analysis, not shipped.",
        *(_of_standard(armington, returns_alike(d)) if isinstance(world, StandardTrade)
          else _of_merged(d, armington, world, at_border)),
        f"Income taxes, {income_tax:.1%} of world GDP, are part of factor income.",
    ]  # fmt: skip
    if world.technology.joint:
        notes.append("Activities that make several commodities: each commodity has the mean cost "
                     "structure of those that make it (industry technology).")  # fmt: skip
    return tuple(notes)


def _of_standard(armington: str, equal_returns: bool) -> list[str]:
    """What must be said where trade, taxes and demand are those of the standard model."""
    levels = (
        f"{armington} of GTAP at both levels, between home and imports and among sources"
        if armington else "ESBD of GTAP between home and imports, ESBM among sources, ESBS among "
        "suppliers of transport"
    )  # fmt: skip
    returns = "expected rates of return move alike (RORDELTA 1)" if equal_returns else (
        "net investment grows alike in all regions (RORDELTA 0)")  # fmt: skip
    return [
        f"Elasticities: {levels}; households' demand by SUBPAR and INCPAR.",
        "Regions save a part of their income, and what the world saves is invested so that "
        f"{returns}; equivalent variation is that of private and government consumption and "
        "saving.",
        "The use class of a sector or an agent buys at home and from the bundle of imports: "
        "'tariff' at home is the tax of the class on domestic goods, 'import_use_tax' that on "
        "imports.",
    ]  # fmt: skip


def _of_merged(data: GtapData, armington: str, world: _Deliveries, at_border: bool) -> list[str]:
    """What must be said where trade and taxes are merged in use classes."""
    d = data
    own = np.arange(len(d.regions))
    inside = float(ratio(d["VXSB"][:, own, own].sum(), d["VXSB"].sum()))
    margins = float(ratio(d["VTWR"].sum(), d["VCIF"].sum()))
    excess, imports = world.beyond.sum(axis=(0, 1)), d["VMSB"].sum(axis=(0, 1))
    where = int(ratio(excess, imports).argmax())
    beyond, most = (float(ratio(excess[k].sum(), imports[k].sum())) for k in (slice(None), where))
    kept = (
        "in tariffs: scenarios that move tariffs move them too." if at_border else
        "in one tax of each user on both; revenue is kept, the difference between the two is not "
        "(the structure 'standard' keeps it)."
    )  # fmt: skip
    notes = [
        f"Taxes of users on imports beyond those on domestic goods, {beyond:.1%} of imports, "
        f"{most:.1%} in {d.regions[where]}, are {kept}",
        "All firms of a region import the same share of a good; in GTAP each activity has its own.",
        f"Transport margins, {margins:.1%} of imports, are services that users of imports buy from "
        "their suppliers; tariffs are on prices free on board, at rates that bring GTAP's revenue.",
        f"Elasticities: {armington} of GTAP among all origins, home included (GTAP has ESBD "
        "between home and imports and ESBM among these); among households' goods the mean of 1 - "
        "SUBPAR; income elasticities (INCPAR) are not carried: demand is homothetic.",
        "Saving, depreciation and the stock of capital are not carried: investment is final "
        "demand, and what a region spends beyond its GDP is held.",
    ]
    if inside > 1e-6:
        notes.append(f"Trade of regions within themselves, {inside:.1%} of world exports, is part "
                     "of home deliveries, and so are its tariffs and export taxes.")  # fmt: skip
    return notes

"""Headers of the GTAP base data and parameters, in the standard model 7 and in 6.2.

Sources: Corong, Hertel, McDougall, Tsigas and van der Mensbrugghe (2017), "The Standard GTAP Model,
Version 7", Journal of Global Economic Analysis 2(1), 1-119, appendix on data and parameters; Hertel
and Tsigas, "Structure of GTAP", chapter 2 of Hertel (ed., 1997), Global Trade Analysis, for the
names of version 6.2. Axis letters: `c` commodity, `a` activity, `r` region, `s` exporter, `d`
importer, `e` endowment, `m` margin commodity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class GtapHeader:
    """A coefficient of the GTAP model and where it stands.

    Parameters
    ----------
    name : str
        Header, and coefficient, in version 7.
    axes : str
        Letters of its dimensions there.
    meaning : str
    older : str
        Header in version 6.2; empty where it has none.
    """

    name: str
    axes: str
    meaning: str
    older: str = ""


#: Values of the base data, in the currency unit of the data base (million US dollars).
VALUES: tuple[GtapHeader, ...] = (
    GtapHeader("VDFB", "car", "firms' purchases of domestic goods, basic prices", "VDFM"),
    GtapHeader("VDFP", "car", "the same, purchasers' prices", "VDFA"),
    GtapHeader("VMFB", "car", "firms' purchases of imports, basic prices", "VIFM"),
    GtapHeader("VMFP", "car", "the same, purchasers' prices", "VIFA"),
    GtapHeader("VDPB", "cr", "households' purchases of domestic goods, basic prices", "VDPM"),
    GtapHeader("VDPP", "cr", "the same, purchasers' prices", "VDPA"),
    GtapHeader("VMPB", "cr", "households' purchases of imports, basic prices", "VIPM"),
    GtapHeader("VMPP", "cr", "the same, purchasers' prices", "VIPA"),
    GtapHeader("VDGB", "cr", "government's purchases of domestic goods, basic prices", "VDGM"),
    GtapHeader("VDGP", "cr", "the same, purchasers' prices", "VDGA"),
    GtapHeader("VMGB", "cr", "government's purchases of imports, basic prices", "VIGM"),
    GtapHeader("VMGP", "cr", "the same, purchasers' prices", "VIGA"),
    GtapHeader("VDIB", "cr", "investors' purchases of domestic goods, basic prices"),
    GtapHeader("VDIP", "cr", "the same, purchasers' prices"),
    GtapHeader("VMIB", "cr", "investors' purchases of imports, basic prices"),
    GtapHeader("VMIP", "cr", "the same, purchasers' prices"),
    GtapHeader("EVFB", "ear", "firms' purchases of endowments, basic prices", "VFM"),
    GtapHeader("EVFP", "ear", "the same, purchasers' prices", "EVFA"),
    GtapHeader("EVOS", "ear", "endowments' income after income taxes", "EVOA"),
    GtapHeader("VXSB", "csd", "exports but of margins, basic prices", "VXMD"),
    GtapHeader("VFOB", "csd", "the same, free on board", "VXWD"),
    GtapHeader("VCIF", "csd", "imports, with cost, insurance and freight", "VIWS"),
    GtapHeader("VMSB", "csd", "the same, basic prices: with tariffs", "VIMS"),
    GtapHeader("VST", "mr", "exports of margins for transport between regions", "VST"),
    GtapHeader("VTWR", "mcsd", "margins on a trade flow", "VTWR"),
    GtapHeader("MAKS", "car", "what an activity makes of a commodity, before output tax"),
    GtapHeader("MAKB", "car", "the same, basic prices: with output tax"),
    GtapHeader("SAVE", "r", "saving, net of depreciation", "SAVE"),
    GtapHeader("VDEP", "r", "depreciation", "VDEP"),
    GtapHeader("VKB", "r", "capital at the beginning of the period", "VKB"),
    GtapHeader("POP", "r", "population, million", "POP"),
)

#: Parameters; those of version 6.2 have no region.
PARAMETERS: tuple[GtapHeader, ...] = (
    GtapHeader("ESBD", "cr", "ESUBD: between domestic goods and imports", "ESBD"),
    GtapHeader("ESBM", "cr", "ESUBM: among sources of imports", "ESBM"),
    GtapHeader("ESBV", "ar", "ESUBVA: among endowments", "ESBV"),
    GtapHeader("ESBT", "ar", "ESUBT: between value added and inputs", "ESBT"),
    GtapHeader("ESBC", "ar", "ESUBC: among inputs"),
    GtapHeader("ETRQ", "ar", "ETRAQ: among what an activity makes"),
    GtapHeader("ESBQ", "cr", "ESUBQ: among activities that make a commodity"),
    GtapHeader("INCP", "cr", "INCPAR: expansion, constant difference of elasticities", "INCP"),
    GtapHeader("SUBP", "cr", "SUBPAR: substitution, constant difference of elasticities", "SUBP"),
    GtapHeader("ESBG", "r", "ESUBG: among government's purchases"),
    GtapHeader("ESBI", "r", "ESUBI: among investors' purchases"),
    GtapHeader("ESBS", "m", "ESUBS: among suppliers of margins"),
    GtapHeader("ETRE", "er", "ETRAE: of an endowment among activities", "ETRE"),
    GtapHeader("RFLX", "r", "RORFLEX: of the expected rate of return to capital", "RFLX"),
    GtapHeader("RDLT", "", "RORDELTA: how saving of the world is invested", "RDLT"),
    GtapHeader("EFLG", "ex", "ENDOWFLAG: mobile, sluggish or fixed (a column each)"),
    GtapHeader("SLUG", "e", "SLUG: 1 for a sluggish endowment", "SLUG"),
)

#: Set of each axis letter by version, for messages and checks against the file of sets.
SETS: Mapping[str, str] = {"c": "COMM", "a": "ACTS", "r": "REG", "s": "REG", "d": "REG",
                           "e": "ENDW", "m": "MARG"}  # fmt: skip

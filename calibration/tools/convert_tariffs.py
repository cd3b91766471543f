"""Build the applied tariff files of the two benchmark tables from the raw tariff data.

Usage::

    python calibration/tools/convert_tariffs.py --raw DIR [--out calibration/tariffs]

Writes ``wiod2013_applied.csv.gz``, ``wiod2014_applied.csv.gz`` and the concordances used, and
prints trade-weighted averages by importer and the number of cells by rule. The rules are described
in ``calibration/tariffs/provenance.yaml``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sector_maps import (
    CP_TO_WIOD2013,
    CP_TO_WIOD2014,
    EU27,
    EU28,
    GOODS_2013,
    GOODS_2014,
    GTAP_TO_WIOD2013,
    GTAP_TO_WIOD2014,
    cp_weights,
    gtap_weights,
    read_us_imports,
    read_wiod_flows,
    write_gzip_csv,
)

MFN_EXPORTERS = ["ARG", "AUS", "BRA", "CAN", "CHN", "JPN", "RUS", "USA"]
"""Exporters that pay most-favoured-nation rates in most markets of the source."""

AGREEMENTS = {
    frozenset(pair.split("-"))
    for pair in [
        "USA-CAN",
        "USA-AUS",
        "RUS-BLR",
        "RUS-KAZ",
        "ARG-BRA",
        "IDN-AUS",
        "IDN-CHN",
        "IDN-JPN",
        "JPN-CHE",
        "JPN-IND",
        "CAN-CHE",
        "CAN-NOR",
    ]
}
"""Pairs with an agreement in force in 2013: left out of the most-favoured-nation averages."""

ROW_POOL = ["ARG", "BLR", "BRA", "EGY", "IDN", "KAZ", "TUR"]
"""Middle-income importers that stand for the rest of the world."""

ROW_CAP = 1.0
"""Ceiling on the rates that enter the rest-of-world pool (a few alcohol duties are far above)."""

IMPORTERS_2005 = ["KOR", "MEX"]
"""Importers taken from the 2005 data set."""

AGRI_FOOD = {"c1", "c3", "A01", "A02", "A03", "C10-C12"}
"""Sectors that the simple free-trade-agreement rules leave at the most-favoured-nation rate."""

GTAP_NAMES = {"omn": "oxt", "crp": "chm"}
"""Source codes that the GTAP 10 sector list names differently."""


@dataclass(frozen=True)
class Table:
    """What differs between the two benchmark tables.

    Parameters
    ----------
    name
        Name of the table.
    goods
        Sectors that carry tariffs.
    members
        Members of the European Union in the benchmark year.
    gtap
        Weights of the GTAP sectors (``gtap_sector``, ``sector``, ``weight``).
    cp
        Weights of the 2005 sectors (``source_sector``, ``sector``, ``weight``).
    korea_fta
        Whether Korea's agreements with the European Union and the United States apply.
    regions
        Region codes.
    flows
        Imports by exporter, sector and importer.
    """

    name: str
    goods: list[str]
    members: list[str]
    gtap: pd.DataFrame
    cp: pd.DataFrame
    korea_fta: bool
    regions: list[str]
    flows: np.ndarray


class Source2013:
    """Bilateral applied tariffs and imports by GTAP sector, about 2013.

    Parameters
    ----------
    raw
        Directory of the raw data.
    """

    def __init__(self, raw: Path) -> None:
        tidy = pd.read_csv(raw / "tariffs_2013" / "tariffs_2013_tidy.csv.gz")
        self.countries = sorted(tidy["importer"].unique())
        self.sectors = list(tidy["gtap_sector"].unique())
        n, k = len(self.countries), len(self.sectors)
        row = {c: i for i, c in enumerate(self.countries)}
        at = (
            tidy["importer"].map(row).to_numpy(),
            tidy["exporter"].map(row).to_numpy(),
            tidy["gtap_sector"].map({s: i for i, s in enumerate(self.sectors)}).to_numpy(),
        )
        self.imports = np.zeros((n, n, k))
        self.rates = np.full((n, n, k), np.nan)
        self.imports[at] = tidy["imports_kusd"]
        self.rates[at] = tidy["tariff_pct"] / 100
        self.mfn_pair = np.array(
            [
                [e in MFN_EXPORTERS and e != i and frozenset((i, e)) not in AGREEMENTS for e in row]
                for i in row
            ]
        )
        self.marked = np.isnan(self.rates) & ~np.eye(n, dtype=bool)[:, :, None]
        for i, country in enumerate(self.countries):
            level = self._by_gtap([country], self.countries, mfn=True)[0]
            self.rates[i] = np.where(self.marked[i], level, self.rates[i])

    def index(self, names: list[str]) -> list[int]:
        """Positions of countries.

        Parameters
        ----------
        names
            Country codes.

        Returns
        -------
        list of int
            Positions in ``countries``.
        """
        return [self.countries.index(c) for c in names]

    def world_imports(self) -> pd.Series:
        """World imports by GTAP sector.

        Returns
        -------
        pandas.Series
            Imports (thousand USD) by GTAP sector.
        """
        return pd.Series(self.imports.sum(axis=(0, 1)), index=self.sectors)

    def _by_gtap(
        self, importers: list[str], exporters: list[str], mfn: bool, cap: float = np.inf
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pooled rates and imports by GTAP sector."""
        block = np.ix_(self.index(importers), self.index(exporters))
        known = ~np.isnan(self.rates[block])
        if mfn:
            known &= self.mfn_pair[block][:, :, None]
        rates = np.where(known, np.minimum(self.rates[block], cap), 0.0)
        imports = np.where(known, self.imports[block], 0.0)
        total, duty = imports.sum(axis=(0, 1)), (imports * rates).sum(axis=(0, 1))
        simple = rates.sum(axis=(0, 1)) / np.maximum(known.sum(axis=(0, 1)), 1)
        return np.where(total > 0, duty / np.where(total > 0, total, 1), simple), total

    def pooled(
        self,
        importers: list[str],
        exporters: list[str],
        weights: np.ndarray,
        *,
        mfn: bool = False,
        cap: float = np.inf,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rates by model sector of a group of importers from a group of exporters.

        Parameters
        ----------
        importers, exporters
            Country codes; pairs of a country with itself do not count.
        weights
            Share of each GTAP sector (row) in each model sector (column).
        mfn
            Count only the pairs that pay most-favoured-nation rates.
        cap
            Ceiling on the bilateral rates.

        Returns
        -------
        rates : numpy.ndarray
            Ad valorem rates (fractions) by model sector.
        traded : numpy.ndarray
            Whether the pair's own imports gave the weights; if not, the importers' imports from
            everywhere did, or world imports where the importers have none.
        """
        level, own = self._by_gtap(importers, exporters, mfn, cap)
        everywhere = self.imports[self.index(importers)].sum(axis=(0, 1))
        rates = np.full(weights.shape[1], np.nan)
        for size in (own, everywhere, self.imports.sum(axis=(0, 1))):
            base = size @ weights
            value = (size * level) @ weights / np.where(base > 0, base, 1)
            rates = np.where(np.isnan(rates) & (base > 0), value, rates)
        return rates, own @ weights > 0


class Source2005:
    """Korea's and Mexico's applied tariffs of 2005, on the goods sectors of a benchmark table.

    Parameters
    ----------
    raw
        Directory of the raw data.
    table
        Benchmark table.
    """

    def __init__(self, raw: Path, table: Table) -> None:
        data = pd.read_csv(raw / "tariffs_2005_kor_mex" / "tariffs.csv")
        merged = data.merge(table.cp, left_on="sector", right_on="source_sector")
        merged["part"] = merged["tariff_pct"] / 100 * merged["weight"]
        keys = ["importer", "exporter", "sector_y"]
        wide = merged.groupby(keys)["part"].sum().unstack()[table.goods]
        self._rates: dict[tuple[str, str], np.ndarray] = dict(
            zip(wide.index, wide.to_numpy(), strict=True)
        )
        self._table = table

    def has(self, importer: str, exporter: str) -> bool:
        """Whether the source names the pair.

        Parameters
        ----------
        importer, exporter
            Region codes.

        Returns
        -------
        bool
            True if it does.
        """
        return (importer, exporter) in self._rates

    def rates(self, importer: str, exporter: str) -> np.ndarray:
        """Rates of a pair.

        Parameters
        ----------
        importer, exporter
            Region codes.

        Returns
        -------
        numpy.ndarray
            Rates (fractions) by goods sector.
        """
        return self._rates[importer, exporter]

    def mean(self, importer: str, exporters: list[str]) -> np.ndarray:
        """Mean rates over exporters, weighted with the flows of the benchmark table.

        Parameters
        ----------
        importer
            Region code.
        exporters
            Region codes; those the source lacks are left out.

        Returns
        -------
        numpy.ndarray
            Rates (fractions) by goods sector.
        """
        known = [e for e in exporters if e in self._table.regions and self.has(importer, e)]
        position = self._table.regions.index
        flows = self._table.flows[[position(e) for e in known], :, position(importer)]
        values = np.array([self.rates(importer, e) for e in known])
        mean: np.ndarray = (values * flows).sum(axis=0) / flows.sum(axis=0)
        return mean


class Builder:
    """Fills every cell of one benchmark table's tariff file.

    Parameters
    ----------
    table
        Benchmark table.
    source
        Tariffs of about 2013.
    raw
        Directory of the raw data.
    """

    def __init__(self, table: Table, source: Source2013, raw: Path) -> None:
        self.table, self.source = table, source
        self.older = Source2005(raw, table)
        wide = table.gtap.pivot(index="gtap_sector", columns="sector", values="weight").fillna(0)
        self.weights = wide.loc[source.sectors, table.goods].to_numpy()
        self.members = [c for c in source.countries if c in EU27]
        self.agri = np.array([s in AGRI_FOOD for s in table.goods])
        self.marked = np.einsum("ieg,gs->ies", source.marked, self.weights > 0)

    def _filled(self, rates: np.ndarray, rule: str) -> tuple[np.ndarray, list[str]]:
        return rates, [rule] * len(self.table.goods)

    def _free(self, rates: np.ndarray, rule: str) -> tuple[np.ndarray, list[str]]:
        """Apply a free-trade agreement that leaves agriculture and food as they are."""
        rules = ["mfn" if agri else rule for agri in self.agri]
        return np.where(self.agri, rates, 0.0), rules

    def _from_2005(self, importer: str, exporter: str) -> tuple[np.ndarray, list[str]]:
        table, older = self.table, self.older
        if older.has(importer, exporter):
            rates, rules = self._filled(older.rates(importer, exporter), "source_2005")
        elif exporter in table.members:
            rates, rules = self._filled(older.mean(importer, table.members), "eu_2005")
        else:
            rates, rules = self._filled(older.rates(importer, "ROW"), "row_2005")
        if table.korea_fta and importer == "KOR" and exporter in [*table.members, "USA"]:
            rates = np.where(self.agri, rates, 0.0)
            rules = [r if agri else "fta_kor" for r, agri in zip(rules, self.agri, strict=True)]
        return rates, rules

    def _taiwan(self) -> tuple[np.ndarray, list[str]]:
        japan = self.source.pooled(["JPN"], MFN_EXPORTERS, self.weights, mfn=True)[0]
        korea = self.older.mean("KOR", MFN_EXPORTERS)
        return self._filled(np.where(self.agri, japan, (japan + korea) / 2), "twn_jpn_kor")

    def _missing_exporter(
        self, importers: list[str], importer: str, exporter: str, cap: float
    ) -> tuple[np.ndarray, list[str]]:
        table, source = self.table, self.source
        if exporter in table.members:
            rates = source.pooled(importers, self.members, self.weights, cap=cap)[0]
            return self._filled(rates, "eu_exporter")
        rates = source.pooled(importers, MFN_EXPORTERS, self.weights, mfn=True, cap=cap)[0]
        if exporter == "MEX" and importer in ("USA", "CAN"):
            return self._filled(np.zeros_like(rates), "nafta")
        if exporter == "MEX" and importer in [*table.members, "CHE", "NOR"]:
            return self._free(rates, "fta_mex")
        if exporter == "KOR" and table.korea_fta and importer in [*table.members, "USA"]:
            return self._free(rates, "fta_kor")
        return self._filled(rates, "mfn")

    def cells(self, importer: str, exporter: str) -> tuple[np.ndarray, list[str]]:
        """Rates and rules of one pair of regions.

        Parameters
        ----------
        importer, exporter
            Region codes.

        Returns
        -------
        rates : numpy.ndarray
            Ad valorem rates (fractions) by goods sector.
        rules : list of str
            Rule that gave each rate.
        """
        table, source = self.table, self.source
        known = [*self.members] + [c for c in source.countries if c not in EU28]
        if importer in table.members and exporter in table.members:
            return self._filled(np.zeros(len(table.goods)), "eu_internal")
        if importer in IMPORTERS_2005:
            return self._from_2005(importer, exporter)
        if importer == "TWN":
            return self._taiwan()
        if importer == "ROW":
            importers, cap, pool_rule = ROW_POOL, ROW_CAP, "row_pool"
        elif importer not in known:
            importers, cap, pool_rule = self.members, np.inf, "eu_cet"
        else:
            importers, cap, pool_rule = [importer], np.inf, ""
        if exporter not in source.countries:
            rates, rules = self._missing_exporter(importers, importer, exporter, cap)
        else:
            rates, traded = source.pooled(importers, [exporter], self.weights, cap=cap)
            basis = np.where(traded, "applied", "importer_weights")
            rules = [str(r) for r in np.where(importer == "IND", "suspect", basis)]
            if not pool_rule:
                pair = source.index([importer])[0], source.index([exporter])[0]
                rules = [
                    "embargo" if mark else rule
                    for mark, rule in zip(self.marked[pair], rules, strict=True)
                ]
        agreements = {"nafta", "fta_mex", "fta_kor"}
        return rates, [r if not pool_rule or r in agreements else pool_rule for r in rules]

    def build(self) -> pd.DataFrame:
        """Fill the table.

        Returns
        -------
        pandas.DataFrame
            Columns ``importer``, ``exporter``, ``sector``, ``rate``, ``status``, ``rule``.
        """
        frames = []
        for importer in self.table.regions:
            for exporter in self.table.regions:
                if importer == exporter:
                    continue
                rates, rules = self.cells(importer, exporter)
                frames.append(
                    pd.DataFrame(
                        {
                            "importer": importer,
                            "exporter": exporter,
                            "sector": self.table.goods,
                            "rate": np.round(rates, 6),
                            "rule": rules,
                        }
                    )
                )
        result = pd.concat(frames, ignore_index=True)
        both = result["importer"].isin(self.members) & result["exporter"].isin(self.members)
        result.loc[both, "rule"] = "applied"
        read = {"applied", "importer_weights", "source_2005", "suspect"}
        result["status"] = np.where(result["rule"].isin(read), "source", "filled")
        return result[["importer", "exporter", "sector", "rate", "status", "rule"]]


def averages(table: Table, tariffs: pd.DataFrame, source: Source2013) -> pd.DataFrame:
    """Trade-weighted average tariff of each importer.

    Parameters
    ----------
    table
        Benchmark table.
    tariffs
        Result of :meth:`Builder.build`.
    source
        Tariffs of about 2013.

    Returns
    -------
    pandas.DataFrame
        Per cent: ``source`` weighted with the source's own imports over its partners, ``file``
        weighted with the flows of the benchmark table over all regions.
    """
    shape = len(table.regions), len(table.goods), len(table.regions)
    rates = np.zeros(shape)
    where = {r: i for i, r in enumerate(table.regions)}
    at = (
        tariffs["exporter"].map(where).to_numpy(),
        tariffs["sector"].map({s: i for i, s in enumerate(table.goods)}).to_numpy(),
        tariffs["importer"].map(where).to_numpy(),
    )
    rates[at] = tariffs["rate"]
    foreign = table.flows * (1 - np.eye(shape[0]))[:, None, :]
    file = (rates * foreign).sum(axis=(0, 1)) / foreign.sum(axis=(0, 1))
    duty = np.nansum(source.rates * source.imports, axis=(1, 2)) / source.imports.sum(axis=(1, 2))
    own = pd.Series(duty * 100, index=source.countries)
    result = pd.DataFrame({"file": file * 100}, index=table.regions)
    result.insert(0, "source", own.reindex(table.regions))
    return result.round(2)


def write_gtap_map(table: pd.DataFrame, names: pd.Series, path: Path) -> None:
    """Write a GTAP concordance with the names of the GTAP sectors.

    Parameters
    ----------
    table
        Result of :func:`sector_maps.gtap_weights`.
    names
        GTAP sector descriptions by lower-case code.
    path
        File to write.
    """
    described = [names[GTAP_NAMES.get(code, code)] for code in table["gtap_sector"]]
    named = table.assign(gtap_name=described)
    named.loc[named["gtap_sector"] == "crp", "gtap_name"] = "Chemicals, rubber and plastics"
    named.loc[named["gtap_sector"] == "ome", "gtap_name"] = (
        "Machinery and equipment nec, with electrical machinery and instruments"
    )
    named.loc[named["gtap_sector"] == "ele", "gtap_name"] = "Office and communication equipment"
    named[["gtap_sector", "gtap_name", "sector", "weight"]].to_csv(
        path, index=False, lineterminator="\n"
    )


def main() -> None:
    """Run the converter from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--raw", type=Path, required=True, help="directory of the raw data")
    parser.add_argument("--out", type=Path, default=Path("calibration/tariffs"))
    args = parser.parse_args()

    us_imports = read_us_imports(args.raw)
    source = Source2013(args.raw)
    listing = pd.read_csv(
        args.raw / "elasticities" / "gtap_sectorlist.csv", sep=";", encoding="latin-1"
    )
    names = listing.set_index(listing["code"].str.lower())["description"].str.split(":").str[0]
    settings = [
        ("wiod2013", GOODS_2013, EU27, GTAP_TO_WIOD2013, CP_TO_WIOD2013, False),
        ("wiod2014", GOODS_2014, EU28, GTAP_TO_WIOD2014, CP_TO_WIOD2014, True),
    ]
    for name, goods, members, gtap_map, cp_map, korea_fta in settings:
        gtap = gtap_weights(gtap_map, us_imports)
        cp = cp_weights(cp_map, us_imports, source.world_imports())
        regions, flows = read_wiod_flows(args.raw, name)
        table = Table(name, goods, members, gtap, cp, korea_fta, regions, flows)
        tariffs = Builder(table, source, args.raw).build()
        write_gtap_map(gtap, names, args.out / f"gtap_to_{name}.csv")
        cp.to_csv(args.out / f"cp2015_to_{name}.csv", index=False, lineterminator="\n")
        write_gzip_csv(tariffs, args.out / f"{name}_applied.csv.gz")
        print(f"\n{name}: {len(tariffs)} cells")
        print(tariffs.groupby(["status", "rule"]).size().to_string())
        print(averages(table, tariffs, source).to_string())


if __name__ == "__main__":
    main()

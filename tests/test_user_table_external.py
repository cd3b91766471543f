"""Tables from elsewhere: what pymrio reads, WIOD 2016, and folders of plain files.

The published files are not here; each layout is written out for a made-up world of two
regions, as its source documents it.
"""

from __future__ import annotations

import gzip
import re

import numpy as np
import pandas as pd
import pymrio
import pytest
import yaml

from cge import InputError, Model
from cge.data.sources.pymrio_table import read_pymrio
from cge.data.sources.raw_table import AGENTS
from cge.data.sources.user_table import (
    calibrate_folder,
    calibrate_table,
    folder_elasticities,
    folder_tariffs,
    read_folder,
)

REGIONS, SECTORS = ("CHN", "ROW"), ("AGR", "MAN", "SRV")
CATEGORIES = {
    "HH": "Final consumption expenditure by households",
    "NPISH": "Final consumption expenditure by non-profit organisations serving households",
    "GOV": "Final consumption expenditure by government",
    "GFCF": "Gross fixed capital formation",
    "INV": "Changes in inventories",
}


class World:
    """A made-up table: deliveries, final demand, wages and the rest of value added."""

    def __init__(self, product_tax: float = 0.02, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        r, i = len(REGIONS), len(SECTORS)
        self.z = rng.uniform(1.0, 10.0, (r, i, r, i))
        self.f = rng.uniform(5.0, 30.0, (r, i, r, len(AGENTS)))
        self.f[..., 4] = rng.uniform(-1.0, 2.0, (r, i, r))
        self.output = self.z.sum(axis=(2, 3)) + self.f.sum(axis=(2, 3))
        inputs = self.z.sum(axis=(0, 1))
        self.tax = product_tax * inputs
        self.value = self.output - inputs - self.tax
        self.wages = self.value * rng.uniform(0.4, 0.8, (r, i))

    @property
    def square(self):
        n = len(REGIONS) * len(SECTORS)
        return self.z.reshape(n, n), self.f.reshape(n, -1)

    def system(self, rows, categories=None, final=None):
        """Return the world as pymrio's parsers would."""
        z, f = self.square
        index = pd.MultiIndex.from_product([REGIONS, SECTORS], names=["region", "sector"])
        names = list((categories or CATEGORIES).values())
        columns = pd.MultiIndex.from_product([REGIONS, names], names=["region", "category"])
        unit = pd.DataFrame("Mill USD", index=index, columns=["unit"])
        extension = {}
        if rows:
            frame = pd.DataFrame(
                np.array([row.reshape(-1) for row in rows.values()]),
                index=pd.Index(rows, name="inputtype"), columns=index,
            )  # fmt: skip
            extension["factor_inputs"] = {
                "name": "factor_inputs",
                "F": frame,
                "unit": pd.DataFrame("Mill USD", index=frame.index, columns=["unit"]),
            }
        return pymrio.IOSystem(
            Z=pd.DataFrame(z, index=index, columns=index),
            Y=pd.DataFrame(f if final is None else final, index=index, columns=columns),
            unit=unit, **extension,
        )  # fmt: skip

    def parts(self):
        return {
            "Taxes less subsidies on products purchased: Total": self.tax,
            "Compensation of employees; wages, salaries": self.wages,
            "Operating surplus: Remaining net operating surplus": self.value - self.wages,
        }


@pytest.fixture
def world():
    return World()


def assert_read(table, world, labour=True):
    order = [table.regions.index(code) for code in REGIONS]
    pick = [table.sectors.index(code) for code in SECTORS]
    z = table.intermediate[order][:, pick][:, :, order][..., pick]
    np.testing.assert_allclose(z, world.z, rtol=1e-6)
    np.testing.assert_allclose(table.final[order][:, pick][:, :, order], world.f, rtol=1e-6)
    np.testing.assert_allclose(table.value_added[order][:, pick], world.value, rtol=1e-6)
    if labour:
        share = table.labour_share[order][:, pick]
        np.testing.assert_allclose(share, world.wages / world.value, rtol=1e-6)
        assert table.filled.empty
    else:
        assert (table.labour_share == 0.6).all()
        assert len(table.filled) == table.labour_share.size
        assert set(table.filled["rule"]) == {"default"}
    assert table.agents == AGENTS and table.inventories == ("INV",) and table.status == "user"


def test_pymrios_own_test_table_calibrates_solves_and_replicates():
    table = read_pymrio(pymrio.load_test(), year=2010)
    assert len(table.regions) == 6 and len(table.sectors) == 8
    assert table.unit == "million USD"
    # Its value added does not belong to its flows, which is said, not hidden.
    assert any("miss output by 97" in note for note in table.notes)
    calibration = calibrate_table(table, elasticities={"armington": 4.0})
    model = Model.build(calibration.benchmark)
    solution = model.solve()
    assert solution.diagnostics.iterations == 0
    np.testing.assert_allclose(solution.levels, model.arrays.start, rtol=1e-12)
    shocked = model.solve({"tariff[*, reg1, *, reg2]": 1.1})
    assert shocked.diagnostics.walras < 1e-9
    with pytest.raises(InputError, match=r"value_added.*miss output by.*'residual'"):
        read_pymrio(pymrio.load_test(), year=2010, value_added="rows")


def test_a_loaded_system_is_read_by_the_usual_names(world):
    table = read_pymrio(world.system(world.parts()), year=2015, name="mine")
    assert (table.name, table.year) == ("mine", 2015)
    assert_read(table, world)


def test_a_system_of_coefficients_is_read_as_flows(world):
    io = world.system(world.parts())
    io.calc_system()
    io.Z = None
    assert_read(read_pymrio(io, year=2015), world)


def test_rows_of_a_name_add_up_and_repeated_extensions_do_not(world):
    half = {f"{k} {n}": v / 2 for k, v in world.parts().items() for n in (1, 2)}
    io = world.system(half)
    io.satellite = io.factor_inputs.copy("satellite")
    assert_read(read_pymrio(io, year=2015), world)


def test_without_rows_value_added_is_the_residual_and_the_labour_share_the_default(world):
    table = read_pymrio(world.system({}), year=2015)
    world.value = world.value + world.tax
    assert_read(table, world, labour=False)
    assert any("what inputs leave" in note for note in table.notes)
    named = read_pymrio(
        world.system({"Total value added": world.value, "wages paid": world.wages}), year=2015
    )
    assert_read(named, world, labour=False)


def test_rows_may_be_named(world):
    rows = {"Value added, basic": world.value, "Value added: of which labour": world.wages}
    io = world.system(rows)
    table = read_pymrio(
        io, year=2015, value_added_rows=["Value added, basic"],
        compensation_rows=["Value added: of which labour"],
    )  # fmt: skip
    assert_read(table, world)
    with pytest.raises(InputError, match=r"value_added_rows.*GDP.*Value added, basic"):
        read_pymrio(io, year=2015, value_added_rows=["GDP"])


def test_odd_final_demand_is_refused_until_it_is_mapped(world):
    names = {**CATEGORIES, "INV": "Military"}
    io = world.system(world.parts(), names)
    with pytest.raises(InputError, match=r"agents.*Military.*not recognised.*HH, NPISH"):
        read_pymrio(io, year=2015)
    with pytest.raises(InputError, match=r"agents.Military.*ARMY.*GOV"):
        read_pymrio(io, year=2015, agents={"Military": "ARMY"})
    with pytest.raises(InputError, match=r"agents.*Navy.*no such"):
        read_pymrio(io, year=2015, agents={"Navy": "GOV"})
    assert_read(read_pymrio(io, year=2015, agents={"Military": "INV"}), world)
    table = read_pymrio(io, year=2015, agents={"Military": None})
    assert (table.final[..., 4] == 0).all()
    assert any("'Military'" in note for note in table.notes)


def test_codes_that_scenarios_could_not_name_lose_those_characters(world):
    io = world.system(world.parts())
    io.rename_sectors({"MAN": "Food, drink [and] tobacco"})
    table = read_pymrio(io, year=2015)
    assert table.sectors[1] == "Food drink and tobacco"
    assert table.names["sectors"]["Food drink and tobacco"] == "Food, drink [and] tobacco"


def _with(io, name, frame):
    setattr(io, name, frame)
    return io


def _labels(index, old, new):
    return pd.MultiIndex.from_tuples([new if label == old else label for label in index],
                                     names=index.names)  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda io: _with(io, "Z", io.Z.set_axis(
            _labels(io.Z.index, ("ROW", "AGR"), ("CHN", "AGR")))),
         r"key 'Z', value 'CHN, AGR': stands twice among the rows of Z"),
        (lambda io: _with(io, "Z", io.Z.set_axis(
            _labels(io.Z.index, ("ROW", "AGR"), ("CHN", "AGR")), axis=1)),
         r"value 'CHN, AGR': stands twice among the columns of Z"),
        (lambda io: _with(io, "Y", pd.concat([io.Y, io.Y.iloc[[0]]])),
         r"key 'Y', value 'CHN, AGR': stands twice among the rows of Y"),
        (lambda io: _with(io, "Z", io.Z.drop(index=("CHN", "MAN"))),
         r"value 'CHN, MAN': is among the columns of Z, not among the rows of Z"),
        (lambda io: _with(io, "Y", io.Y.drop(index=("ROW", "SRV"))),
         r"value 'ROW, SRV': is among the rows of Z, not among the rows of Y"),
        (lambda io: _with(io, "Y", io.Y.set_axis(
            _labels(io.Y.index, ("ROW", "SRV"), ("row", "SRV")))),
         r"not among the rows of Y, but \(row, SRV\), which differs only in case"),
        (lambda io: _with(io, "Y", io.Y.drop(columns=[("CHN", "Gross fixed capital formation")])),
         r"'CHN, Gross fixed capital formation': this column .* missing, which other regions have"),
        (lambda io: _with(io, "Y", io.Y.rename(columns={"ROW": "RoW"}, level=0)),
         r"key 'Y', value 'RoW, .*region that has no rows; did you mean 'ROW'"),
        (lambda io: _with(io, "Z", io.Z.astype(object).replace({io.Z.iloc[1, 2]: "12,83"})),
         r"key 'Z', value '12,83': cell in row \[CHN, MAN\], column \[CHN, SRV\] has a comma"),
        (lambda io: _with(io, "Z", io.Z.replace({io.Z.iloc[1, 2]: np.nan})),
         r"cell in row \[CHN, MAN\], column \[CHN, SRV\] is empty"),
        (lambda io: _with(io.factor_inputs, "F", io.factor_inputs.F.astype(object).replace(
            {io.factor_inputs.F.iloc[1, 3]: "n.a."})),
         r"F of factor_inputs', value 'n.a.'.*\[Compensation.*column \[ROW, AGR\] is not a number"),
        (lambda io: _with(io.factor_inputs, "F", io.factor_inputs.F.iloc[:, 1:]),
         r"'CHN, AGR': is among the rows of Z, not among the columns of F of factor_inputs"),
        (lambda io: _with(io, "unit", io.unit.assign(unit=["Mill USD"] * 5 + ["t"])),
         r"key 'unit'.*million USD.*'t'.*several units"),
        (lambda io: _with(io, "Z", io.Z.rename(index={"CHN": "all"}, level=0)), r"'all, AGR'"),
        (lambda io: _with(io, "Z", io.Z.rename(index={"AGR": " "}, level=1)), r"is blank"),
        (lambda io: _with(io, "Z", io.Z.swaplevel().T.swaplevel().T), r"not \(region, sector\)"),
    ],
)  # fmt: skip
def test_labels_that_are_not_one_to_one_and_cells_that_are_no_numbers_are_named(
    world, spoil, message
):
    io = world.system(world.parts())
    spoil(io)
    with pytest.raises(InputError, match=message):
        read_pymrio(io, year=2015)


@pytest.mark.parametrize("code", ["all", "all but USA", "all  but USA"])
def test_codes_that_mean_others_are_refused(world, tmp_path, code):
    io = world.system(world.parts())
    io.rename_regions({"CHN": code})
    with pytest.raises(InputError, match=r"regions.*can not be a code.*in a selector it means"):
        read_pymrio(io, year=2015)
    for place in (tmp_path / "found", tmp_path / "given"):
        more = {"regions": [code, "ROW"]} if place.name == "given" else {}
        folder = write_folder(place, world, **more)
        for name in ("intermediate", "final", "value_added"):
            text = (folder / f"{name}.csv").read_text()
            (folder / f"{name}.csv").write_text(text.replace("CHN", code))
        with pytest.raises(InputError, match=r"can not be a code.*in a selector it means"):
            read_folder(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CHN,MAN,CHN,MAN,", ",MAN,CHN,MAN,", r"'origin', value '': can not be.*blank \(row 8\)"),
        ("CHN,MAN,CHN,MAN,", "CHN,  ,CHN,MAN,", r"'commodity', value '': can not be.*\(row 8\)"),
        ("CHN,MAN,CHN,MAN,", "CHN,MAN,chn,MAN,",
         r"'destination', value 'chn': differs only in case from 'CHN' in intermediate.csv"),
    ],
)  # fmt: skip
def test_codes_that_are_blank_or_differ_in_case_are_named_with_their_row(
    world, tmp_path, old, new, message
):
    folder = write_folder(tmp_path / "t", world)
    _replace("intermediate.csv", old, new)(folder)
    with pytest.raises(InputError, match=rf"intermediate\.csv, key {message}"):
        read_folder(folder)


def test_codes_whose_letters_are_encoded_otherwise_are_named(world, tmp_path):
    folder = write_folder(tmp_path / "t", world)
    for name, code in (("intermediate", "C\u00f4te"), ("final", "Co\u0302te")):
        path = folder / f"{name}.csv"
        path.write_text(path.read_text().replace("CHN", code))
    with pytest.raises(InputError, match=r"final\.csv.*differs only in how letters are encoded"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("file", "rows", "says"),
    [("intermediate", "CHN,MAN,", "origin, commodity: CHN, MAN (1 in all)"),
     ("intermediate", "...,...,ROW,SRV,", "destination, sector: ROW, SRV (1 in all)"),
     ("final", "...,...,CHN,GFCF,", "destination, agent: CHN, GFCF (1 in all)"),
     ("value_added", "CHN,MAN,CAP,", "region, sector, factor: CHN, MAN, CAP (1 in all)")],
)  # fmt: skip
def test_what_is_zero_since_a_file_has_no_cell_of_it_is_told(world, tmp_path, file, rows, says):
    folder = write_folder(tmp_path / "t", world, tolerance=9.0)
    assert not any("has no cell" in note for note in read_folder(folder).notes)
    path = folder / f"{file}.csv"
    lines = path.read_text().splitlines(keepends=True)
    kept = [line for line in lines if not re.match(rows, line)]
    assert len(kept) < len(lines)
    path.write_text("".join(kept))
    (note,) = (note for note in read_folder(folder).notes if "has no cell" in note)
    assert note == f"Taken for zero, since {file}.csv has no cell of this {says}."
    assert note in calibrate_folder(folder).benchmark.notes


def test_codes_in_another_case_in_another_file_are_named(world, tmp_path):
    folder = write_folder(tmp_path / "t", world)
    path = folder / "final.csv"
    path.write_text(path.read_text().replace("ROW", "RoW"))
    with pytest.raises(InputError, match=r"final\.csv.*'RoW': differs only in case from 'ROW' in"):
        read_folder(folder)


def test_decimal_commas_are_read_where_that_is_said(world, tmp_path):
    folder = write_folder(tmp_path / "t", world)
    for path in folder.glob("*.csv"):
        text = path.read_text().replace(",", ";").replace(".", ",")
        path.write_text("decimal=,\n" + text)
    assert_read(read_folder(folder), world)
    (folder / "final.csv").write_text((folder / "final.csv").read_text().split("\n", 1)[1])
    with pytest.raises(InputError, match=r"final\.csv.*'origin' is missing.*'decimal=,' as the f"):
        read_folder(folder)
    first, rest = (folder / "intermediate.csv").read_text().split("\n", 1)
    (folder / "intermediate.csv").write_text(f"{first}\n{rest.replace(',', '.', 1)}")
    with pytest.raises(InputError, match=r"intermediate\.csv.*has a decimal point in row 1"):
        read_folder(folder)
    frame = wiod2016_frame(world)
    texts = frame.iloc[:, 5:].map(lambda v: f"{v:.17g}".replace(".", ","))
    frame.iloc[:, :5].join(texts).to_csv(tmp_path / "WIOT2014_x.csv", index=False)
    assert_read(read_pymrio(tmp_path / "WIOT2014_x.csv", "wiod2016", decimal=","), world, False)
    with pytest.raises(InputError, match=r"has a comma.*decimal=',', of a command"):
        read_pymrio(tmp_path / "WIOT2014_x.csv", "wiod2016")
    thousands = (tmp_path / "WIOT2014_x.csv").read_text()
    (tmp_path / "WIOT2014_x.csv").write_text(re.sub(r'"\d+,\d+"', "1.234", thousands, count=1))
    with pytest.raises(InputError, match=r"value '1.234': cell in row .CHN, AGR.*not a number"):
        read_pymrio(tmp_path / "WIOT2014_x.csv", "wiod2016", decimal=",")
    with pytest.raises(InputError, match=r"decimal.*pymrio reads eora26 with decimal points"):
        read_pymrio(tmp_path, "eora26", year=2014, decimal=",")
    world.system(world.parts()).save_all(tmp_path / "io", table_format="txt")
    for name in ("Z.txt", "Y.txt", "factor_inputs/F.txt"):
        path = tmp_path / "io" / name
        path.write_text(path.read_text().replace(".", ","))
    assert_read(read_pymrio(tmp_path / "io", "pymrio", year=2015, decimal=","), world)
    with pytest.raises(InputError, match=r"Y\.txt.*has a comma"):
        read_pymrio(tmp_path / "io", "pymrio", year=2015)


def test_the_unit_is_that_of_the_source_whatever_pymrio_calls_it(world, tmp_path, monkeypatch):
    """Before 0.7 pymrio called Eora's thousands millions."""
    io = world.system(world.parts())
    assert set(io.unit["unit"]) == {"Mill USD"}
    monkeypatch.setattr(pymrio, "parse_eora26", lambda *_, **__: io)
    table = read_pymrio(tmp_path, "eora26", year=2015)
    assert table.unit == "thousand USD"


def test_icio(world, tmp_path):
    z, f = world.square
    rows = [f"{r}_{i}" for r in REGIONS for i in SECTORS]
    names = ("HFCE", "NPISH", "GGFC", "GFCF", "INVNT")
    final = [f"{r}_{d}" for r in REGIONS for d in names]
    frame = pd.DataFrame(np.hstack([z, f]), index=rows, columns=rows + final)
    frame.loc["TLS"] = np.append(world.tax.reshape(-1), np.zeros(len(final)))
    frame.loc["VA"] = np.append(world.value.reshape(-1), np.zeros(len(final)))
    frame["OUT"] = 0.0
    frame.to_csv(tmp_path / "ICIO2023_2019.csv")
    for path, year in ((tmp_path / "ICIO2023_2019.csv", None), (tmp_path, 2019)):
        table = read_pymrio(path, "icio", year=year)
        assert (table.name, table.year) == ("user-icio", 2019)
        assert_read(table, world, labour=False)
    with pytest.raises(InputError, match=r"year.*several years"):
        read_pymrio(tmp_path, "icio")
    with pytest.raises(InputError, match=r"0 files fit a table of the OECD"):
        read_pymrio(tmp_path, "icio", year=1990)


def test_eora26(world, tmp_path):
    z, f = world.square
    names = ("Household final consumption P.3h", "Non-profit institutions serving households P.3n",
             "Government final consumption P.3g", "Gross fixed capital formation P.51",
             "Changes in inventories P.52")  # fmt: skip
    primary = {
        "Compensation of employees D.1": world.wages,
        "Taxes on production D.29": 0.1 * world.value,
        "Subsidies on production D.39": -0.05 * world.value,
        "Net operating surplus B.2n": 0.95 * world.value - world.wages,
    }

    def write(name, array):
        pd.DataFrame(array).to_csv(tmp_path / name, sep="\t", header=False, index=False)

    write("Eora26_2015_bp_T.txt", z)
    write("Eora26_2015_bp_FD.txt", f)
    write("Eora26_2015_bp_VA.txt", np.array([v.reshape(-1) for v in primary.values()]))
    write("Eora26_2015_bp_Q.txt", np.ones((1, 6)))
    write("Eora26_2015_bp_QY.txt", np.ones((1, 10)))
    write("labels_T.txt", [(r, r, "Industries", i) for r in REGIONS for i in SECTORS])
    write("labels_FD.txt", [(r, r, "Final demand", d) for r in REGIONS for d in names])
    write("labels_Q.txt", [("CO2", "CO2 (Gg)")])
    write("labels_VA.txt", [("Primary inputs", k) for k in primary])
    # ROW is what Eora calls its remainder, which pymrio drops: here it is a region.
    for name in ("labels_T.txt", "labels_FD.txt"):
        path = tmp_path / name
        path.write_text(path.read_text().replace("ROW", "XXX"))
    table = read_pymrio(tmp_path, "eora26", year=2015)
    assert table.unit == "thousand USD"
    assert_read(_renamed(table, "XXX", "ROW"), world)


def _renamed(table, old, new):
    from dataclasses import replace

    return replace(table, regions=tuple(new if c == old else c for c in table.regions))


@pytest.mark.parametrize("kind", ["pymrio", "exiobase3"])
def test_a_system_saved_by_pymrio(world, tmp_path, kind):
    world.system(world.parts()).save_all(tmp_path / "io", table_format="txt")
    code = {"exiobase3": "CN"}.get(kind, "CHN")
    table = read_pymrio(tmp_path / "io", kind, year=2011)
    assert_read(_renamed(table, code, "CHN"), world)


def wiod2016_frame(world, prefix=""):
    z, f = world.square
    rows = [(i, f"name of {i}", r, k + 1) for r in REGIONS for k, i in enumerate(SECTORS)]
    frame = pd.DataFrame(rows, columns=["IndustryCode", "IndustryDescription", "Country", "RNr"])
    columns = {f"{prefix}{r}{k + 1}": z[:, 3 * s + k] for s, r in enumerate(REGIONS)
               for k in range(3)}  # fmt: skip
    columns |= {f"{prefix}{r}{k + 4}": f[:, 5 * s + k] for s, r in enumerate(REGIONS)
                for k in range(5)}  # fmt: skip
    frame = frame.assign(Year=2014, **columns, TOT=world.output.reshape(-1))
    extra = {"TXSP": world.tax, "VA": world.value, "GO": world.output}
    for n, (code, row) in enumerate(extra.items()):
        line = dict.fromkeys(frame.columns, 0.0)
        line |= {"IndustryCode": code, "IndustryDescription": code, "Country": "TOT"}
        line |= {"RNr": 70 + n, "Year": 2014}
        line |= {f"{prefix}{r}{k + 1}": row[s, k] for s, r in enumerate(REGIONS) for k in range(3)}
        frame.loc[len(frame)] = line
    return frame


@pytest.mark.parametrize("suffix", [".dta", ".csv", ".parquet", ".xlsx"])
def test_wiod_2016_in_its_published_layouts(world, tmp_path, suffix):
    path = tmp_path / f"WIOT2014_October16_ROW{suffix}"
    frame = wiod2016_frame(world, "v" if suffix == ".dta" else "")
    if suffix == ".dta":
        frame.to_stata(path, write_index=False)
    elif suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".parquet":
        frame.to_parquet(path)
    else:
        values = frame.drop(columns=["Year"])
        head = np.full((6, values.shape[1]), None, dtype=object)
        for n, column in enumerate(values.columns[4:], start=4):
            country, number = (column[:3], column[3:]) if column != "TOT" else ("TOT", "9")
            head[4, n], head[5, n] = country, f"c{number}"
        values["RNr"] = "c" + values["RNr"].astype(str)
        body = np.vstack([head, values.to_numpy(dtype=object)])
        pd.DataFrame(body).to_excel(path, header=False, index=False)
    for source in (path, tmp_path):
        table = read_pymrio(source, "wiod2016")
        assert (table.name, table.year) == ("user-wiod2016", 2014)
        assert_read(table, world, labour=False)


def test_a_damaged_wiod_2016_file_is_one_clear_message(world, tmp_path):
    frame = wiod2016_frame(world)
    path = tmp_path / "WIOT2014_x.csv"
    for damaged, message in (
        (frame.drop(columns="ROW3"), r"15 columns of 2 regions x 3 industries"),
        (frame.drop(columns="Country"), r"column 'Country' is missing"),
        (frame.drop(index=0), r"found 5 rows"),
        (frame.assign(RNr=1), r"not numbered 1 to 3"),
        (frame.assign(CHN1="x"), r"not a number"),
    ):
        damaged.to_csv(path, index=False)
        with pytest.raises(InputError, match=message):
            read_pymrio(path, "wiod2016")
    with pytest.raises(InputError, match=r"unknown type of file"):
        (tmp_path / "WIOT2014.RData").write_text("x")
        read_pymrio(tmp_path / "WIOT2014.RData", "wiod2016")


def test_wrong_sources_are_one_clear_message(world, tmp_path):
    io = world.system(world.parts())
    for arguments, message in (
        (("nowhere", "icio"), r"nowhere: no such file"),
        ((tmp_path, "gtap"), r"kind.*gtap.*wiod2016, icio, figaro"),
        ((tmp_path, "pymrio"), r"holds no file_parameters.json"),
    ):
        with pytest.raises(InputError, match=message):
            read_pymrio(*arguments)
    with pytest.raises(InputError, match=r"year.*does not say"):
        read_pymrio(io)
    with pytest.raises(InputError, match=r"labour_share.*1.5"):
        read_pymrio(io, year=2015, labour_share=1.5)
    with pytest.raises(InputError, match=r"value_added.*auto, rows, residual"):
        read_pymrio(io, year=2015, value_added="gdp")
    io.Y = None
    with pytest.raises(InputError, match=r"no final demand"):
        read_pymrio(io, year=2015)


# -- folders of plain files --------------------------------------------------------------


def write_folder(folder, world, flows="net", tariff=None, form="csv", codes=SECTORS, **description):
    """Write a world as a folder of plain files, prices as `flows` says."""
    folder.mkdir(exist_ok=True)
    power = 1 + (np.zeros((2, 3, 2)) if tariff is None else tariff)
    z, f = world.z, world.f
    if flows == "gross":
        z, f = z * power[..., None], f * power[..., None]
    rows = [
        (r, i, s, j, z[a, k, b, m])
        for a, r in enumerate(REGIONS) for k, i in enumerate(codes)
        for b, s in enumerate(REGIONS) for m, j in enumerate(codes)
    ]  # fmt: skip
    final = [
        (r, i, s, d, f[a, k, b, m])
        for a, r in enumerate(REGIONS) for k, i in enumerate(codes)
        for b, s in enumerate(REGIONS) for m, d in enumerate(AGENTS)
    ]  # fmt: skip
    value = [
        (s, j, factor, array[b, m])
        for b, s in enumerate(REGIONS) for m, j in enumerate(codes)
        for factor, array in (("LAB", world.wages), ("CAP", world.value - world.wages))
    ]  # fmt: skip
    frames = {
        "intermediate": (rows, ["origin", "commodity", "destination", "sector", "value"]),
        "final": (final, ["origin", "commodity", "destination", "agent", "value"]),
        "value_added": (value, ["region", "sector", "factor", "value"]),
    }
    if tariff is not None:
        rates = [
            (s, r, i, tariff[a, k, b])
            for a, r in enumerate(REGIONS) for k, i in enumerate(codes)
            for b, s in enumerate(REGIONS) if r != s
        ]  # fmt: skip
        frames["tariffs"] = (rates, ["importer", "exporter", "sector", "rate"])
    for name, (cells, columns) in frames.items():
        frame = pd.DataFrame(cells, columns=columns)
        if form == "parquet":
            frame.to_parquet(folder / f"{name}.parquet")
        else:
            frame.to_csv(folder / f"{name}.{form}", index=False)
    content = {"name": "mine", "year": 2020, "flows": flows, **description}
    (folder / "table.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_a_folder_comes_back_as_it_was_written(world, tmp_path, form):
    table = read_folder(write_folder(tmp_path / "t", world, form=form))
    assert_read(table, world)
    assert (table.name, table.year) == ("mine", 2020)
    b = calibrate_folder(tmp_path / "t").benchmark
    assert b.unit == "million USD" and b.regions == REGIONS
    assert Model.build(b).solve().diagnostics.iterations == 0


def test_gross_flows_with_tariffs_are_the_same_world_as_net_flows(tmp_path):
    world = World(product_tax=0.0)
    tariff = np.zeros((2, 3, 2))
    tariff[0, :, 1], tariff[1, :, 0] = [0.1, 0.2, 0.0], [0.05, 0.3, 0.0]
    # Value added pays the tariffs on inputs, so that the columns are exact.
    paid = np.einsum("risj,ris->sj", world.z, tariff)
    world.value = world.value - paid
    world.wages = 0.5 * world.value
    net = write_folder(tmp_path / "net", world, "net", tariff)
    gross = write_folder(tmp_path / "gross", world, "gross", tariff)
    a, b = calibrate_folder(net).benchmark, calibrate_folder(gross).benchmark
    for key in ("flows", "tariff", "intermediate", "final", "factor_payments", "intermediate_tax"):
        np.testing.assert_allclose(getattr(a, key), getattr(b, key), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(a.tariff[0], tariff, atol=1e-12)
    without = calibrate_folder(net, tariffs="none").benchmark
    assert (without.tariff == 0).all()


def test_an_aggregation_file_works_on_a_users_table(world, tmp_path):
    folder = write_folder(tmp_path / "t", world)
    path = tmp_path / "agg.yaml"
    content = {
        "name": "two",
        "table": "mine",
        "regions": "identity",
        "sectors": {"GOODS": {"name": "Goods", "members": ["AGR", "MAN"]},
                    "SRV": {"members": ["SRV"]}},
        "groups": {"sectors": {"traded": ["GOODS"]}},
    }  # fmt: skip
    path.write_text(yaml.safe_dump(content))
    full = calibrate_folder(folder).benchmark
    b = calibrate_folder(folder, path).benchmark
    assert b.sectors == ("GOODS", "SRV") and b.groups["sectors"]["traded"] == ("GOODS",)
    np.testing.assert_allclose(b.gdp, full.gdp)
    path.write_text(yaml.safe_dump({**content, "table": "other"}))
    with pytest.raises(InputError, match=r"agg.yaml.*table.*other.*mine"):
        calibrate_folder(folder, path)
    with pytest.raises(InputError, match=r"aggregation.*small.*full, or the path"):
        calibrate_folder(folder, "small")


def test_elasticities_of_a_folder_of_a_mapping_and_of_a_set(world, tmp_path):
    folder = write_folder(tmp_path / "t", world)
    assert folder_elasticities(folder) is None and folder_tariffs(folder) == "none"
    boehm = calibrate_folder(folder).benchmark
    assert (boehm.elasticities["long"].armington == 2.0).all()
    values = {
        "short": {"armington": 0.8, "top": 0.3},
        "long": {"armington": {"AGR": 3.0, "MAN": 5.0, "SRV": 2.0}},
    }
    b = calibrate_folder(folder, elasticities=values).benchmark
    assert b.elasticities["long"].armington[0, :, 0].tolist() == [3.0, 5.0, 2.0]
    assert (b.elasticities["long"].top == 1).all() and (b.elasticities["short"].top == 0.3).all()
    entry = {"nest": "armington", "value": 4.0, "low": 3.0, "high": 5.0, "status": "assumed",
             "citation": "mine", "sector": "MAN"}  # fmt: skip
    content = {
        "name": "own", "title": "Own", "extends": "boehm", "classification": "mine",
        "entries": [{**entry, "horizon": "long"}],
    }  # fmt: skip
    (folder / "elasticities.yaml").write_text(yaml.safe_dump(content))
    own = calibrate_folder(folder).benchmark
    assert own.elasticities["long"].armington[0, :, 0].tolist() == [2.0, 4.0, 2.0]
    for wrong, message in (
        ({"top": 1.0}, r"armington.*no default"),
        ({"armington": {"AGR": 1.0}}, r"elasticities.armington.*every sector"),
        ({"armington": -1.0}, r"elasticities.armington"),
        ({"armington": 2.0, "trade": 1.0}, r"elasticities.trade"),
        ({"long": {"armington": 2.0}}, r"both horizons"),
        ("caliendo-parro", r"classification 'wiod2013'"),
        ("nothing.yaml", r"no such elasticity set or file"),
    ):
        with pytest.raises(InputError, match=message):
            calibrate_folder(folder, elasticities=wrong)
    with pytest.raises(InputError, match=r"tariffs.*applied.*own tables only"):
        calibrate_folder(folder, tariffs="applied")


def test_codes_that_look_like_numbers_or_words_stay_as_they_are(world, tmp_path):
    codes = ("01", "02", "NA")
    folder = write_folder(tmp_path / "t", world, codes=codes)
    assert read_folder(folder).sectors == codes
    tariff = np.full((2, 3, 2), 0.1)
    number = write_folder(tmp_path / "n", world, tariff=tariff, codes=("01", "02", "03"))
    assert read_folder(number).sectors == ("01", "02", "03")
    assert calibrate_folder(number).benchmark.tariff[0, 0, 2, 1] == pytest.approx(0.1)


def test_order_names_and_agents_come_from_the_description(world, tmp_path):
    folder = write_folder(
        tmp_path / "t", world, regions={"ROW": "Rest of the world", "CHN": "China"},
        sectors=["SRV", "MAN", "AGR"], agents={"Households": "HH"},
    )  # fmt: skip
    path = folder / "final.csv"
    path.write_text(path.read_text().replace(",HH,", ",Households,"))
    table = read_folder(folder)
    assert table.regions == ("ROW", "CHN") and table.sectors == ("SRV", "MAN", "AGR")
    assert table.names["regions"]["CHN"] == "China"
    assert_read(table, world)


def test_value_added_may_be_a_total_or_missing(world, tmp_path):
    folder = write_folder(tmp_path / "t", world)
    path = folder / "value_added.csv"
    frame = pd.read_csv(path)
    total = frame.groupby(["region", "sector"], as_index=False)["value"].sum().assign(factor="VA")
    total.to_csv(path, index=False)
    assert_read(read_folder(folder), world, labour=False)
    pd.concat([total, frame[frame["factor"] == "LAB"]]).to_csv(path, index=False)
    assert_read(read_folder(folder), world)
    path.unlink()
    table = read_folder(folder)
    np.testing.assert_allclose(table.value_added, world.value + world.tax)
    assert any("what inputs leave" in note for note in table.notes)


def _replace(name, old, new):
    def damage(folder):
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return damage


def _edit(**changes):
    def damage(folder):
        path = folder / "table.yaml"
        path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **changes}))

    return damage


def _scale(name, by):
    def damage(folder):
        frame = pd.read_csv(folder / name)
        frame.assign(value=frame["value"] * by).to_csv(folder / name, index=False)

    return damage


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "table.yaml").unlink(), r"table.yaml: no such file"),
        (lambda f: (f / "final.csv").unlink(), r"final.csv: no such file"),
        (lambda f: (f / "final.parquet").write_text("x"), r"'final' stands there twice"),
        (_replace("intermediate.csv", "commodity", "good"), r"column 'commodity' is missing"),
        (_replace("intermediate.csv", "CHN,AGR,CHN,AGR", "CHN,AGR,CHN,MAN"), r"stands twice"),
        (_replace("final.csv", "CHN,AGR,CHN,HH,", "CHN,AGR,CHN,HH,x"), r"CHN, AGR.*not a number"),
        (_replace("final.csv", ",HH,", ",Army,"), r"agent.*Army.*HH, NPISH.*table.yaml"),
        (_replace("value_added.csv", ",LAB,", ",WAGES,"), r"factor.*WAGES.*LAB, CAP, VA"),
        (_replace("value_added.csv", "CHN,AGR", "CHN,AGRI"), r"sector.*AGRI.*AGR, MAN, SRV"),
        (_edit(flows="cif"), r"table.yaml.*flows.*cif"),
        (_edit(name="a b"), r"table.yaml.*name"),
        (_edit(name="wiod2013"), r"table.yaml.*name.*shipped table"),
        (_edit(currency="USD"), r"table.yaml.*currency.*unknown key"),
        (_edit(regions=["CHN"]), r"origin.*ROW.*CHN"),
        (_edit(agents={"X": "Y"}), r"agents.X.*Y.*HH"),
        (_edit(sectors=["AGR", "MAN", "SRV", "a|b"]), r"table.yaml.*sectors.*not be a code.*holds"),
        (_scale("value_added.csv", 0.2), r"miss output by.*value added.*tolerance"),
        (_scale("value_added.csv", 10.0), r"miss output by"),
    ],
)
def test_a_wrong_folder_is_one_clear_message(world, tmp_path, damage, message):
    folder = write_folder(tmp_path / "t", world)
    damage(folder)
    with pytest.raises(InputError, match=message):
        read_folder(folder)


def test_negative_cells_and_dead_sectors_are_cleaned_and_reported(world, tmp_path):
    world.z[0, 1, 1, 2] = -0.5
    world.z[1, 0], world.f[1, 0] = 0.0, 0.0
    folder = write_folder(tmp_path / "t", world, tolerance=0.3)
    calibration = calibrate_folder(folder)
    report = calibration.report.set_index("step")
    assert report.loc["intermediates", "cells"] == 1
    assert report.loc["zero sectors", "cells"] == 1
    assert calibration.benchmark.output[1, 0] == 0
    assert Model.build(calibration.benchmark).solve().diagnostics.iterations == 0


def test_a_region_that_sells_nearly_all_it_makes_abroad_has_balanced_accounts(world, tmp_path):
    """Its income is 1e8 times what it spends, and known to no more than rounding."""
    world.f[:, :, 0] *= 1e-8
    b = calibrate_folder(write_folder(tmp_path / "t", world, tolerance=9.0)).benchmark
    assert b.absorption[0] < 1e-6 * b.gdp[0]
    assert Model.build(b).solve().diagnostics.residual < 1e-12


def test_a_region_without_demand_is_named_with_its_file(world, tmp_path):
    world.f[:, :, 1] = 0.0
    folder = write_folder(tmp_path / "t", world, tolerance=9.0)
    with pytest.raises(InputError, match=r"/t, key 'regions', value 'ROW': region has no final"):
        read_folder(folder)


def test_a_file_that_is_not_a_table_is_named(world, tmp_path):
    folder = write_folder(tmp_path / "t", world)
    (folder / "final.csv").unlink()
    with gzip.open(folder / "final.csv.gz", "wb") as file:
        file.write(b"\xff\xfe\x00binary")
    with pytest.raises(InputError, match=r"final\.csv\.gz"):
        read_folder(folder)

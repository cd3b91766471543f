"""Wrong input ends in one message that says where and what, and changes nothing."""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Outcome, snapshot

from cge import InputError, load_benchmark
from cge.core.content import content_dir
from cge.policy.closures import closure_of
from cge.scenario.schema import ClosureChoice

Run = Callable[..., Outcome]
Content = str | bytes | Callable[[Path], object]

TARIFF = {"instrument": "tariff", "exporter": "CHN", "importer": "USA", "sector": "goods"}


def scenario(**changes: Any) -> str:
    """Return a scenario that is right but for what is changed; None leaves a key out."""
    content = {
        "name": "trial",
        "benchmark": {"table": "wiod2013", "aggregation": "small"},
        "elasticities": ["boehm"],
        "policy": [{**TARIFF, "add": 0.1}],
        **changes,
    }
    return dumped({k: v for k, v in content.items() if v is not None})


def dumped(content: Mapping[str, Any]) -> str:
    return yaml.dump(content, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper))


def measure(**keys: Any) -> str:
    """Return a scenario with one measure."""
    return scenario(policy=[keys])


def closure(**keys: Any) -> str:
    return scenario(closure=keys)


def swaps(*pairs: tuple[str, str]) -> str:
    return closure(swaps=[{"free": free, "fix": fix} for free, fix in pairs])


SMALL = yaml.safe_load(
    (content_dir("calibration") / "aggregations" / "small.yaml").read_text(encoding="utf-8")
)


def aggregation(**changes: Any) -> str:
    """Return the small aggregation but for what is changed, dotted keys with two underscores."""
    content = json.loads(json.dumps(SMALL))
    for key, value in changes.items():
        *path, last = key.split("__")
        inner = content
        for part in path:
            inner = inner[part]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return dumped(content)


def entry(**changes: Any) -> dict[str, Any]:
    """Return one entry of an elasticity file."""
    return {
        "nest": "armington", "sector": "*", "horizon": "long", "value": 4.0, "low": 3.0,
        "high": 5.0, "status": "assumed", "citation": "this test", **changes,
    }  # fmt: skip


def elasticities(*entries: dict[str, Any], **changes: Any) -> str:
    """Return an elasticity file that extends the shared nests."""
    content = {
        "name": "mine", "title": "Mine", "extends": "common", "classification": "wiod2013",
        "entries": list(entries) or [entry()], **changes,
    }  # fmt: skip
    return dumped({k: v for k, v in content.items() if v is not None})


def rates(*rows: str, header: str = "importer,exporter,sector,rate") -> str:
    return "\n".join([header, *rows]) + "\n"


def folder(path: Path) -> None:
    path.mkdir()


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


#: A library whose one entry stands for more disruptions than it has letters.
MANY_DISRUPTIONS = dumped({
    "weightings": {"default": {"any": 1.0}},
    "disruptions": [{
        "name": "{region}-{sector}", "each": {"regions": "all", "sectors": "all"},
        "families": {"all": "any"},
        "severities": {(n + 1) / 1000: 1.0 for n in range(400)},
        "events": [{"type": "supply", "region": "{region}", "sector": "{sector}", "loss": 0.5}],
    }],
})  # fmt: skip


@dataclass(frozen=True)
class Bad:
    """A command with the files it meets, and what its message must say.

    The files stand in the working folder; `run` is short for a run of trial.yaml.
    """

    name: str
    says: tuple[str, ...]
    files: Mapping[str, Content] = field(default_factory=dict)
    args: tuple[str, ...] = ("run", "trial.yaml")


def in_scenario(name: str, text: Content, *says: str) -> Bad:
    return Bad(name, ("trial.yaml", *says), {"trial.yaml": text})


def in_aggregation(name: str, text: Content, *says: str) -> Bad:
    return Bad(
        name, ("own.yaml", *says), {"own.yaml": text, "trial.yaml": scenario()},
        ("run", "trial.yaml", "--aggregation", "own.yaml"),
    )  # fmt: skip


def in_elasticities(name: str, text: Content, *says: str, **others: Content) -> Bad:
    more = {f"{stem}.yaml": content for stem, content in others.items()}
    return Bad(
        name, says, {"set.yaml": text, "trial.yaml": scenario(), **more},
        ("run", "trial.yaml", "--elasticities", "set.yaml"),
    )  # fmt: skip


def in_tariffs(name: str, text: Content, *says: str, file: str = "duty.csv") -> Bad:
    return Bad(
        name, (file, *says), {file: text},
        ("check", "--aggregation", "small", "--tariffs", file),
    )  # fmt: skip


def in_measure_file(name: str, text: str, *says: str, **keys: Any) -> Bad:
    what = {**TARIFF, "file": "duty.csv", "column": "rate", **keys}
    return Bad(name, says, {"duty.csv": text, "trial.yaml": measure(**what)})


GOOD = scenario()
NEEDED = "importer,exporter,sector,rate"
FINE = "USA,CHN,c1,0.1"
EXPORTER = "{instrument: tariff, exporter: CHN, importer: USA, add: 0.1}"

CASES = [
    # -- a scenario's words
    in_scenario("an unknown region", measure(instrument="tariff", exporter="XYZ", add=0.1),
                "policy.0.exporter", "'XYZ'", "allowed: all, CHN, USA"),
    in_scenario("a region of the table that the aggregation does not have",
                measure(instrument="tariff", exporter="DEU", add=0.1),
                "policy.0.exporter", "'DEU'", "EU"),
    in_scenario("an unknown sector", measure(instrument="tariff", sector=["ELEC", "STEEL"], add=1),
                "policy.0.sector", "'STEEL'", "PRIM"),
    in_scenario("an unknown use class", measure(instrument="tariff", use="home", add=0.1),
                "policy.0.use", "'home'", "int, con, inv"),
    in_scenario("an unknown factor", measure(instrument="factor_tax", factor="LAND", add=0.1),
                "policy.0.factor", "'LAND'", "LAB, CAP"),
    in_scenario("an unknown final agent", measure(instrument="final_tax", agent="NGO", add=0.1),
                "policy.0.agent", "'NGO'", "HH, GOV, INV"),
    in_scenario("an unknown instrument", measure(instrument="tarif", add=0.1),
                "policy.0.instrument", "'tarif'", "did you mean 'tariff'?", "tariff, export_tax"),
    in_scenario("a region in small letters", measure(instrument="tariff", exporter="usa", add=0.1),
                "policy.0.exporter", "'usa'", "did you mean 'USA'?", "allowed: all, CHN, USA"),
    in_scenario("no region of two that are written in one text",
                measure(instrument="tariff", exporter="CHN|UAS", add=0.1),
                "policy.0.exporter", "'UAS'", "did you mean 'USA'?"),
    in_scenario("a selector the instrument does not have",
                measure(instrument="tariff", factor="LAB", add=0.1),
                "policy.0", "has no 'factor'", "exporter"),
    in_scenario("all but a region that is not there",
                measure(instrument="tariff", exporter="all but XYZ", add=0.1),
                "policy.0.exporter", "'XYZ'", "CHN"),
    in_scenario("a mistake in the second measure",
                scenario(policy=[{**TARIFF, "add": 0.1}, {**TARIFF, "sector": "X", "add": 0.1}]),
                "policy.1.sector", "'X'"),
    in_scenario("a measure that selects no flow",
                measure(instrument="tariff", exporter="USA", importer="USA", add=0.1),
                "policy.0", "no flow"),
    in_scenario("a measure on an empty list", measure(instrument="tariff", exporter=[], add=0.1),
                "policy.0.exporter", "names nothing"),
    # -- a scenario's keys
    in_scenario("an unknown key", scenario(polcy=[]), "polcy", "unknown key",
                "did you mean 'policy'?"),
    in_scenario("an unknown key of a measure", measure(**TARIFF, ad=0.1), "policy.0.ad",
                "unknown key", "exporter", "set"),
    in_scenario("an unknown key of the closure", closure(kindd="x"), "closure.kindd",
                "unknown key", "specific_factors"),
    in_scenario("an unknown key of a wage floor", closure(wage_floor={"floor": 1}),
                "closure.wage_floor.floor", "unknown key", "level"),
    in_scenario("an unknown key beside a balance's scale",
                closure(balance={"scale": 0.5, "by": 2020}),
                "closure.balance.by", "unknown key", "scale"),
    in_scenario("a key that is a number", "1: 2\nname: trial\n", "keys must be text"),
    in_scenario("no name", scenario(name=None), "'name'", "missing"),
    in_scenario("no instrument", measure(exporter="CHN", add=0.1),
                "policy.0.instrument", "missing"),
    in_scenario("a key that stands twice", GOOD + "name: again\n", "line", "'name' stands twice"),
    # -- a scenario's values
    in_scenario("a name with a path in it", scenario(name="../x"), "'name'", "'../x'", "letters"),
    in_scenario("a name with a slash", scenario(name="a/b"), "'name'", "'a/b'"),
    in_scenario("an empty name", scenario(name=""), "'name'"),
    in_scenario("a name that is a number", scenario(name=2024), "'name'", "2024", "text"),
    in_scenario("a rate in words", measure(**TARIFF, add="fifty"), "policy.0.add", "'fifty'",
                "number"),
    in_scenario("a rate in per cent", measure(**TARIFF, add="50%"), "policy.0.add", "'50%'"),
    in_scenario("a rate in minutes", GOOD.replace("0.1", "1:30"), "policy.0.add", "'1:30'",
                "number"),
    in_scenario("a rate that is a date", GOOD.replace("0.1", "2011-01-01"), "policy.0.add",
                "'2011-01-01'", "number"),
    in_scenario("a rate left empty", GOOD.replace("0.1", ""), "policy.0", "exactly one of"),
    in_scenario("codes in one text, one of them unknown",
                measure(instrument="tariff", exporter="CHN, USB", add=0.1),
                "policy.0.exporter", "'USB'", "did you mean 'USA'", "allowed: all, CHN"),
    in_scenario("all but inside a list",
                measure(instrument="tariff", exporter=["all but CHN"], add=0.1),
                "policy.0.exporter", "'all but CHN'", "allowed: all, CHN"),
    in_scenario("a policy left empty", "name: trial\npolicy:\n", "policy", "must be a list"),
    in_scenario("a merge key of old YAML", "name: trial\n<<: {title: x}\n", "<<", "unknown key"),
    in_scenario("a rate that is true", measure(**TARIFF, add=True), "policy.0.add", "True",
                "number"),
    in_scenario("a rate that is not a number", measure(**TARIFF, add=float("nan")),
                "policy.0.add", "nan", "finite"),
    in_scenario("an infinite rate", measure(**TARIFF, set=float("inf")), "policy.0.set", "inf",
                "finite"),
    in_scenario("a grid of a million combinations",
                scenario(policy=[{"instrument": "tariff", "add": 0.1}], grid={
                    f"closure.parameters.x{n}": list(range(100)) for n in range(3)}),
                "grid", "makes 1,000,000 scenarios", "up to 400", "--yes"),
    in_scenario("a title that steers the terminal",
                GOOD + 'title: "\\e[2J a war"\n', "control character"),
    in_scenario("steps without end",
                scenario(policy=[{"instrument": "tariff", "add": 0.1}],
                         elasticities=["fontagne", "boehm"],
                         steps=[(n + 1) / 60_000 for n in range(60_000)]),
                "takes 120,000 solutions", "up to 100,000", "--yes"),
    Bad("draws without end", ("takes 1,000,000,001 solutions or draws", "--yes"),
        {"trial.yaml": GOOD}, ("sensitivity", "trial.yaml", "--draws", "1000000000")),
    Bad("a grid at a place that is no number", ("'grid.policy.².add'", "no entry ²"),
        {"trial.yaml": scenario(policy=[{"instrument": "tariff", "add": 0.1}],
                                grid={"policy.².add": [0.1]})}),
    Bad("a table in a home that is not there", ("~nobody-of-that-name/x", "no such home"),
        {"trial.yaml": scenario(benchmark={"table": "~nobody-of-that-name/x"})}),
    Bad("a benchmark for a home that is not there", ("~nobody-of-that-name/x", "no such home"),
        {}, ("calibrate", "~nobody-of-that-name/x", "--out", "bench")),
    Bad("results for a home that is not there", ("'--out'", "~nobody-of-that-name/x", "no such"),
        {"trial.yaml": GOOD}, ("run", "trial.yaml", "--out", "~nobody-of-that-name/x")),
    Bad("a header array file for a home that is not there",
        ("'TARGET'", "'~nobody-of-that-name/x.har'", "no such home"), {},
        ("convert", "wiod2013", "~nobody-of-that-name/x.har")),
    Bad("a library of more disruptions than anybody wants",
        ("lib.yaml", "'disruptions.0'", "too many disruptions", "10,000"),
        {"trial.yaml": scenario(stress={"library": "lib.yaml"}), "lib.yaml": MANY_DISRUPTIONS},
        ("stress", "trial.yaml")),
    in_scenario("a rate beyond all numbers", GOOD.replace("0.1", "1" + 400 * "0"),
                "policy.0.add"),
    in_scenario("both add and set", measure(**TARIFF, add=0.1, set=0.2), "policy.0",
                "exactly one of add, set, scale, power, file and budget", "['add', 'set']"),
    in_scenario("a measure of no size", measure(**TARIFF), "policy.0", "exactly one of", "scale"),
    in_scenario("a tariff of minus 150 per cent", measure(**TARIFF, add=-1.5), "policy.0",
                "'tariff'", "positive price"),
    in_scenario("a tariff of minus 100 per cent", measure(**TARIFF, set=-1), "policy.0",
                "-100 %", "positive price"),
    in_scenario("an output tax of 100 per cent",
                measure(instrument="output_tax", region="USA", set=1.0),
                "policy.0", "'output_tax'", "100 %"),
    in_scenario("a purchase subsidy of the whole price",
                measure(instrument="domestic_purchase_subsidy", exporter="USA", set=1.0),
                "policy.0", "'domestic_purchase_subsidy'", "100 %"),
    in_scenario("no labour left", measure(instrument="factor_supply", factor="LAB", add=-1),
                "policy.0", "'factor_supply'", "-100 %"),
    in_scenario("a rate whose scaling overflows", scenario(
        policy=[{**TARIFF, "set": 1e200, "large": True}, {**TARIFF, "scale": 1e200}]),
        "policy.1", "'tariff'"),
    in_scenario("a tariff of 35 where 0.35 is meant", measure(**TARIFF, add=35),
                "policy.0.add", "value 35", "35 % is 0.35", "'large: true'"),
    in_scenario("a budget in per cent", measure(**TARIFF, budget=5), "policy.0.budget", "value 5",
                "5 % is 0.05", "'large: true'"),
    in_scenario("an unknown table", scenario(benchmark={"table": "gtap"}), "benchmark.table",
                "'gtap'", "wiod2013"),
    in_scenario("a year that is not in the table",
                scenario(benchmark={"table": "wiod2013", "year": 2050}),
                "benchmark.year", "2050", "1995-2011"),
    in_scenario("a year in words", scenario(benchmark={"year": "last"}), "benchmark.year",
                "'last'", "whole number"),
    in_scenario("an unknown aggregation", scenario(benchmark={"aggregation": "tiny"}),
                "benchmark.aggregation", "'tiny'", "default, full, small"),
    in_scenario("a named aggregation of another table",
                scenario(benchmark={"table": "wiod2014", "aggregation": "small"}),
                "benchmark.aggregation", "'small'", "wiod2014"),
    in_scenario("a tariff file that is not there", scenario(benchmark={"tariffs": "no.csv"}),
                "benchmark.tariffs", "'no.csv'", "applied, none"),
    in_scenario("an unknown elasticity set", scenario(elasticities=["armington"]), "elasticities",
                "'armington'", "boehm, fontagne"),
    in_scenario("no elasticity set", scenario(elasticities=[]), "elasticities", "not be empty"),
    in_scenario("the same elasticity set twice", scenario(elasticities=["boehm", "boehm"]),
                "elasticities", "two sets are called 'boehm'"),
    in_scenario("an unknown horizon", scenario(horizon="medium"), "horizon", "'medium'",
                "'short' or 'long'"),
    # -- a scenario's shape
    in_scenario("a list where a mapping belongs", scenario(benchmark=["wiod2013"]), "benchmark",
                "['wiod2013']", "mapping"),
    in_scenario("a mapping where a list belongs", scenario(policy={"instrument": "tariff"}),
                "policy", "must be a list"),
    in_scenario("a list of lists for codes",
                measure(instrument="tariff", exporter=[["CHN"]], add=0.1),
                "policy.0.exporter.0", "['CHN']", "text"),
    in_scenario("a list at the top", "- name: trial\n", "mapping"),
    in_scenario("one word", "trial\n", "mapping"),
    in_scenario("nothing", "", "mapping"),
    in_scenario("only a comment", "# to do\n", "mapping"),
    in_scenario("wrong indentation", "name: trial\n  policy: []\n", "not valid YAML in line 2"),
    in_scenario("a tab for indentation", "name: trial\nbenchmark:\n\tyear: 2011\n",
                "not valid YAML in line 3"),
    in_scenario("two documents", GOOD + "---\n" + GOOD, "not valid YAML"),
    in_scenario("a bomb of aliases", "a: &a [x]\nb: &b [*a,*a]\nname: [*b,*b]\n",
                "line 2", "aliases"),
    in_scenario("a Python object", "name: !!python/object/apply:os.system ['true']\n", "line 1",
                "python/object"),
    in_scenario("half a character", GOOD + 'title: "\\udcff"\n', "line 13",
                "haracter"),  # PyYAML's two readers word it differently
    in_scenario("a control character", "name: tri\x00al\n", "not valid YAML"),
    in_scenario("lists nested without end", "name: " + 5000 * "[", "not valid YAML"),
    # -- a scenario's file
    in_scenario("a binary file", bytes(range(256)), "not UTF-8 text"),
    in_scenario("a UTF-16 file", GOOD.encode("utf-16"), "not UTF-8 text"),
    in_scenario("a folder", folder, "is a folder"),
    in_scenario("a huge file", "# " + 3_000_000 * "x", "too large", "2,000,000"),
    in_scenario("a device without end", link_to("/dev/zero"), "too large", "2,000,000"),
    in_scenario("a link to nothing", link_to("nowhere.yaml"), "no such scenario"),
    in_scenario("a link to itself", link_to("trial.yaml"), ""),
    Bad("a missing file", ("nothing.yaml", "no such scenario", "balanced-trade"),
        args=("run", "nothing.yaml")),
    Bad("a shipped scenario misspelt", ("no such scenario file; did you mean 'free-trade'?",),
        args=("run", "Free-Trad")),
    Bad("a shipped study misspelt", ("no such scenario file; did you mean 'frontier-china'?",),
        args=("frontier", "frontier-chna.yaml")),
    Bad("an elasticity set misspelt", ("'fontagné'", "did you mean 'fontagne'?"),
        {"trial.yaml": GOOD}, ("run", "trial.yaml", "--elasticities", "fontagné")),
    Bad("a table misspelt", ("'wiod2103'", "did you mean 'wiod2013'?"),
        args=("check", "--data", "wiod2103")),
    Bad("a path below a file", ("trial.yaml/x.yaml", "no such"), {"trial.yaml": GOOD},
        ("run", "trial.yaml/x.yaml")),
    Bad("a name too long for any file", ("x" * 300, "too long"), args=("run", 300 * "x")),
    Bad("a shipped scenario looked for in a folder that is not there",
        ("no such scenario",), args=("run", "nowhere/experiments/free-trade.yaml")),
    # -- closures
    in_scenario("an unknown kind of closure", closure(kind="medium_run"), "closure.kind",
                "'medium_run'", "'long_run' or 'short_run'"),
    in_scenario("an unknown rule for balances", closure(balance="free"), "closure.balance",
                "'free'", "'given' or 'zero'"),
    in_scenario("a balance scaled by nothing that is a number",
                closure(balance={"scale": float("nan")}), "closure.balance.scale", "nan"),
    in_scenario("an unknown specific factor", closure(specific_factors=["LAND"]),
                "closure.specific_factors", "'LAND'", "CAP"),
    in_scenario("a swap that frees what is endogenous", swaps(("output[CHN, ELEC]",
                "basic_price[CHN, ELEC]")), "'output[CHN, ELEC]'", "endogenous", "tariff"),
    in_scenario("a swap that fixes what is exogenous", swaps(("tariff[*, CHN, ELEC, USA]",
                "productivity[CHN, ELEC]")), "'productivity[CHN, ELEC]'", "exogenous"),
    in_scenario("a swap of one cell for two", swaps(("productivity[CHN, ELEC]",
                "output[CHN|USA, ELEC]")), "productivity[CHN, ELEC]", "one for one"),
    in_scenario("a swap of an unknown variable", swaps(("tarif[*]", "output[CHN, ELEC]")),
                "'tarif[*]'", "tariff"),
    in_scenario("a swap for an unknown outcome", swaps(("productivity[CHN, ELEC]", "happiness")),
                "'happiness'", "unknown name"),
    in_scenario("a swap at an unknown code", swaps(("productivity[CHN, IT]", "output[CHN, IT]")),
                "'IT'", "ELEC"),
    in_scenario("a swap with too few codes", swaps(("productivity[CHN]", "output[CHN, ELEC]")),
                "'productivity[CHN]'", "productivity[s, j]"),
    in_scenario("a swap without its other half", closure(swaps=[{"free": "balance[USA]"}]),
                "closure.swaps.0.fix", "missing"),
    in_scenario("a swap at what is not a number", closure(
        swaps=[{"free": "balance[USA]", "fix": "trade_balance[USA]", "at": float("nan")}]),
        "closure.swaps.0.at", "nan"),
    in_scenario("a swap in per cent", closure(swaps=[
        {"free": "net_of_output_tax[USA, ELEC]", "fix": "output[USA, ELEC]", "at": 110}]),
        "closure.swaps.0.at", "110 % is 1.1", "relative: false"),
    in_scenario("a swap that holds a volume at nothing", closure(swaps=[
        {"free": "tariff[*, CHN, ELEC, USA]", "fix": "trade_volume[CHN, ELEC, USA]", "at": 0}]),
        "closure.swaps.0.at", "0.0", "positive in every solution", "above 0"),
    in_scenario("a second swap that frees what is solved for", swaps(
        ("tariff[*, CHN, ELEC, USA]", "trade_volume[CHN, ELEC, USA]"),
        ("output[USA, ELEC]", "trade_volume[CHN, VEH, USA]")),
        "closure.swaps.1.free", "'output[USA, ELEC]'", "endogenous already"),
    in_scenario("a swap whose bracket is open", swaps(("tariff[*, CHN", "output[USA, ELEC]")),
                "closure.swaps.0.free", "'tariff[*, CHN'", "as in tariff["),
    in_scenario("a swap for what has an open bracket", swaps(("tariff[*, CHN, ELEC, USA]",
                "output[USA")), "closure.swaps.0.fix", "'output[USA'", "as in tariff["),
    in_scenario("balances in per cent", closure(balance={"scale": 100}), "closure.balance.scale",
                "100", "20"),
    Bad("a premium in per cent", ("trial.yaml", "'stress.premium.ELEC'", "value 50", "20"),
        {"trial.yaml": scenario(stress={"premium": {"ELEC": 50}})}, ("stress", "trial.yaml")),
    in_scenario("a rate in the place of a power", measure(**TARIFF, power=0.25),
                "'policy.0.power'", "1 + the rate", "to -75 %", "1.25 to 25 %",
                "'large: true'"),
    in_scenario("a tax in the place of a power",
                measure(instrument="output_tax", region="USA", power=0.1), "'policy.0.power'",
                "1 - the rate", "0.1 takes a rate of 0 to 90 %", "0.9 to 10 %"),
    Bad("a baseline with a row of no number",
        ("drivers.csv", "'labour'", "no number (row 2)", "labour or productivity"),
        {"trial.yaml": scenario(path={"years": 2, "baseline": "drivers.csv"}),
         "drivers.csv": "year,region,labour,productivity\n1,USA,,1.1\n2,USA,,\n"},
        ("path", "trial.yaml")),
    in_scenario("a wage floor under an unknown factor", closure(wage_floor={"factor": "LAND"}),
                "closure.wage_floor.factor", "'LAND'", "LAB, CAP"),
    in_scenario("a wage floor under a factor fixed in its sectors",
                closure(kind="short_run", wage_floor={"factor": "CAP"}),
                "closure.wage_floor.factor", "'CAP'"),
    in_scenario("a wage floor in an unknown region", closure(wage_floor={"regions": ["XYZ"]}),
                "closure.wage_floor.regions", "'XYZ'", "USA"),
    in_scenario("a wage floor of zero", closure(wage_floor={"level": 0}),
                "closure.wage_floor.level", "0", "greater than 0"),
    in_scenario("an unknown index of a wage floor", closure(wage_floor={"index": "cpi"}),
                "closure.wage_floor.index", "'cpi'", "consumer_real_return"),
    in_scenario("an unknown numeraire", closure(numeraire="dollar"), "closure.numeraire",
                "'dollar'", "factor_return"),
    in_scenario("a numeraire that is a quantity", closure(numeraire="output[CHN, ELEC]"),
                "closure.numeraire", "'output[CHN, ELEC]'", "basic_price"),
    in_scenario("a numeraire at an unknown code", closure(numeraire="basic_price[CHN, IT]"),
                "'IT'", "ELEC"),
    in_scenario("a numeraire that is many prices", closure(numeraire="basic_price"),
                "basic_price", "one for one"),
    in_scenario("a numeraire that is exogenous", closure(numeraire="tariff[int,CHN,ELEC,USA]"),
                "closure.numeraire", "'tariff[int,CHN,ELEC,USA]'", "not a price"),
    # -- files of rates for a measure
    in_measure_file("a file of rates that is not there", rates(FINE), "trial.yaml",
                    "policy.0.file", "'gone.csv'", "us_2025_08.csv", file="gone.csv"),
    in_measure_file("a file of rates without the column", rates(FINE), "duty.csv", "'increase'",
                    "allowed: rate", column="increase"),
    in_measure_file("a file of rates without exporters", rates("USA,0.1", header="importer,rate"),
                    "duty.csv", "'exporter'", "missing"),
    in_measure_file("a file of rates with a word", rates(FINE, "USA,CHN,c2,much"), "duty.csv",
                    "'rate'", "'much'", "CHN, c2, USA"),
    in_measure_file("a file of rates with an unknown region", rates(FINE, "USA,XYZ,c2,0.1"),
                    "duty.csv", "'exporter'", "'XYZ'", "CHN"),
    in_measure_file("a file of rates with an unknown sector", rates("USA,CHN,c99,0.1"),
                    "duty.csv", "'sector'", "'c99'", "PRIM"),
    in_measure_file("a file of rates with a cell twice", rates(FINE, FINE), "duty.csv", "twice",
                    "CHN, c1, USA"),
    in_measure_file("a file of rates with a negative weight",
                    rates(FINE + ",-1", header=NEEDED + ",weight"), "duty.csv", "'weight'", "'-1'",
                    weight="weight"),
    in_measure_file("a file of rates for a tax on output", rates(FINE), "trial.yaml",
                    "policy.0.file", "'output_tax'", "tariff", instrument="output_tax",
                    exporter="all", importer="all"),
    in_scenario("a file of rates without the name of a column",
                measure(**TARIFF, file="duty.csv"), "policy.0", "'column'"),
    in_scenario("the name of a column without a file", measure(**TARIFF, add=0.1, column="x"),
                "policy.0", "'file'"),
    # -- aggregations
    in_aggregation("an aggregation with an unknown member",
                   aggregation(regions__CHN={"members": ["CHN", "HKG"]}),
                   "regions.CHN", "'HKG'", "AUS"),
    in_aggregation("an aggregation with a region in two groups",
                   aggregation(regions__USA={"members": ["USA", "CHN"]}),
                   "regions.USA", "'CHN' is a member of both"),
    in_aggregation("an aggregation that leaves a sector out",
                   aggregation(sectors__PRIM={"members": ["c1"]}), "sectors", "['c2']",
                   "every code in exactly one group"),
    in_aggregation("an aggregation for another table", aggregation(table="wiod2014"), "table",
                   "'wiod2014'", "allowed: wiod2013"),
    in_aggregation("an aggregation with a group of nobody",
                   aggregation(regions__NOBODY={"members": []}), "regions.NOBODY.members",
                   "not be empty"),
    in_aggregation("an aggregation without sectors", aggregation(sectors=None), "sectors",
                   "missing"),
    in_aggregation("an aggregation of no regions", aggregation(regions={}), "regions",
                   "not be empty"),
    in_aggregation("an aggregation with a list of regions", aggregation(regions=["CHN"]),
                   "regions", "mapping", "identity"),
    in_aggregation("an aggregation with members in words",
                   aggregation(regions__CHN={"members": "CHN"}), "regions.CHN.members", "'CHN'",
                   "list"),
    in_aggregation("an aggregation with an unknown key of a group",
                   aggregation(regions__CHN={"member": ["CHN"]}), "regions.CHN.members",
                   "missing"),
    in_aggregation("an aggregation with a surplus key of a group",
                   aggregation(regions__CHN={"members": ["CHN"], "colour": "red"}),
                   "regions.CHN.colour", "unknown key", "name, members"),
    in_aggregation("an aggregation whose set names an unknown code",
                   aggregation(groups__regions={"asia": ["CHN", "JPN"]}), "groups.regions.asia",
                   "'JPN'", "ASIA"),
    in_aggregation("an aggregation whose set is empty", aggregation(groups__regions={"asia": []}),
                   "groups.regions.asia", "not be empty"),
    in_aggregation("an aggregation whose set has the name of a code",
                   aggregation(groups__sectors={"ELEC": ["VEH"]}), "groups.sectors",
                   "'ELEC' has the name of a code"),
    in_aggregation("an aggregation with a region called all",
                   aggregation(regions__all={"members": ["CHN"]}), "regions.all", "'all'"),
    in_aggregation("an aggregation with a code that selectors can not name",
                   aggregation(**{"regions__A|B": {"members": ["CHN"]}}), "A|B",
                   "not be a code", "holds '|'"),
    in_aggregation("an aggregation that is a folder", folder, "own.yaml"),
    Bad("an aggregation that is not there", ("--aggregation", "'gone.yaml'", "small"),
        {"trial.yaml": GOOD}, ("run", "trial.yaml", "--aggregation", "gone.yaml")),
    # -- elasticities
    in_elasticities("a negative elasticity", elasticities(entry(value=-1.0)), "set.yaml",
                    "entries.0.value", "-1.0", "greater than or equal to 0"),
    in_elasticities("an elasticity that is not a number", elasticities(entry(value=float("nan"))),
                    "set.yaml", "entries.0.value", "nan", "finite"),
    in_elasticities("an elasticity whose powers overflow", elasticities(entry(value=1e4, high=1e4)),
                    "set.yaml", "entries.0.value", "10000.0", "200"),
    in_elasticities("an elasticity that is true", elasticities(entry(value=True)), "set.yaml",
                    "entries.0.value", "True"),
    in_elasticities("an elasticity below its own range", elasticities(entry(low=4.5)), "set.yaml",
                    "entries.0", "low <= value <= high"),
    in_elasticities("an elasticity of an unknown nest", elasticities(entry(nest="energy")),
                    "set.yaml", "entries.0.nest", "'energy'", "'armington'"),
    in_elasticities("an elasticity of an unknown status", elasticities(entry(status="guessed")),
                    "set.yaml", "entries.0.status", "'guessed'", "'assumed'"),
    in_elasticities("an elasticity without a source",
                    elasticities({k: v for k, v in entry().items() if k != "citation"}),
                    "set.yaml", "entries.0.citation", "missing"),
    in_elasticities("an elasticity set that leaves a sector out",
                    elasticities(*(entry(sector=f"c{n}") for n in range(1, 35)),
                                 entry(horizon="short")),
                    "set.yaml", "entries", "long-run", "'armington'", "'c35'"),
    in_elasticities("an elasticity of an unknown sector",
                    elasticities(entry(), entry(sector="c99")), "set.yaml", "entries", "'c99'",
                    "c35"),
    in_elasticities("an elasticity by sector of a nest without sectors",
                    elasticities(entry(), entry(nest="final", sector="c1")), "set.yaml",
                    "entries.1", "'final'", "'*'"),
    in_elasticities("elasticities of another classification",
                    elasticities(entry(sector="A01"), classification="wiod2014"), "set.yaml",
                    "classification", "'wiod2014'", "'wiod2013'"),
    in_elasticities("elasticities that extend a set of another classification",
                    elasticities(entry(), extends="fontagne", classification="isic"), "set.yaml",
                    "classification", "'isic'", "wiod2013"),
    in_elasticities("an elasticity set that extends itself", elasticities(extends="set.yaml"),
                    "set.yaml", "extends", "circle"),
    in_elasticities("elasticity sets that extend each other", elasticities(extends="b.yaml"),
                    "b.yaml", "extends", "'set.yaml'", "circle",
                    b=elasticities(extends="set.yaml")),
    in_elasticities("an elasticity set that extends nothing", elasticities(extends="gone"),
                    "set.yaml", "extends", "'gone'", "fontagne"),
    in_elasticities("an elasticity set without entries", elasticities(entries=[]), "set.yaml",
                    "entries", "not be empty"),
    Bad("two elasticity sets of one name", ("--elasticities", "two sets are called 'set'"),
        {"set.yaml": elasticities(), "other/set.yaml": elasticities(), "trial.yaml": GOOD},
        ("run", "trial.yaml", "--elasticities", "set.yaml", "--elasticities", "other/set.yaml")),
    # -- tariffs
    in_tariffs("tariffs of an unknown exporter", rates("USA,XYZ,c1,0.1"), "'exporter'", "'XYZ'",
               "CHN"),
    in_tariffs("tariffs of an unknown sector", rates("USA,CHN,ELEC,0.1"), "'sector'", "'ELEC'",
               "c35"),
    in_tariffs("a tariff that stands twice", rates(FINE, FINE), "USA, CHN, c1", "twice"),
    in_tariffs("a tariff in per cent", rates("USA,CHN,c1,10%"), "'rate'", "'10%'", "0.10"),
    in_tariffs("tariffs of 17.5 where 0.175 is meant", rates(FINE, "USA,CHN,c2,17.5"), "'rate'",
               "value 17.5", "is 0.175", "'large'"),
    in_tariffs("a benchmark tariff of minus 100 per cent", rates("USA,CHN,c1,-1"), "'rate'",
               "'-1.0'", "above -1"),
    in_tariffs("a tariff left empty", rates(FINE, "USA,CHN,c2,"), "'rate'", "above -1"),
    in_tariffs("an infinite tariff", rates("USA,CHN,c1,inf"), "'rate'", "inf"),
    in_tariffs("a tariff that is true", rates("USA,CHN,c1,True"), "'rate'", "True"),
    in_tariffs("a tariff on a region's own goods", rates("USA,USA,c1,0.1"), "USA, USA, c1",
               "between different regions"),
    in_tariffs("tariffs without rates", rates("USA,CHN,c1", header="importer,exporter,sector"),
               "'rate'", "missing"),
    in_tariffs("tariffs with two columns of rates", rates(FINE + ",0.2", header=NEEDED + ",rate"),
               "'rate'", "twice"),
    in_tariffs("tariffs with a field too many", rates(FINE + ",x", FINE + ",y"),
               "more fields", "4 fields"),
    in_tariffs("tariffs with fields too many somewhere", rates(FINE, FINE + ",,"), "line 3"),
    in_tariffs("tariffs with a header only", rates(), "no rows"),
    in_tariffs("an empty file of tariffs", "", "can not be read"),
    in_tariffs("a binary file of tariffs", bytes(range(256)), "can not be read"),
    in_tariffs("tariffs with semicolons", rates(FINE).replace(",", ";"), "'importer'", "missing"),
    in_tariffs("tariffs that are not compressed as they say", "x", "can not be read",
               file="duty.csv.gz"),
    in_tariffs("tariffs in a broken archive", lzma.compress(b"x" * 99)[:30], "can not be read",
               file="duty.csv.xz"),
    in_tariffs("tariffs that are no Parquet file", rates(FINE), "can not be read",
               file="duty.parquet"),
    Bad("tariffs that are a folder", ("tariffs", "'duty.csv'", "is a folder", "applied, none"),
        {"duty.csv": folder}, ("check", "--tariffs", "duty.csv")),
    # -- the command line
    Bad("no scenario at all", ("SCENARIO",), args=("run",)),
    Bad("two scenarios", ("unexpected", "other.yaml"), {"trial.yaml": GOOD},
        ("run", "trial.yaml", "other.yaml")),
    Bad("an unknown command", ("'simulate'",), args=("simulate",)),
    Bad("an unknown option", ("--fast",), {"trial.yaml": GOOD}, ("run", "trial.yaml", "--fast")),
    Bad("an option without its value", ("--year",), args=("run", "trial.yaml", "--year")),
    Bad("a year in words on the command line", ("--year", "integer"), {"trial.yaml": GOOD},
        ("run", "trial.yaml", "--year", "last")),
    Bad("a year out of range on the command line", ("--year", "1800", "1995-2011"),
        {"trial.yaml": GOOD}, ("run", "trial.yaml", "--year", "1800")),
    Bad("an unknown solver", ("--solver", "'gurobi'", "newton, ipopt"), {"trial.yaml": GOOD},
        ("run", "trial.yaml", "--solver", "gurobi")),
    Bad("an unknown elasticity set on the command line",
        ("--elasticities", "'armington'", "boehm"), {"trial.yaml": GOOD},
        ("run", "trial.yaml", "--elasticities", "armington")),
    Bad("an output folder that is a file", ("--out", "taken", "is a file"),
        {"trial.yaml": GOOD, "taken": "mine"}, ("run", "trial.yaml", "--out", "taken")),
    Bad("an output folder below a file", ("--out", "taken", "inside a file"),
        {"trial.yaml": GOOD, "taken": "mine"}, ("run", "trial.yaml", "--out", "taken/a/b")),
    Bad("an output folder with files of others", ("--out", "not results", "empty folder"),
        {"trial.yaml": GOOD, "papers/draft.tex": "mine"},
        ("run", "trial.yaml", "--out", "papers")),
    Bad("an output folder with a manifest of others", ("--out", "not results"),
        {"trial.yaml": GOOD, "app/manifest.json": '{"name": "app", "version": "1"}'},
        ("run", "trial.yaml", "--out", "app")),
    Bad("an output folder that can not be written", ("--out", "/proc/results", "not be written"),
        {"trial.yaml": GOOD}, ("run", "trial.yaml", "--out", "/proc/results")),
    Bad("an output folder with a name too long", ("--out", "too long"), {"trial.yaml": GOOD},
        ("run", "trial.yaml", "--out", 300 * "x")),
    Bad("an output folder that is a link to itself", ("--out", "not be written"),
        {"trial.yaml": GOOD, "loop": link_to("loop")}, ("run", "trial.yaml", "--out", "loop")),
    Bad("a default output folder that is taken", ("results/runs/trial", "not results"),
        {"trial.yaml": GOOD, "results/runs/trial/notes.md": "mine"}),
    Bad("a check of a table that is a file", ("'mine.csv'", "is a file, not a benchmark folder"),
        {"mine.csv": "x"}, ("check", "--data", "mine.csv")),
    Bad("a table to calibrate that is a file", ("mine.csv", "a file, not a folder", "table.yaml"),
        {"mine.csv": "x"}, ("calibrate", "mine.csv", "--out", "new")),
    Bad("a benchmark folder that is a file", ("mine.csv", "not a folder"),
        {"mine.csv": "x"}, ("calibrate", "example", "--out", "mine.csv")),
    Bad("a list of runs in a file", ("mine.csv", "is a file, not a folder"),
        {"mine.csv": "x"}, ("runs", "mine.csv")),
    Bad("a table of a file", ("mine.md", "is a file, not the results of a run", "`cge run`"),
        {"mine.md": "x"}, ("table", "mine.md")),
    Bad("a table of a benchmark", ("world", "is a benchmark, not the results", "cge check"),
        {"world/benchmark.yaml": "x: 1", "world/arrays.npz": "x"}, ("table", "world")),
    Bad("a check of an unknown table", ("'gtap'", "wiod2013"), args=("check", "--data", "gtap")),
    Bad("a check of an unknown year", ("1800", "1995-2011"),
        args=("check", "--data", "wiod2013", "--year", "1800")),
    Bad("a check of an unknown aggregation", ("'tiny'", "small"),
        args=("check", "--aggregation", "tiny")),
    Bad("a check with unknown elasticities", ("'armington'", "boehm"),
        args=("check", "--aggregation", "small", "--elasticities", "armington")),
    Bad("provenance of nothing there is", ("'gtap'", "wiod2013", "boehm"),
        args=("data", "show", "gtap")),
    Bad("provenance of a year that is not in the table", ("1800", "1995-2011"),
        args=("data", "show", "wiod2013", "--year", "1800")),
    Bad("the year of an aggregation", ("--year", "2011", "wiod2013"),
        args=("data", "show", "small", "--year", "2011")),
]  # fmt: skip


#: Told by a task, each in another place.
OF_TASKS = ("an unknown region", "a swap for an unknown outcome", "a file of rates with a word")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_message_and_nothing_changed(case: Bad, here: Path, cge: Run) -> None:
    refused(case, here, cge)


@pytest.mark.parametrize("name", OF_TASKS)
def test_the_message_is_the_same_where_a_worker_finds_what_is_wrong(
    name: str, here: Path, cge: Run
) -> None:
    (case,) = (case for case in CASES if case.name == name)
    refused(replace(case, args=(*case.args, "--workers", "2")), here, cge)


def refused(case: Bad, here: Path, cge: Run) -> None:
    """Assert that a command is refused in one message, and changes nothing."""
    for name, content in case.files.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = snapshot(here)

    outcome = cge(*case.args)

    assert outcome.code == 2, outcome.err
    assert outcome.err.startswith("cge: ") and outcome.err.endswith("\n")
    assert outcome.err.count("\n") == 1, outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    for words in case.says:
        assert words in outcome.err
    assert snapshot(here) == before


def test_every_case_has_its_own_name() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert len(names) >= 45


def test_the_trial_that_the_cases_spoil_is_right(here: Path, cge: Run) -> None:
    (here / "trial.yaml").write_text(GOOD)
    (here / "own.yaml").write_text(aggregation())
    (here / "set.yaml").write_text(elasticities(entry(), entry(horizon="short")))
    (here / "duty.csv").write_text(rates(FINE))
    outcome = cge(
        "run", "trial.yaml", "--aggregation", "own.yaml", "--elasticities", "set.yaml"
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    (here / "trial.yaml").write_text(
        measure(**TARIFF, file="duty.csv", column="rate")
    )  # fmt: skip
    assert cge("run", "trial.yaml").code == 0


def test_the_short_run_needs_a_factor_that_can_be_fixed() -> None:
    benchmark = replace(load_benchmark("wiod2013", aggregation="small"), factors=("LAB", "LAND"))
    with pytest.raises(InputError, match=r"closure\.specific_factors.*no factor CAP.*LAB, LAND"):
        closure_of(ClosureChoice(kind="short_run"), benchmark)


def test_a_folder_one_may_not_write_to_is_named(
    here: Path, cge: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for anyone but root, for whom the tests may run and whom no permission stops."""
    (here / "trial.yaml").write_text(GOOD)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    before = snapshot(here)
    outcome = cge("run", "trial.yaml", "--out", "locked")
    assert outcome.code == 2
    assert "--out" in outcome.err and "Permission denied" in outcome.err
    assert snapshot(here) == before

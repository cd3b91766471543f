"""A user's own full table, given as arrays, becomes a benchmark.

Published settings are a matter of arguments: one factor or several, one use class or
several, tariffs and taxes or none, Cobb-Douglas nests or any other elasticities. Who has
bilateral trade and cost shares instead of a full table finds the door in
:mod:`cge.data.sources.trade_shares`.

Axis letters as in :mod:`cge.core.axes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np

from cge.core.axes import Array, Axes
from cge.core.typed import taken
from cge.data.accounts.benchmark import Benchmark
from cge.data.sources import arguments
from cge.data.sources.column_balance import BALANCES, Balance, Columns, closed, leontief_scale

Flows = Literal["net", "fob", "gross"]
FLOWS = get_args(Flows)


def benchmark_from_arrays(
    *,
    regions: Sequence[str],
    sectors: Sequence[str],
    intermediate: Any,
    final: Any,
    value_added: Any,
    elasticities: Mapping[str, Any],
    agents: Sequence[str] | None = None,
    factors: Sequence[str] | None = None,
    flows: Flows = "net",
    tariff: Any = 0.0,
    export_tax: Any = 0.0,
    output_tax: Any = 0.0,
    intermediate_tax: Any = 0.0,
    final_tax: Any = 0.0,
    factor_tax: Any = 0.0,
    use_classes: Literal["single", "by_kind"] | Mapping[str, str] = "single",
    balance: Balance = "error",
    tolerance: float = 1e-6,
    negative: arguments.Negative = "error",
    name: str = "user",
    unit: str = "million USD",
    notes: Sequence[str] = (),
    groups: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
    allow_large_rates: bool = False,
) -> Benchmark:
    """Make a benchmark of a full inter-regional table given as arrays.

    Parameters
    ----------
    regions, sectors : sequence of str
        Codes, in the order of the arrays. Commodities carry the sectors' codes.
    intermediate : array_like (r, i, s, j)
        Deliveries of commodity `i` of region `r` to sector `j` of region `s`, in `unit`.
    final : array_like (r, i, s, d) or (r, i, s)
        Deliveries to final agents; three axes where there is one agent.
    value_added : array_like (s, j, f) or (s, j)
        Factor incomes as the owners receive them; two axes where there is one factor.
    elasticities : mapping
        Nest to a number, a mapping or vector by sector (by factor for
        ``transformation``), or a full array; or two such mappings under ``short`` and
        ``long``, else both horizons have the same. ``armington`` must be given (among
        origins, that is 1 + theta); the nests ``top``, ``intermediate``,
        ``value_added``, ``final`` and ``agents`` are Cobb-Douglas (1) and
        ``transformation`` infinite (mobile factors) unless given.
    agents, factors : sequence of str, optional
        Default ``("FINAL",)`` and ``("LAB",)`` where there is one of them.
    flows : {"net", "fob", "gross"}
        Whether `intermediate` and `final` are at basic prices of the origin (``net``),
        include export taxes (``fob``), or include export taxes and tariffs (``gross``).
        Taxes of the user are in neither.
    tariff, export_tax : number, array_like (r, i, s) or (u, r, i, s), or mapping
        Ad valorem rates, 0.1 for 10 %; or class code to (r, i, s). A number holds across
        all borders. The export tax is on the basic price, the tariff on the price with
        export tax. In an array, a tariff of a region on itself is taken as given: an
        aggregate of countries has one.
    output_tax : number or array_like (s, j)
        Fraction of the basic price; negative is a subsidy.
    intermediate_tax : number or array_like (s, j) or (s, i, j)
        User tax on purchases at market prices, tariffs included.
    final_tax : number or array_like (s, d) or (s, d, i)
    factor_tax : number or array_like (s, j) or (s, j, f)
        Fraction of `value_added`.
    use_classes : {"single", "by_kind"} or mapping
        Who shares origins and border taxes. ``single``: all users; ``by_kind``: class
        ``int`` for sectors and one for each agent under its own code; or a mapping from
        user to class, users being sector codes, agent codes, and ``sectors`` and
        ``agents`` for all that are not named.
    balance : {"error", "value_added", "output_tax", "intermediate_tax", "leontief"}
        What brings a sector's cost (its column) to its output (its row). ``error``: they
        must agree to `tolerance`, and value added closes what is left. The next three
        keep the deliveries and let that account take up the gap. ``leontief`` keeps
        every column's cost shares and final demand, and recomputes output and flows.
    tolerance : float
        Largest gap that ``error`` accepts, as a share of output.
    negative : {"error", "clip"}
        Negative cells are an error that names the first, or are set to zero.
    name, unit : str
    notes : sequence of str
        Statements that every output shall carry; what was changed here is added.
    groups, names : mapping, optional
        As in :class:`~cge.data.accounts.benchmark.Benchmark`.
    allow_large_rates : bool
        Whether rates beyond 5 (500 per cent) are meant; else they are refused.

    Returns
    -------
    Benchmark
        The balance of a region is what its absorption exceeds its GDP by.

    Raises
    ------
    InputError
        For wrong shapes, missing values, negative cells, rates out of range, unknown
        codes or options, and accounts that do not balance; names the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from cge import benchmark_from_arrays
    >>> world = benchmark_from_arrays(
    ...     regions=("A", "B"), sectors=("GOODS",),
    ...     intermediate=np.zeros((2, 1, 2, 1)),
    ...     final=[[[80.0, 20.0]], [[20.0, 80.0]]],
    ...     value_added=[[100.0], [100.0]],
    ...     elasticities={"armington": 5.0},
    ... )
    >>> world.gdp.tolist()
    [100.0, 100.0]
    """
    arguments.one_of("flows", flows, FLOWS)
    arguments.one_of("balance", balance, BALANCES)
    arguments.one_of("negative", negative, arguments.NEGATIVES)
    r_codes = arguments.read_codes("regions", regions)
    i_codes = arguments.read_codes("sectors", sectors)
    final, d_codes = arguments.last_axis("final", final, 4, "agents", agents, "FINAL")
    value_added, f_codes = arguments.last_axis(
        "value_added", value_added, 3, "factors", factors, "LAB"
    )
    classes, sector_class, agent_class = arguments.read_use_classes(use_classes, i_codes, d_codes)
    axes = Axes(r_codes, i_codes, classes, f_codes, d_codes)
    tolerance = arguments.read_tolerance(tolerance)
    said = arguments.read_notes(notes)

    def cells(key: str, given: Any, letters: str) -> Array:
        return arguments.read_cells(axes, key, given, letters, negative, said, unit)

    z = cells("intermediate", intermediate, "risj")
    f = cells("final", final, "risd")
    payments = cells("value_added", value_added, "sjf")
    rates = arguments.read_rates(
        axes, allow_large_rates, tariff=tariff, export_tax=export_tax,
        intermediate_tax=intermediate_tax, final_tax=final_tax, factor_tax=factor_tax,
        output_tax=output_tax,
    )  # fmt: skip
    tm, tx, ti, td, tf, to = rates.values()

    def by_user(array: Array, class_of_user: Sequence[str]) -> Array:
        """An array on (u, r, i, s), at the class of each user, which comes last."""
        return np.moveaxis(array[[classes.index(c) for c in class_of_user]], 0, -1)

    # To basic prices: each user's deliveries without the border taxes of its class.
    power = (1 + tx) * (1 + tm)
    included = {"net": np.ones_like(power), "fob": 1 + tx, "gross": power}[flows]
    z, f = z / by_user(included, sector_class), f / by_user(included, agent_class)
    power_z, power_f = by_user(power, sector_class), by_user(power, agent_class)

    def columns() -> Columns:
        output = z.sum(axis=(2, 3)) + f.sum(axis=(2, 3))
        purchases = np.einsum("risj,risj->sij", z, power_z)
        return Columns(axes, output, purchases, payments, ti, tf, to)

    if balance == "leontief":
        scale, note = leontief_scale(columns(), z, f)
        z = z * scale
        payments = payments * scale[..., None]
        said += note
    accounts, note = closed(columns(), "error" if balance == "leontief" else balance, tolerance)
    said += note
    purchases, payments = accounts.purchases, accounts.payments
    ti, to = accounts.intermediate_tax, accounts.output_tax

    delivered = np.zeros(power.shape)
    for users, bought in ((sector_class, z), (agent_class, f)):
        for k, code in enumerate(users):
            delivered[classes.index(code)] += bought[..., k]
    sold = np.einsum("risd,risd->sdi", f, power_f)
    taxes = (
        (delivered * (power - 1 - tx)).sum(axis=(0, 1, 2))
        + (delivered * tx).sum(axis=(0, 2, 3))
        + (accounts.output * to).sum(axis=1)
        + (purchases * ti).sum(axis=(1, 2))
        + (sold * td).sum(axis=(1, 2))
        + (payments * tf).sum(axis=(1, 2))
    )
    absorption = (sold * (1 + td)).sum(axis=(1, 2))
    return Benchmark(
        name=taken("name", name, str), unit=taken("unit", unit, str), status="user",
        notes=tuple(said), regions=r_codes, sectors=i_codes, factors=f_codes, agents=d_codes,
        use_classes=classes, sector_class=sector_class, agent_class=agent_class,
        flows=delivered, tariff=tm,
        export_tax=tx, intermediate=purchases, intermediate_tax=ti, final=sold, final_tax=td,
        factor_payments=payments, factor_tax=tf, output_tax=to,
        balance=absorption - payments.sum(axis=(1, 2)) - taxes,
        elasticities=arguments.read_elasticities(elasticities, axes),
        groups=arguments.read_groups({} if groups is None else groups, axes),
        names=arguments.read_names({} if names is None else names),
        origin={"table": f"arrays '{name}'"},
    )  # fmt: skip

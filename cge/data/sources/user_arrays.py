"""A user's own full table, given as arrays, becomes a benchmark.

Published settings are a matter of arguments: one factor or several, one use class or
several, tariffs and taxes or none, Cobb-Douglas nests or any other elasticities. Who has
bilateral trade and cost shares instead of a full table finds the door in
:mod:`cge.data.sources.trade_shares`.

Axis letters as in :mod:`cge.data.accounts.benchmark`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cge.core.errors import InputError
from cge.data.accounts.benchmark import Benchmark
from cge.data.sources.arguments import (
    NEGATIVES,
    Axes,
    Negative,
    axis_codes,
    first_cell,
    number_array,
    one_of,
    read_codes,
    read_elasticities,
    read_groups,
    read_tolerance,
    read_use_classes,
)

Array = NDArray[np.float64]
Flows = Literal["net", "fob", "gross"]
Balance = Literal["error", "value_added", "output_tax", "intermediate_tax", "leontief"]

FLOWS = ("net", "fob", "gross")
BALANCES = ("error", "value_added", "output_tax", "intermediate_tax", "leontief")

#: Changes of the accounts above this share of an output are told in the notes.
WORTH_TELLING = 1e-9


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
    negative: Negative = "error",
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
        ``long``, else both speeds have the same. ``armington`` must be given (among
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
    one_of("flows", flows, FLOWS)
    one_of("balance", balance, BALANCES)
    one_of("negative", negative, NEGATIVES)
    r_codes, i_codes = read_codes("regions", regions), read_codes("sectors", sectors)
    final = number_array("final", final)
    value_added = number_array("value_added", value_added)
    if final.ndim == 3:
        final = final[..., None]
    if value_added.ndim == 2:
        value_added = value_added[..., None]
    d_codes = axis_codes("agents", agents, final, ("FINAL",))
    f_codes = axis_codes("factors", factors, value_added, ("LAB",))
    classes, sector_class, agent_class = read_use_classes(use_classes, i_codes, d_codes)
    axes = Axes(
        {"u": classes, "r": r_codes, "s": r_codes, "i": i_codes, "j": i_codes,
         "d": d_codes, "f": f_codes}, allow_large_rates,
    )  # fmt: skip
    tolerance = read_tolerance(tolerance)
    told = [notes] if isinstance(notes, str) else list(notes)

    def cells(key: str, given: Any, letters: str) -> Array:
        """Values of the accounts: the right shape, finite, not negative."""
        array = axes.check(key, number_array(key, given), letters)
        low = array < 0
        if not low.any():
            return array
        where = first_cell(low)
        if negative == "error":
            raise InputError(
                f"{int(low.sum())} negative cells, the first at {axes.label(letters, where)}",
                key=key, value=float(array[where]),
                allowed="values >= 0, or negative='clip' to set them to zero",
            )  # fmt: skip
        told.append(
            f"{int(low.sum())} negative cells of '{key}', {-array[low].sum():.3g} {unit} in all, "
            "were set to zero."
        )
        return np.where(low, 0.0, array)

    z = cells("intermediate", intermediate, "risj")
    f = cells("final", final, "risd")
    payments = cells("value_added", value_added, "sjf")
    tm = axes.by_class("tariff", tariff)
    tx = axes.by_class("export_tax", export_tax)
    _no_domestic_export_tax(tx, axes)
    ti = axes.rate("intermediate_tax", intermediate_tax, "sij", "sj")
    td = axes.rate("final_tax", final_tax, "sdi", "sd")
    tf = axes.rate("factor_tax", factor_tax, "sjf", "sj")
    to = axes.rate("output_tax", output_tax, "sj")
    if (to >= 1).any():
        where = first_cell(to >= 1)
        raise InputError(
            f"rate at {axes.label('sj', where)} takes the whole price",
            key="output_tax", value=float(to[where]), allowed="fractions of the price below 1",
        )  # fmt: skip

    # To basic prices: each user's deliveries without the border taxes of its class.
    class_of_sector = [classes.index(c) for c in sector_class]
    class_of_agent = [classes.index(c) for c in agent_class]
    power = (1 + tx) * (1 + tm)
    included = {"net": np.ones_like(power), "fob": 1 + tx, "gross": power}[flows]
    z = z / np.moveaxis(included[class_of_sector], 0, -1)
    f = f / np.moveaxis(included[class_of_agent], 0, -1)
    power_z = np.moveaxis(power[class_of_sector], 0, -1)
    power_f = np.moveaxis(power[class_of_agent], 0, -1)

    if balance == "leontief":
        scale, note = _leontief(z, power_z, f, payments, ti, tf, to, axes)
        z = z * scale
        payments = payments * scale[..., None]
        told.extend(note)

    purchases = np.einsum("risj,risj->sij", z, power_z)
    accounts = _Columns(
        output=z.sum(axis=(2, 3)) + f.sum(axis=(2, 3)),
        inputs=(purchases * (1 + ti)).sum(axis=1),
        bought=purchases.sum(axis=1),
        payments=payments,
        factor_tax=tf,
        intermediate_tax=ti,
        output_tax=to,
        axes=axes,
    )
    payments, ti, to, note = accounts.closed("error" if balance == "leontief" else balance,
                                             tolerance)  # fmt: skip
    told.extend(note)

    delivered = np.zeros(power.shape)
    for k, u in enumerate(class_of_sector):
        delivered[u] += z[..., k]
    for k, u in enumerate(class_of_agent):
        delivered[u] += f[..., k]
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
        name=str(name),
        regions=r_codes,
        sectors=i_codes,
        factors=f_codes,
        agents=d_codes,
        use_classes=classes,
        sector_class=sector_class,
        agent_class=agent_class,
        flows=delivered,
        tariff=tm,
        export_tax=tx,
        intermediate=purchases,
        intermediate_tax=ti,
        final=sold,
        final_tax=td,
        factor_payments=payments,
        factor_tax=tf,
        output_tax=to,
        balance=absorption - payments.sum(axis=(1, 2)) - taxes,
        elasticities=read_elasticities(elasticities, axes.sizes, i_codes, f_codes),
        unit=unit,
        status="user",
        notes=tuple(told),
        groups=read_groups(groups or {}, {"regions": r_codes, "sectors": i_codes}),
        names=dict(names or {}),
        origin={"table": f"arrays '{name}'"},
    )


class _Columns:
    """Costs and receipts of every sector, and the ways to bring them together."""

    def __init__(self, *, output: Array, inputs: Array, bought: Array, payments: Array,
                 factor_tax: Array, intermediate_tax: Array, output_tax: Array,
                 axes: Axes) -> None:  # fmt: skip
        self.output = output
        self.inputs = inputs  # at the user's cost
        self.bought = bought  # without user tax
        self.payments = payments
        self.factor_tax = factor_tax
        self.intermediate_tax = intermediate_tax
        self.output_tax = output_tax
        self.axes = axes
        self.factor_cost = (payments * (1 + factor_tax)).sum(axis=2)
        self.gap = output * (1 - output_tax) - inputs - self.factor_cost
        self.share = np.divide(
            np.abs(self.gap), output, out=np.zeros_like(output), where=output > 0
        )

    def closed(self, how: str, tolerance: float) -> tuple[Array, Array, Array, list[str]]:
        """Return (value added, intermediate tax, output tax, notes) with every gap closed."""
        idle = (self.output <= 0) & (self.inputs + self.factor_cost > 0)
        if idle.any():
            raise InputError(
                f"sector {self._first(idle)} has costs but delivers nothing",
                key="intermediate",
                allowed="a positive row, a zero column, or balance='leontief'",
            )
        if how == "error" and (self.share > tolerance).any():
            where = np.unravel_index(int(np.argmax(self.share)), self.share.shape)
            count = int((self.share > tolerance).sum())
            raise InputError(
                f"cost and output differ in {count} sectors, most in "
                f"{self.axes.label('sj', tuple(int(k) for k in where))}: output net of tax is "
                f"{self.output[where] * (1 - self.output_tax[where]):.6g}, cost "
                f"{self.inputs[where] + self.factor_cost[where]:.6g}",
                key="balance",
                value=float(self.share[where]),
                allowed=f"gaps up to tolerance={tolerance:g} of output, or balance="
                + " / ".join(f"'{option}'" for option in BALANCES[1:]),
            )
        payments, ti, to = self.payments, self.intermediate_tax, self.output_tax
        if how == "output_tax":
            to = self._into_output_tax(np.ones_like(self.gap, dtype=bool))
        elif how == "intermediate_tax":
            ti = self._into_intermediate_tax()
        else:
            payments, to = self._into_value_added(strict=how == "value_added")
        worst = float(self.share.max(initial=0.0))
        account = "value added" if how == "error" else how.replace("_", " ")
        note = [] if worst <= WORTH_TELLING else [
            f"Gaps between cost and output, up to {worst:.2g} of a sector's output, were put "
            f"into {account}."
        ]  # fmt: skip
        return payments, ti, to, note

    def _first(self, mask: NDArray[np.bool_]) -> str:
        return self.axes.label("sj", first_cell(mask))

    def _into_value_added(self, strict: bool) -> tuple[Array, Array]:
        wanted = self.factor_cost + self.gap
        # Rounding of a sector without factors is nobody's income.
        wanted = np.where(np.abs(wanted) <= 1e-13 * self.output, 0.0, wanted)
        low = wanted < 0
        if low.any() and strict:
            where = first_cell(low)
            raise InputError(
                f"inputs of {self._first(low)} cost more than its output: value added would be "
                f"negative in {int(low.sum())} sectors",
                key="value_added", value=float(wanted[where]),
                allowed="balance='output_tax' or 'leontief'",
            )  # fmt: skip
        regional = self.payments.sum(axis=1, keepdims=True)
        spread = np.where(regional.sum(axis=2, keepdims=True) > 0, regional, 1.0)
        base = np.where((self.factor_cost > 0)[..., None], self.payments, spread)
        cost = (base * (1 + self.factor_tax)).sum(axis=2)
        payments = base * (np.maximum(wanted, 0.0) / cost)[..., None]
        # What a sector's value added is too small to take, becomes output tax.
        payments = np.where(low[..., None], self.payments, payments)
        return payments, self._into_output_tax(low) if low.any() else self.output_tax

    def _into_output_tax(self, where: NDArray[np.bool_]) -> Array:
        cost = self.inputs + self.factor_cost
        free = where & (self.output > 0) & (cost <= 0)
        if free.any():
            raise InputError(
                f"sector {self._first(free)} delivers but has no costs",
                key="value_added", allowed="a column with costs, or balance='value_added'",
            )  # fmt: skip
        rate = 1 - np.divide(cost, self.output, out=np.ones_like(cost), where=self.output > 0)
        return np.where(where & (self.output > 0), rate, self.output_tax)

    def _into_intermediate_tax(self) -> Array:
        stuck = (self.bought <= 0) & (self.share > 1e-12)
        if stuck.any():
            raise InputError(
                f"sector {self._first(stuck)} buys nothing that a tax could lie on",
                key="intermediate", allowed="balance='value_added' or 'output_tax'",
            )  # fmt: skip
        rate = np.divide(self.gap, self.bought, out=np.zeros_like(self.gap), where=self.bought > 0)
        result = self.intermediate_tax + rate[:, None, :]
        if (result <= -1).any():
            where = np.argwhere((result <= -1).any(axis=1))[0]
            raise InputError(
                f"value added of {self.axes.label('sj', tuple(int(k) for k in where))} exceeds "
                "its output: the tax would be a subsidy of all its inputs",
                key="value_added", allowed="balance='value_added', 'output_tax' or 'leontief'",
            )  # fmt: skip
        return result


def _leontief(
    z: Array, power: Array, f: Array, payments: Array, ti: Array, tf: Array, to: Array,
    axes: Axes,
) -> tuple[Array, list[str]]:  # fmt: skip
    """Return by how much each column is scaled so that rows equal columns, and notes.

    Cost shares of the columns and final demand are kept: output x solves
    x = A x + f with A the deliveries at basic prices per unit of the column's own
    output, its cost over one less output tax.
    """
    r, i = z.shape[:2]
    n = r * i
    inputs = (np.einsum("risj,risj->sij", z, power) * (1 + ti)).sum(axis=1)
    column = (inputs + (payments * (1 + tf)).sum(axis=2)) / (1 - to)
    base = column.reshape(n)
    demand = f.sum(axis=(2, 3)).reshape(n)
    coefficients = np.divide(z.reshape(n, n), base, out=np.zeros((n, n)), where=base > 0)
    try:
        output = np.linalg.solve(np.eye(n) - coefficients, demand)
    except np.linalg.LinAlgError:
        output = np.full(n, np.nan)
    if not (output > -1e-9 * np.nanmax(np.abs(output), initial=0.0)).all():
        raise InputError(
            "the columns' cost shares are not productive: no output meets final demand",
            key="balance", value="leontief",
            allowed="columns whose inputs cost less than the output",
        )  # fmt: skip
    rows = (z.sum(axis=(2, 3)) + f.sum(axis=(2, 3))).reshape(n)
    output = np.where(rows > 0, np.maximum(output, 0.0), 0.0)
    free = (base <= 0) & (output > 0)
    if free.any():
        where = np.unravel_index(int(np.flatnonzero(free)[0]), (r, i))
        raise InputError(
            f"sector {axes.label('sj', tuple(int(k) for k in where))} delivers but has no costs",
            key="value_added", allowed="a column with costs",
        )  # fmt: skip
    scale = np.divide(output, base, out=np.zeros(n), where=base > 0)
    moved = np.abs(output - rows).sum() / rows.sum()
    worst = int(np.argmax(np.where(rows > 1e-6 * rows.sum(), np.abs(output - rows), 0.0)))
    where = np.unravel_index(worst, (r, i))
    note = [
        f"Rows and columns were balanced at given cost shares and final demand: "
        f"{moved:.2%} of world output moved, most in "
        f"{axes.label('sj', tuple(int(k) for k in where))}."
    ]
    return scale.reshape(r, i), note if moved > WORTH_TELLING else []


def _no_domestic_export_tax(rate: Array, axes: Axes) -> None:
    r = np.arange(rate.shape[1])
    if (rate[:, r, :, r] != 0).any():
        region, u, i = (int(k) for k in np.argwhere(rate[:, r, :, r] != 0)[0])
        raise InputError(
            f"export tax on deliveries within region {axes.label('uris', (u, region, i, region))}",
            key="export_tax", value=float(rate[u, region, i, region]),
            allowed="0 for a region's deliveries to itself",
        )  # fmt: skip

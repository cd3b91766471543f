"""A user's own arrays become a benchmark.

Two doors: a full table of deliveries (:func:`benchmark_from_arrays`), or bilateral
trade with input and value-added shares (:func:`benchmark_from_trade`), which is all
that the trade literature often has. Both end in the same place, so that published
settings are a matter of arguments: one factor or several, one use class or several,
tariffs and taxes or none, Cobb-Douglas nests or any other elasticities.

Axis letters as in :mod:`cge.calibration.benchmark`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cge.calibration.benchmark import Benchmark
from cge.calibration.elasticities import NEST_AXES, Elasticities
from cge.errors import InputError

Array = NDArray[np.float64]
Flows = Literal["net", "fob", "gross"]
Balance = Literal["error", "value_added", "output_tax", "intermediate_tax", "leontief"]
Negative = Literal["error", "clip"]

FLOWS = ("net", "fob", "gross")
BALANCES = ("error", "value_added", "output_tax", "intermediate_tax", "leontief")
NEGATIVES = ("error", "clip")
SPEEDS = ("short", "long")

#: Nests a user need not name: Cobb-Douglas, with factors mobile between sectors. The
#: Armington nest has no default, since every result hinges on it.
COBB_DOUGLAS: Mapping[str, float] = {
    nest: 1.0 for nest in NEST_AXES if nest not in ("armington", "transformation")
}

#: Characters with a meaning where scenarios select cells; no code may have them.
RESERVED = ", | [ ] ! *"

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
        As in :class:`~cge.calibration.benchmark.Benchmark`.

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
    _one_of("flows", flows, FLOWS)
    _one_of("balance", balance, BALANCES)
    _one_of("negative", negative, NEGATIVES)
    r_codes, i_codes = _codes("regions", regions), _codes("sectors", sectors)
    final = _numbers("final", final)
    value_added = _numbers("value_added", value_added)
    if final.ndim == 3:
        final = final[..., None]
    if value_added.ndim == 2:
        value_added = value_added[..., None]
    d_codes = _axis_codes("agents", agents, final, ("FINAL",))
    f_codes = _axis_codes("factors", factors, value_added, ("LAB",))
    classes, sector_class, agent_class = _use_classes(use_classes, i_codes, d_codes)
    axes = _Axes(
        {"u": classes, "r": r_codes, "s": r_codes, "i": i_codes, "j": i_codes,
         "d": d_codes, "f": f_codes}
    )  # fmt: skip
    tolerance = _tolerance(tolerance)
    told = [notes] if isinstance(notes, str) else list(notes)

    def cells(key: str, given: Any, letters: str) -> Array:
        """Values of the accounts: the right shape, finite, not negative."""
        array = axes.check(key, _numbers(key, given), letters)
        low = array < 0
        if not low.any():
            return array
        where = _first(low)
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
        where = _first(to >= 1)
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
        groups=_groups(groups or {}, {"regions": r_codes, "sectors": i_codes}),
        names=dict(names or {}),
        origin={"table": f"arrays '{name}'"},
    )


def benchmark_from_trade(
    *,
    regions: Sequence[str],
    sectors: Sequence[str],
    trade: Any,
    io_shares: Any,
    value_added_share: Any,
    elasticities: Mapping[str, Any],
    final_shares: Any = None,
    deficits: Literal["data", "zero"] | Any = "data",
    tariff: Any = 0.0,
    flows: Literal["net", "gross"] = "net",
    factors: Sequence[str] | None = None,
    use_classes: Literal["single", "by_kind"] | Mapping[str, str] = "single",
    tolerance: float = 1e-6,
    negative: Negative = "error",
    name: str = "user",
    unit: str = "million USD",
    notes: Sequence[str] = (),
    groups: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None,
) -> Benchmark:
    """Make a benchmark of bilateral trade and cost shares, by proportionality.

    Every user of a commodity in a region buys it from the same origins in the same
    proportions. Spending `X` at market prices, output `Y` at basic prices and income
    `I` are made consistent as in Caliendo and Parro (2015, Review of Economic Studies
    82, equations 5 to 9), with trade shares `pi` at market prices::

        Y[r,i] = sum_s pi[r,i,s] X[s,i] / (1 + tariff[r,i,s])
        X[s,i] = sum_j io_shares[s,i,j] Y[s,j] + final_shares[s,i] I[s]
        I[s]   = sum_j value_added_share[s,j] Y[s,j] + tariff revenue[s] + deficit[s]

    The system is linear and its scale free: world spending is that of `trade`.

    Parameters
    ----------
    regions, sectors : sequence of str
    trade : array_like (r, i, s)
        Deliveries, those of a region to itself included, in `unit`.
    io_shares : array_like (s, i, j)
        Share of commodity `i` in the cost of sector `j`, tariffs included: of all its
        cost, adding up to ``1 - value_added_share``, or of its inputs, adding up to 1.
    value_added_share : array_like (s, j) or (s, j, f)
        Share of value added, or of each factor, in cost.
    elasticities : mapping
        As in :func:`benchmark_from_arrays`.
    final_shares : array_like (s, i), optional
        Shares of final spending at market prices, adding up to 1. Default: what `trade`
        leaves over intermediate use.
    deficits : {"data", "zero"} or array_like (s,)
        Transfers received from abroad: imports less exports of `trade` (``data``), none,
        or those given, which must add up to nothing.
    tariff : number or array_like (r, i, s)
        Ad valorem rates.
    flows : {"net", "gross"}
        Whether `trade` is without or with tariffs.
    negative : {"error", "clip"}
        Where final demand is the remainder and negative: an error that names the cell,
        or set to zero, the accounts being solved again with the shares that remain.
    factors, use_classes, tolerance, name, unit, notes, groups, names
        As in :func:`benchmark_from_arrays`.

    Returns
    -------
    Benchmark
        With one final agent, ``FINAL``.

    Raises
    ------
    InputError
        For wrong shapes or values, shares that do not add up, demand without supply,
        and deficits too large for any positive solution.
    """
    _one_of("flows", flows, ("net", "gross"))
    _one_of("negative", negative, NEGATIVES)
    r_codes, i_codes = _codes("regions", regions), _codes("sectors", sectors)
    shares = _numbers("value_added_share", value_added_share)
    if shares.ndim == 2:
        shares = shares[..., None]
    f_codes = _axis_codes("factors", factors, shares, ("LAB",))
    axes = _Axes(
        {"u": ("all",), "r": r_codes, "s": r_codes, "i": i_codes, "j": i_codes, "f": f_codes}
    )

    def cells(key: str, given: Any, letters: str) -> Array:
        array = axes.check(key, _numbers(key, given), letters)
        if (array < 0).any():
            where = _first(array < 0)
            raise InputError(
                f"negative value at {axes.label(letters, where)}",
                key=key, value=float(array[where]), allowed="values >= 0",
            )  # fmt: skip
        return array

    tolerance = _tolerance(tolerance)
    value = cells("trade", trade, "ris")
    power = 1 + axes.by_class("tariff", tariff)[0]
    factor_cost = cells("value_added_share", shares, "sjf")
    gamma = cells("io_shares", io_shares, "sij")
    gamma = _cost_shares(gamma, factor_cost, value.sum(axis=2) > 0, tolerance, axes)
    market = value if flows == "gross" else value * power
    basic = market / power
    total = market.sum(axis=0)  # (i, s)
    pi = np.divide(market, total, out=np.zeros_like(market), where=total > 0)
    in_data = basic.sum(axis=(0, 1)) - basic.sum(axis=(1, 2))
    told = [notes] if isinstance(notes, str) else list(notes)

    spending, output = total.T, basic.sum(axis=2)
    as_in_data = isinstance(deficits, str) and deficits == "data"
    if final_shares is None:
        rest = spending - np.einsum("sij,sj->si", gamma, output)
        low = rest < -tolerance * np.maximum(spending, 1e-300)
        if low.any() and negative == "error":
            where = _first(low)
            raise InputError(
                f"sectors need more of {axes.label('si', where)} than trade delivers to that "
                f"region: final demand would be negative in {int(low.sum())} cells",
                key="trade", value=float(rest[where]),
                allowed="final_shares of your own, or negative='clip'",
            )  # fmt: skip
        if low.any():
            told.append(
                f"Final demand was negative in {int(low.sum())} cells and is zero there; output "
                "and spending were solved again with the shares that remain."
            )
        solve = bool(low.any()) or not as_in_data
        final = np.maximum(rest, 0.0)
        _positive_income(final.sum(axis=1), "trade", r_codes)
        alpha = final / final.sum(axis=1, keepdims=True)
    else:
        alpha = cells("final_shares", final_shares, "si")
        off = np.abs(alpha.sum(axis=1) - 1)
        if (off > tolerance).any():
            worst = int(np.argmax(off))
            raise InputError(
                f"shares of region '{r_codes[worst]}' do not add up",
                key="final_shares", value=float(alpha[worst].sum()), allowed="a sum of 1",
            )  # fmt: skip
        alpha = alpha / alpha.sum(axis=1, keepdims=True)
        solve = True
    if solve:
        transfer = in_data if as_in_data else _deficits(deficits, tolerance, axes)
        spending = _consistent_spending(pi, power, gamma, factor_cost, alpha, transfer,
                                        market.sum(), axes)  # fmt: skip
        output = np.einsum("ris,si->ri", pi / power, spending)
        income = (spending - np.einsum("sij,sj->si", gamma, output)).sum(axis=1)
        if (income <= 0).any():
            worst = int(np.argmin(income))
            raise InputError(
                f"no positive final demand in region '{r_codes[worst]}' is consistent with the "
                "deficits and shares given",
                key="deficits", value=float(transfer[worst]), allowed="smaller deficits",
            )  # fmt: skip
        final = alpha * income[:, None]
    sourced = pi / power  # basic value per unit of spending
    return benchmark_from_arrays(
        regions=r_codes,
        sectors=i_codes,
        intermediate=np.einsum("ris,sij,sj->risj", sourced, gamma, output, optimize=True),
        final=np.einsum("ris,si->ris", sourced, final),
        value_added=factor_cost * output[..., None],
        factors=f_codes,
        tariff=power - 1,
        elasticities=elasticities,
        use_classes=use_classes,
        tolerance=max(tolerance, 1e-9),
        name=name,
        unit=unit,
        notes=told,
        groups=groups,
        names=names,
    )


def read_elasticities(
    given: Elasticities | Mapping[str, Any],
    sizes: Mapping[str, int],
    sectors: Sequence[str],
    factors: Sequence[str],
) -> dict[str, Elasticities]:
    """Return elasticities by speed from what a user gives, defaults filled in.

    Parameters
    ----------
    given : Elasticities or mapping
        As `elasticities` in :func:`benchmark_from_arrays`; values under ``short`` and
        ``long`` may be :class:`~cge.calibration.elasticities.Elasticities` as well.
    sizes : mapping
        Length of each axis letter.
    sectors, factors : sequence of str
    """
    if isinstance(given, Elasticities):
        return dict.fromkeys(SPEEDS, given)
    if not isinstance(given, Mapping):
        raise InputError(
            "give a mapping from nest to value", key="elasticities", value=given, allowed=NEST_AXES
        )
    by_speed: Mapping[str, Any] = dict.fromkeys(SPEEDS, given)
    if set(given) & set(SPEEDS):
        odd = sorted(set(given) ^ set(SPEEDS))
        if odd:
            raise InputError(
                "give both speeds and nothing else beside them", key="elasticities",
                value=odd[0], allowed=SPEEDS,
            )  # fmt: skip
        by_speed = given
    result = {}
    for speed, values in by_speed.items():
        if isinstance(values, Elasticities):
            result[speed] = values
            continue
        if not isinstance(values, Mapping):
            raise InputError(
                "give a mapping from nest to value", key=f"elasticities.{speed}",
                value=values, allowed=NEST_AXES,
            )  # fmt: skip
        if "armington" not in values:
            raise InputError(
                "the Armington elasticity (among origins, 1 + theta) has no default",
                key="elasticities.armington",
            )
        codes = {"i": tuple(sectors), "f": tuple(factors)}
        result[speed] = Elasticities.from_values({**COBB_DOUGLAS, **values}, sizes, codes)
    return result


# -- the accounts of the columns --------------------------------------------------------


class _Columns:
    """Costs and receipts of every sector, and the ways to bring them together."""

    def __init__(self, *, output: Array, inputs: Array, bought: Array, payments: Array,
                 factor_tax: Array, intermediate_tax: Array, output_tax: Array,
                 axes: _Axes) -> None:  # fmt: skip
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
        return self.axes.label("sj", _first(mask))

    def _into_value_added(self, strict: bool) -> tuple[Array, Array]:
        wanted = self.factor_cost + self.gap
        # Rounding of a sector without factors is nobody's income.
        wanted = np.where(np.abs(wanted) <= 1e-13 * self.output, 0.0, wanted)
        low = wanted < 0
        if low.any() and strict:
            where = _first(low)
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
    axes: _Axes,
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


# -- consistent accounts from trade shares -----------------------------------------------


def _cost_shares(
    gamma: Array, factor_cost: Array, alive: NDArray[np.bool_], tolerance: float, axes: _Axes
) -> Array:
    """Return input shares of total cost, from shares of it or of the inputs' cost.

    Sectors that deliver nothing (not `alive`) may have any.
    """
    value_added = factor_cost.sum(axis=2)
    over = alive & (value_added > 1 + tolerance)
    if over.any():
        where = _first(over)
        raise InputError(
            f"share at {axes.label('sj', where)} is above 1",
            key="value_added_share", value=float(value_added[where]), allowed="0 to 1",
        )  # fmt: skip
    inputs = gamma.sum(axis=1)
    material = np.maximum(1 - value_added, 0.0)
    # A sector without inputs may have shares of nothing.
    of_inputs = (np.abs(inputs - 1) <= tolerance) | ((inputs == 0) & (material <= tolerance))
    of_inputs |= ~alive
    of_cost = (np.abs(inputs - material) <= tolerance) | ~alive
    if not of_cost.all() and of_inputs.all():
        return gamma * material[:, None, :]
    if not of_cost.all():
        where = _first(~of_cost)
        raise InputError(
            f"input shares of sector {axes.label('sj', where)} do not add up",
            key="io_shares", value=float(inputs[where]),
            allowed=f"{float(material[where]):.6g} (1 less the value-added share), or 1 in all "
            "sectors where they are shares of the inputs' cost",
        )  # fmt: skip
    exact = np.divide(material, inputs, out=np.zeros_like(inputs), where=inputs > 0)
    return gamma * exact[:, None, :]


def _deficits(given: Any, tolerance: float, axes: _Axes) -> Array:
    if isinstance(given, str):
        if given != "zero":
            raise InputError(
                "unknown option", key="deficits", value=given,
                allowed="'data', 'zero', or one number for each region",
            )  # fmt: skip
        return np.zeros(axes.sizes["s"])
    transfer = axes.check("deficits", _numbers("deficits", given), "s")
    if abs(transfer.sum()) > tolerance * np.abs(transfer).sum():
        raise InputError(
            "deficits of all regions must add up to nothing",
            key="deficits", value=float(transfer.sum()), allowed="a sum of 0",
        )  # fmt: skip
    return transfer - transfer.sum() / len(transfer)


def _positive_income(income: Array, key: str, regions: Sequence[str]) -> None:
    if (income <= 0).any():
        raise InputError(
            "nothing is left for final demand", key=key, value=regions[int(np.argmin(income))]
        )


def _consistent_spending(
    pi: Array, power: Array, gamma: Array, factor_cost: Array, alpha: Array, transfer: Array,
    world: float, axes: _Axes,
) -> Array:  # fmt: skip
    """Return spending (s, i) that is consistent with shares, deficits and world spending."""
    supplied = pi.sum(axis=0).T > 0  # (s, i)
    sells = pi.sum(axis=2) > 0  # (r, i)
    needed = (alpha > 0) | (gamma * sells[:, None, :]).any(axis=2)
    if (needed & ~supplied).any():
        where = _first(needed & ~supplied)
        raise InputError(
            f"nothing is delivered of {axes.label('si', where)}, but shares demand it",
            key="trade", allowed="a positive delivery, or zero shares",
        )  # fmt: skip
    _, i, s = pi.shape
    n = s * i
    sourced = pi / power
    # received[(s, j), (s', j)]: output of sector (s, j) per unit of spending of s' on j
    blocks = np.zeros((s, i, s, i))
    k = np.arange(i)
    blocks[:, k, :, k] = sourced.transpose(1, 0, 2)
    received = blocks.reshape(s, i, n)
    inputs = np.einsum("sij,sjn->sin", gamma, received, optimize=True).reshape(n, n)
    income = np.einsum("sj,sjn->sn", factor_cost.sum(axis=2), received)
    revenue = ((power - 1) * sourced).sum(axis=0).T  # (s, i) per unit of spending
    for region in range(s):
        income[region, region * i : (region + 1) * i] += revenue[region]
    matrix = inputs + np.einsum("si,sn->sin", alpha, income).reshape(n, n)
    # The system determines spending up to scale; the rank-one term fixes world spending.
    spread = supplied.reshape(n) / supplied.sum()
    left = np.eye(n) - matrix + spread[:, None]
    right = (alpha * transfer[:, None]).reshape(n) + spread * world
    try:
        spending = np.linalg.solve(left, right)
    except np.linalg.LinAlgError:
        raise InputError(
            "some regions trade with nobody outside their group: the sizes of the groups "
            "cannot be told from shares",
            key="trade", allowed="trade that connects all regions",
        ) from None  # fmt: skip
    if (spending < -1e-9 * np.abs(spending).max()).any():
        where = int(np.argmin(spending)) // i
        raise InputError(
            f"no positive spending in region '{axes.codes['s'][where]}' is consistent with the "
            "deficits and shares given",
            key="deficits", value=float(transfer[where]), allowed="smaller deficits",
        )  # fmt: skip
    return np.maximum(spending, 0.0).reshape(s, i)


# -- reading arguments -------------------------------------------------------------------


class _Axes:
    """Codes by axis letter, and checks of arrays against them."""

    def __init__(self, codes: Mapping[str, tuple[str, ...]]) -> None:
        self.codes = codes
        self.sizes = {axis: len(named) for axis, named in codes.items()}

    def shape(self, letters: str) -> tuple[int, ...]:
        return tuple(self.sizes[axis] for axis in letters)

    def label(self, letters: str, where: tuple[int, ...]) -> str:
        parts = [self.codes[axis][k] for axis, k in zip(letters, where, strict=True)]
        return "[" + ", ".join(parts) + "]"

    def check(self, key: str, array: Array, letters: str) -> Array:
        expected = self.shape(letters)
        if array.shape != expected:
            raise InputError(
                f"array has shape {array.shape}, expected {expected} = ({', '.join(letters)})",
                key=key,
            )
        if not np.isfinite(array).all():
            where = _first(~np.isfinite(array))
            raise InputError(
                f"missing or infinite value at {self.label(letters, where)}",
                key=key, value=float(array[where]),
            )  # fmt: skip
        return array

    def rate(self, key: str, given: Any, letters: str, short: str | None = None) -> Array:
        """Return a rate on the axes `letters`, from a number or an array on fewer axes."""
        array = _numbers(key, given)
        if array.ndim == 0:
            array = np.full(self.shape(letters), float(array))
        elif short is not None and array.ndim == len(short):
            array = self.check(key, array, short)
            missing = tuple(k for k, axis in enumerate(letters) if axis not in short)
            array = np.broadcast_to(np.expand_dims(array, missing), self.shape(letters))
        array = self.check(key, array, letters)
        self._above_minus_one(key, array, letters)
        return array

    def by_class(self, key: str, given: Any) -> Array:
        """Return a border rate (u, r, i, s), from one for all classes or one for each."""
        if isinstance(given, Mapping):
            classes = self.codes["u"]
            if set(given) != set(classes):
                raise InputError(
                    "rates by use class must name every class and no other", key=key,
                    value=sorted(set(given) ^ set(classes))[0], allowed=classes,
                )  # fmt: skip
            return np.stack([self.by_class(f"{key}.{c}", given[c])[k]
                             for k, c in enumerate(classes)])  # fmt: skip
        array = _numbers(key, given)
        if array.ndim == 0:
            # One number is a rate across borders.
            abroad = 1.0 - np.eye(self.sizes["r"])
            array = array * np.broadcast_to(abroad[:, None, :], self.shape("ris"))
        return self.rate(key, array, "uris", "ris")

    def _above_minus_one(self, key: str, array: Array, letters: str) -> None:
        if (array <= -1).any():
            where = _first(array <= -1)
            raise InputError(
                f"rate at {self.label(letters, where)} is -100 % or below",
                key=key, value=float(array[where]), allowed="fractions above -1; 0.1 is 10 %",
            )  # fmt: skip


def safe_code(code: str) -> str:
    """Return a code that scenarios can name, the code itself if it is one."""
    for character in RESERVED.split():
        code = code.replace(character, " ")
    return " ".join(code.split())


def _first(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return the position of the first cell that is marked."""
    return tuple(int(k) for k in np.argwhere(mask)[0])


def _one_of(key: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InputError("unknown option", key=key, value=value, allowed=allowed)


def _tolerance(given: Any) -> float:
    tolerance = _numbers("tolerance", given)
    if tolerance.ndim or not 0 <= tolerance < 1:
        raise InputError("not a share", key="tolerance", value=given, allowed="0 to 1")
    return float(tolerance)


def _numbers(key: str, given: Any) -> Array:
    try:
        return np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError("is not an array of numbers", key=key, value=given) from None


def _codes(key: str, given: Any) -> tuple[str, ...]:
    """Return codes as plain strings, so that equal benchmarks have equal fingerprints."""
    try:
        codes = tuple(str(code) for code in ([] if isinstance(given, str) else given))
    except TypeError:
        codes = ()
    if not codes:
        raise InputError("give a list of codes", key=key, value=given)
    repeated = [code for n, code in enumerate(codes) if code in codes[:n]]
    if repeated:
        raise InputError("code stands twice", key=key, value=repeated[0])
    odd = [code for code in codes if code != safe_code(code)]
    if odd:
        raise InputError(
            "code could not be named in a scenario", key=key, value=odd[0],
            allowed=f"text without any of {RESERVED} and without spaces around it",
        )  # fmt: skip
    return codes


def _axis_codes(
    key: str, given: Sequence[str] | None, array: Array, single: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the codes of an array's last axis, which need not be named if it has one."""
    if given is not None:
        return _codes(key, given)
    if array.ndim and array.shape[-1] == 1:
        return single
    raise InputError(
        f"there are {array.shape[-1] if array.ndim else 0} of them: give their codes", key=key
    )


def _groups(
    given: Mapping[str, Mapping[str, Sequence[str]]], codes: Mapping[str, tuple[str, ...]]
) -> dict[str, dict[str, tuple[str, ...]]]:
    for axis, named in given.items():
        if axis not in codes:
            raise InputError("unknown axis", key="groups", value=axis, allowed=codes)
        for group, members in named.items():
            odd = [code for code in members if code not in codes[axis]]
            if odd:
                raise InputError(f"group '{group}' names an unknown code", key=f"groups.{axis}",
                                 value=odd[0], allowed=codes[axis])  # fmt: skip
    return {axis: {g: tuple(m) for g, m in named.items()} for axis, named in given.items()}


def _use_classes(
    given: Any, sectors: tuple[str, ...], agents: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return (classes, class of each sector, class of each agent)."""
    if isinstance(given, str):
        _one_of("use_classes", given, ("single", "by_kind", "a mapping from user to class"))
        if given == "single":
            return ("all",), ("all",) * len(sectors), ("all",) * len(agents)
        if "int" in agents:
            raise InputError("an agent has the code of the inputs' class", key="agents",
                             value="int", allowed="another code, or a mapping")  # fmt: skip
        return ("int", *agents), ("int",) * len(sectors), agents
    if not isinstance(given, Mapping):
        raise InputError(
            "unknown option", key="use_classes", value=given,
            allowed="'single', 'by_kind', or a mapping from user to class",
        )  # fmt: skip
    known = ("sectors", "agents", *sectors, *agents)
    unknown = [user for user in given if user not in known]
    if unknown:
        raise InputError("unknown user", key="use_classes", value=unknown[0], allowed=known)
    chosen: list[list[str]] = []
    for kind, users in (("sectors", sectors), ("agents", agents)):
        left = [user for user in users if user not in given and kind not in given]
        if left:
            raise InputError(
                f"user '{left[0]}' has no class", key="use_classes",
                allowed=f"its code, or '{kind}' for all that are not named",
            )  # fmt: skip
        chosen.append([str(given[user] if user in given else given[kind]) for user in users])
    classes = tuple(dict.fromkeys([*chosen[0], *chosen[1]]))
    return classes, tuple(chosen[0]), tuple(chosen[1])


def _no_domestic_export_tax(rate: Array, axes: _Axes) -> None:
    r = np.arange(rate.shape[1])
    if (rate[:, r, :, r] != 0).any():
        region, u, i = (int(k) for k in np.argwhere(rate[:, r, :, r] != 0)[0])
        raise InputError(
            f"export tax on deliveries within region {axes.label('uris', (u, region, i, region))}",
            key="export_tax", value=float(rate[u, region, i, region]),
            allowed="0 for a region's deliveries to itself",
        )  # fmt: skip

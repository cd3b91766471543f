"""Transport: services that carry goods between regions, and who supplies them.

Where the benchmark has transport (:mod:`cge.data.accounts.bundles`) a route of goods takes services
in fixed proportion to what it carries. Each kind of service is a composite of what all regions
supply of it, at one price for all routes: a pool, as in GTAP (Hertel 1997; Corong and others 2017,
section on international transport). What arrives is worth goods and services, and tariffs are on
both. With h for the price at the importer's border, p for that at the exporter's, q for that of a
service, all relative to the benchmark, and t for services over goods in value,

    (1 + sum_j t_j) h = p + sum_j t_j q_j

The services of a route are bought by the importing region from the class of its carriers, which
has routes from all regions like any other class, and those from home cross a border, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cge.model.language.forms import cells, ratio, total
from cge.model.shares import Declared, Key, Shares


def declare(m: Declared, k: Shares) -> None:
    """Add prices at the importer's border, of routes that need services."""
    m.CARRIED = cells("uris", k.carried)
    m.landed_price = ratio(m.CARRIED)
    if k.has_transport:
        m.SERVICES = cells("risj", k.transport)
    else:  # none
        m.SERVICES = cells("risj", m.CARRIED, by=lambda c: (c[1], c[2], c[3], c[2]))


def _worth(k: Shares, c: Key) -> Any:
    """Benchmark value of what lands over that at the exporter's border."""
    return k.carried[c] / (k.flow[c] * k.export_tax_power[c]) + 1


def goods_share(m: Declared, k: Shares, c: Key, fob_price: Any) -> Any:
    """Share of goods in the value of what lands on a route."""
    return fob_price / m.landed_price[c] / _worth(k, c)


def equations(m: Declared, k: Shares, fob_price: Callable[[Key], Any]) -> None:
    """Add prices of what lands, and what is spent on services.

    Parameters
    ----------
    m : ConcreteModel
    k : Shares
    fob_price : callable
        Price of a route at the exporter's border.
    """
    carrier, price = k.class_of["m"], m.composite_price

    @m.Constraint(m.CARRIED)
    def landing(m, u, r, i, s):
        """What lands is worth goods and the services that carried them."""
        c = (u, r, i, s)
        if not k.has_transport:
            return m.landed_price[c] == 1
        services = total(
            k.transport[n] * price[carrier[n[3]], n[3], n[2]]
            for n in k.by("transport", "ris")[r, i, s]
        )
        return m.landed_price[c] * _worth(k, c) == fob_price(c) + services

    @m.Expression(m.SERVICES)
    def service_spending(m, r, i, s, j):
        """Spending on a service on a route, of all classes [million USD]."""
        if not k.has_transport:
            return 0.0
        landed = total(
            m.landed_value[c] / m.landed_price[c] / _worth(k, c)
            for c in k.by("carried", "ris")[r, i, s]
        )
        return k.transport[r, i, s, j] * price[carrier[j], j, s] * landed


def bought(m: Declared, k: Shares, u: Any, i: Any, s: Any) -> Any:
    """Services of a sector that all routes into a region buy from a class [million USD]."""
    bundles = k.benchmark.bundles
    if bundles is None or not bundles.carrier or u != bundles.carrier:
        return 0.0
    return total(m.service_spending[c] for c in k.by("transport", "js")[i, s])

"""Distances between the regions of a benchmark, from where people live.

The distance between two regions is the mean over pairs of their cities, weighted with population:

    d(r, s) = sum_{k in r} sum_{l in s} w_k w_l d_kl

the measure `distw` of Mayer, T. and S. Zignago (2011), Notes on CEPII's distances measures: the
GeoDist database, CEPII working paper 2011-25, with the ten largest cities of each country, a
country's weight in a region being its population. Within a region it is the mean of the distances
within its countries: most of what a region sells to itself stays in one. Distances are great
circles, not routes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cge.core.axes import Array
from cge.core.content import calibration_file
from cge.core.tables import read_table
from cge.data.accounts.benchmark import Benchmark
from cge.data.accounts.shipped import REST

#: Mean radius of the earth, km (IUGG).
RADIUS = 6371.0088


def great_circle(first: Array, second: Array) -> Array:
    """Distances between places on the globe, (n, m), km.

    Parameters
    ----------
    first, second : ndarray (n, 2), (m, 2)
        Latitudes and longitudes, degrees.
    """
    (lat, lon), (lat2, lon2) = np.radians(first).T[..., None], np.radians(second).T[:, None]
    half = (
        np.sin((lat - lat2) / 2) ** 2 + np.cos(lat) * np.cos(lat2) * np.sin((lon - lon2) / 2) ** 2
    )
    return np.asarray(2 * RADIUS * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def city_table() -> pd.DataFrame:
    """Cities with their country, its population, their place and population."""
    return read_table(calibration_file("distances") / "cities.csv",
                      ("country", "country_population", "city", "latitude", "longitude",
                       "population"), text=("country", "city"))  # fmt: skip


@lru_cache(maxsize=1)
def _cities() -> dict[str, tuple[Array, Array]]:
    """Places (n, 2) of the cities of each country, and their weights: they add up to its people."""
    found = {}
    for code, own in city_table().groupby("country"):
        people = own["population"].to_numpy(float)
        total = float(own["country_population"].iloc[0])
        places = own[["latitude", "longitude"]].to_numpy(float)
        found[str(code)] = places, total * people / people.sum()
    return found


@lru_cache(maxsize=8)
def distances(benchmark: Benchmark) -> Array | None:
    """Distances between regions, and within each on the diagonal, (r, s), km.

    Parameters
    ----------
    benchmark : Benchmark
        Whose regions are, or are made of, countries by their ISO codes of three letters; ``ROW`` is
        all others.

    Returns
    -------
    ndarray or None
        None where a region has a code that is no country.
    """
    members = benchmark.members.get("regions", {})
    made = {code: tuple(members.get(code, (code,))) for code in benchmark.regions}
    named = {country for own in made.values() for country in own}
    cities = _cities()
    if not named - {REST} <= {*cities}:
        return None
    rest = tuple(code for code in cities if code not in named)
    every, within = [], []
    for own in made.values():
        countries = [cities[one] for code in own for one in (rest if code == REST else (code,))]
        places = np.concatenate([one for one, _ in countries])
        people = np.concatenate([people for _, people in countries])
        every.append((places, people / people.sum()))
        inside = [people @ great_circle(one, one) @ people / people.sum()
                  for one, people in countries]  # fmt: skip
        within.append(sum(inside) / people.sum())
    found = np.array([[w @ great_circle(a, b) @ v for b, v in every] for a, w in every])
    np.fill_diagonal(found, within)
    return found

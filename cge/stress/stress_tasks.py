"""Tasks of disruptions: those of one policy together, the same ones one after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from cge.stress.stress_cases import Chunk, Equilibrium, solve_chunks
from cge.tasks.runner import Task


def chunk_task(some: Sequence[Equilibrium], chunks: Sequence[Chunk]) -> Task:
    """Task that solves the same disruptions from some equilibria of one policy."""
    label = some[0].label if len(some) == 1 else ", ".join(str(one) for one in some[0].group)
    size = sum(chunk.equilibria for chunk in chunks)
    return Task(f"disruptions, {label}", solve_chunks, tuple(chunks), size)


def solved_disruptions(
    some: Sequence[Equilibrium], chunks: Sequence[Sequence[tuple[tuple[int, ...], Chunk]]],
    every: int,
) -> Generator[Sequence[Task], list[Any], dict[int, list[dict[str, Any] | None]]]:  # fmt: skip
    """Yield the tasks of some equilibria; return what they found, by equilibrium.

    The same disruptions come one after the other, as solvers are prepared for them alike.
    """
    places: dict[Any, list[tuple[int, Chunk]]] = {}
    for n, (one, own) in enumerate(zip(some, chunks, strict=True)):
        for numbers, chunk in own:
            key = one.labels["elasticities"], numbers, one.group
            places.setdefault(key, []).append((n, chunk))
    order = sorted(places, key=lambda key: (key[0], key[1], places[key][0][0]))
    solved = yield [
        chunk_task([some[n] for n, _ in places[key]], [chunk for _, chunk in places[key]])
        for key in order
    ]
    found: dict[int, list[dict[str, Any] | None]] = {id(one): [None] * every for one in some}
    for key, results in zip(order, solved, strict=True):
        for (n, _), result in zip(places[key], results, strict=True):
            for number, one in zip(key[1], result, strict=True):
                found[id(some[n])][number] = one
    return found

"""How film_graph.npz was made: `python -m cldsl.data.vendored.extract_films` in a checkout writes it again.

Input: the installed package recbole, read as files: triples `film, relation, entity` of a knowledge graph and the list
of its films. Output: film_graph.npz beside this file, links as pairs of numbers. The program itself never calls this;
licence and credit are in LICENCES.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from cldsl.data.order import Array, permutation
from cldsl.data.vendored.extract import _located, write

#: The classes: genres of which a film has exactly one; action, comedy, drama.
GENRES = ("m.02kdv5l", "m.05p553", "m.02822")
#: Films of a class at most, and those of each class whose label is shown to a probe.
MOST, SHOWN = 200, 20
#: A relation's entities are kept where at least so many films have them.
PEOPLE = {"actor": "film.film.actor", "director": "film.film.directed_by", "writer": "film.film.written_by"}
TRAITS = (
    "film.film.country",
    "film.film.language",
    "film.film.rating",
    "film.film.award_nomination",
    "film.film.award_won",
    "film.film.subjects",
    "film.film.production_companies",
)
LEAST_FILMS = {"people": 2, "traits": 3}

Links = Mapping[str, Mapping[str, set[str]]]


def links(lines: Iterable[str]) -> Links:
    """relation -> film -> entities, from lines `film, relation, entity` after a header, parted by tabs."""
    found: dict[str, dict[str, set[str]]] = {}
    for line in list(lines)[1:]:
        film, relation, entity = line.split("\t")
        found.setdefault(relation, {}).setdefault(film, set()).add(entity)
    return found


def films(known: Iterable[str], genres: Mapping[str, set[str]]) -> tuple[list[str], Array]:
    """Films with exactly one of GENRES, MOST of a class at most, by name; and their classes."""
    marks = {film: [place for place, genre in enumerate(GENRES) if genre in genres.get(film, ())] for film in known}
    single = sorted(film for film, own in marks.items() if len(own) == 1)
    taken: Counter[int] = Counter()
    chosen = []
    for place in permutation(len(single), (len(single), 1)):
        film = single[place]
        if taken[marks[film][0]] < MOST:
            taken[marks[film][0]] += 1
            chosen.append(film)
    chosen.sort()
    return chosen, np.array([marks[film][0] for film in chosen])


def shown(labels: Array) -> Array:
    """1 for SHOWN films of each class, else 0."""
    marks = np.zeros(len(labels), dtype=np.uint8)
    order = permutation(len(labels), (len(labels), 2))
    for label in np.unique(labels):
        marks[order[labels[order] == label][:SHOWN]] = 1
    return marks


def pairs(rows: Sequence[str], relations: Sequence[Mapping[str, set[str]]], least: int) -> Array:
    """[pair, 2]: number of a film, number of an entity that at least `least` of the films have."""
    counts = Counter(entity for own in relations for film in rows for entity in own.get(film, ()))
    number = {entity: place for place, entity in enumerate(sorted(e for e, count in counts.items() if count >= least))}
    found = {
        (row, number[entity])
        for own in relations
        for row, film in enumerate(rows)
        for entity in own.get(film, ())
        if entity in number
    }
    return np.array(sorted(found), dtype=np.uint16)


def main() -> None:
    """Write the extract."""
    folder = _located("recbole", "recbole/dataset_example/ml-100k")
    graph = links((folder / "ml-100k.kg").read_text(encoding="utf-8").splitlines())
    known = [line.split("\t")[1] for line in (folder / "ml-100k.link").read_text(encoding="utf-8").splitlines()[1:]]
    rows, labels = films(known, graph["film.film.genre"])
    columns = {name: pairs(rows, [graph[relation]], LEAST_FILMS["people"]) for name, relation in PEOPLE.items()}
    columns["trait"] = pairs(rows, [graph[relation] for relation in TRAITS], LEAST_FILMS["traits"])
    write(
        Path(__file__).parent / "film_graph.npz",
        {"label": labels.astype(np.uint8), "shown": shown(labels), **columns},
    )


if __name__ == "__main__":
    main()

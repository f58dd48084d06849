"""Generates synthetic reviews one after the other, and writes them with the truth about them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from learntogether_kg.errors import UnreadableFileError
from learntogether_kg.synthetic.review import HEAD, SyntheticReview, draw
from learntogether_kg.synthetic.truth import Truth


def generate(n: int, seed: int) -> Iterator[SyntheticReview]:
    """Yields synthetic reviews; none is kept.

    Args:
        n: How many.
        seed: With the same seed the same reviews come, and the first hundred of a thousand are the hundred.
    """
    return (draw(number, seed) for number in range(1, n + 1))


def write(n: int, seed: int, out: Path) -> Iterator[SyntheticReview]:
    """Writes synthetic reviews and the truth about them, and yields each as it is written.

    Args:
        n: How many.
        seed: With the same seed the same bytes are written.
        out: A name that ends in ``.trig`` makes one file with a named graph for each review, and the truth beside it
            as ``.truth.json``; any other a folder with one Turtle file for each, and ``truth.json``.

    Raises:
        UnreadableFileError: There is something already, or nothing can be written there.
    """
    if out.exists() and (out.is_file() or any(out.iterdir())):
        raise UnreadableFileError(out, "it is there already; choose a new name or an empty folder")
    try:
        yield from (_write_trig if out.suffix == ".trig" else _write_folder)(n, seed, out)
    except OSError as error:
        raise UnreadableFileError(out, f"it cannot be written: {error.strerror or error}") from error


def _write_trig(n: int, seed: int, out: Path) -> Iterator[SyntheticReview]:
    truth = Truth(n, seed)
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write(HEAD)
        for review in generate(n, seed):
            file.write(review.trig)
            truth.add(review)
            yield review
    truth.write(out.with_suffix(".truth.json"))


def _write_folder(n: int, seed: int, out: Path) -> Iterator[SyntheticReview]:
    truth = Truth(n, seed)
    out.mkdir(parents=True, exist_ok=True)
    for number, review in enumerate(generate(n, seed), start=1):
        (out / f"synthetic-{number:0{len(str(n))}}.ttl").write_text(review.turtle, encoding="utf-8", newline="\n")
        truth.add(review)
        yield review
    truth.write(out / "truth.json")

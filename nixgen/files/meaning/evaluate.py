"""From texts to what they mean, many at a time."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias

from nixgen.files.meaning import nix, term
from nixgen.files.meaning.term import Meaning
from nixgen.files.meaning.translate import OURS, translate
from nixgen.frozen import frozen
from nixgen.scan import NotNixError

if TYPE_CHECKING:
    from collections.abc import Sequence


@frozen
class Unknown:
    """That nobody can tell what a text means.

    Attributes:
        reason: Why, in one line.
    """

    reason: str


@frozen
class Known:
    """That it is known what a text means.

    Attributes:
        meaning: That.
    """

    meaning: Meaning


Outcome: TypeAlias = Known | Unknown

TOO_DEEP: Final = "it is nested too deep"
"""Why what recurses deeper than Python does is unknown."""
_THROWS: Final = Unknown("error: it throws")


def evaluate(
    program: str,
    texts: Sequence[tuple[str, str]],
    seconds: float = 2 * nix.SECONDS,
    *,
    explain: bool = False,
) -> list[Outcome]:
    """Return what each text means.

    All are evaluated in one process. Where that fails, for there are errors in Nix that nothing in
    Nix can catch, each half is, and so on down to the text that is to blame.

    Args:
        program: The path of `nix-instantiate`.
        texts: The path of each below some folder, and what it holds.
        seconds: How long all may take together; what is not known by then is unknown.
        explain: Whether to ask Nix about each that throws, one by one, what the error is.
    """
    translated: dict[int, str] = {}
    outcomes: dict[int, Outcome] = {}
    for number, (path, text) in enumerate(texts):
        try:
            translated[number] = translate(text, path)
        except NotNixError as error:
            line = text.count("\n", 0, error.offset) + 1
            outcomes[number] = Unknown(f"line {line}: {error}")
        except RecursionError:
            outcomes[number] = Unknown(TOO_DEEP)
        except ValueError as error:
            outcomes[number] = Unknown(str(error))
    end = monotonic() + seconds
    if translated:
        outcomes |= _evaluate(program, translated, end)
    for number, outcome in outcomes.items() if explain else ():
        if outcome == _THROWS:
            outcomes[number] = _evaluate(program, {number: translated[number]}, end)[number]
    return [outcomes[number] for number in range(len(texts))]


def _evaluate(program: str, texts: dict[int, str], end: float) -> dict[int, Outcome]:
    # No process takes all that is left, so that one file that never ends leaves some to others.
    left = (end - monotonic()) / 2
    if left <= 0:
        return dict.fromkeys(texts, Unknown(nix.TOO_LONG))
    if len(texts) == 1:
        ((number, text),) = texts.items()
        answer = nix.evaluate(program, _program("serialize", text), left)
        if answer.printed is None:
            return {number: Unknown(answer.problem)}
        try:
            return {number: Known(term.read(term.load(answer.printed)))}
        except RecursionError:
            return {number: Unknown(TOO_DEEP)}
        except ValueError:
            return {number: Unknown("error: what Nix printed is no JSON")}
    every = f"[ {' '.join(texts.values())} ]"
    answer = nix.evaluate(program, _program("serializeAll", every), left)
    with suppress(RecursionError, ValueError):
        if answer.printed is not None:
            return {
                number: Known(term.read(each[0])) if each else _THROWS
                for number, each in zip(texts, term.load(answer.printed), strict=True)
            }
    numbers = [*texts]
    middle = len(numbers) // 2
    return {
        **_evaluate(program, {number: texts[number] for number in numbers[:middle]}, end),
        **_evaluate(program, {number: texts[number] for number in numbers[middle:]}, end),
    }


def _program(function: str, argument: str) -> str:
    symbols = Path(__file__).with_name("symbols.nix").read_text(encoding="utf-8")
    return f"let {OURS} =\n{symbols}; in {OURS}.{function} {argument}\n"

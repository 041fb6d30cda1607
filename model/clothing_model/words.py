"""Numbers in words, as people read them."""


def noun(number: int, one: str, several: str | None = None) -> str:
    """The noun that goes with a number: "photo" or "photos"."""
    return one if number == 1 else several or f"{one}s"


def count(number: int, one: str, several: str | None = None) -> str:
    """A number with its noun: "1 photo", "2 photos"."""
    return f"{number:,} {noun(number, one, several)}"


def percent(probability: float) -> str:
    """A probability, 0..1, as the page words it (`percent` in src/words/answer.rs): never 0 % or 100 %."""
    whole = round(100 * probability)
    return "under 1 %" if whole <= 0 else "over 99 %" if whole >= 100 else f"{whole} %"

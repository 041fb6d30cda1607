"""Numbers as people read them."""


def noun(number: int, one: str, several: str | None = None) -> str:
    """What so many things are called: "photo" or "photos"."""
    return one if number == 1 else several or f"{one}s"


def count(number: int, one: str, several: str | None = None) -> str:
    """So many things: "1 photo", "2 photos"."""
    return f"{number:,} {noun(number, one, several)}"


def percent(probability: float) -> str:
    """As the page says it (`percent` in src/words/answer.rs): never a certainty that the network does not have."""
    whole = round(100 * probability)
    return "under 1 %" if whole <= 0 else "over 99 %" if whole >= 100 else f"{whole} %"

"""The one exception that this package raises for users: what is wrong, and what to do about it."""


class PipelineError(Exception):
    """A file, a folder or an option is not as it must be.

    cause: names it and says what is wrong. remedy: says what the user can do.
    """

    def __init__(self, cause: str, remedy: str):
        super().__init__(f"{cause}\n  -> {remedy}")
        self.cause = cause
        self.remedy = remedy

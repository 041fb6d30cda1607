"""The one kind of error this package raises on purpose: what is wrong, and what to do about it."""


class PipelineError(Exception):
    """Something outside the code is not as it must be.

    `cause` names the thing (a file, a folder, an option); `remedy` says what its owner can do.
    """

    def __init__(self, cause: str, remedy: str):
        super().__init__(f"{cause}\n  -> {remedy}")
        self.cause = cause
        self.remedy = remedy

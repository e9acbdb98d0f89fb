"""The one error that people see."""

from nixgen.redact import redact


class NixgenError(ValueError):
    """Something that its reader can mend: the message is complete and needs no traceback.

    What has the form of a secret is not repeated in it.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(message))

"""The one error that people see."""


class NixgenError(ValueError):
    """Something that its reader can mend: the message is complete and needs no traceback.

    What has the form of a secret is not repeated in it.
    """

    def __init__(self, message: str = "") -> None:
        from nixgen.redact import redacted  # most runs have no error

        super().__init__(redacted(message))

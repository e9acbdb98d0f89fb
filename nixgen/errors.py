"""The one error that people see."""


class NixgenError(ValueError):
    """Something that its reader can mend: the message is complete and needs no traceback."""

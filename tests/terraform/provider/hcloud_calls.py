"""What the resources of hcloud's provider have in common when they call the API."""

from .cloud import State
from .hetzner import Hetzner, RefusedError


def own(text: str, detail: str = "") -> RefusedError:
    """An error that is the provider's own, and not the API's."""
    return RefusedError("", text, detail=detail)


def common(found: State) -> State:
    """What all objects have."""
    return {"id": str(found["id"]), "name": found["name"], "labels": found["labels"]}


def change(api: Hetzner, kind: str, after: State, changed: set[str], *names: str) -> None:
    """Change the name, the labels and `names` of an object, a call each."""
    for name in ("name", "labels", *names):
        if name in changed:
            api.update(kind, after["id"], **{name: after[name] or {}})


def change_at_once(api: Hetzner, kind: str, after: State, changed: set[str]) -> None:
    """Change an object in one call, as the newer half does."""
    names = changed & {"name", "labels", "auto_delete"}
    api.update(kind, after["id"], **{name: after[name] for name in names})


def protect(api: Hetzner, kind: str, after: State, changed: set[str]) -> None:
    """Protect an object from its deletion, or not any more, where that has changed."""
    if "delete_protection" in changed:
        api.protect(kind, after["id"], delete=bool(after["delete_protection"]))

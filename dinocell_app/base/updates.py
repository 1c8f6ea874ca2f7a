"""Whether there is a newer version; asked only when a person wants to know, and nothing is installed."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass

import dinocell_app
from dinocell_app.base.errors import UserFacingError
from dinocell_app.base.json_text import parse_json

INDEX = "https://pypi.org/pypi/dinocell-app/json"
"""Public page of the package; its form is described at https://docs.pypi.org/api/json/."""

PAGE = "https://pypi.org/project/dinocell-app/"
"""Where a person reads about versions and comes by them."""

_TIMEOUT_S = 8.0
_LARGEST_ANSWER = 4 * 2**20
_RELEASE = re.compile(r"\d+(\.\d+)*")


@dataclass(frozen=True)
class NewVersion:
    """A version that is newer than this one.

    Parameters
    ----------
    page : str
        Address of what is new and how to come by it.
    """

    version: str
    page: str = PAGE

    def sentence(self) -> str:
        """Say it to people."""
        return (
            f"Version {self.version} of DINOCell is out; this is {dinocell_app.__version__}. "
            f"What is new, and how to install it: {self.page}. Nothing is changed unless you do."
        )


def look_for_update(index: str = INDEX, current: str = dinocell_app.__version__) -> NewVersion | None:
    """Ask the package index; takes up to some seconds, so it is for a worker thread.

    Nothing is sent but the request for a public page.

    Parameters
    ----------
    index : str
        Address of the page.
    current : str
        Version to compare with.

    Returns
    -------
    NewVersion or None
        None when this is the newest.

    Raises
    ------
    UserFacingError
        If there is no network, or the page does not say.
    """
    request = urllib.request.Request(index, headers={"User-Agent": "dinocell-app"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            content = parse_json(answer.read(_LARGEST_ANSWER))
        newest = str(content["info"]["version"])
    except urllib.error.HTTPError as error:
        error.close()
        raise _unknown(f"it answers {error.code}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unknown(str(getattr(error, "reason", error)) or type(error).__name__) from error
    return NewVersion(newest) if _is_newer(newest, current) else None


def _is_newer(version: str, than: str) -> bool:
    """Compare releases by their numbers; previews and what is no version are never newer."""
    if not _RELEASE.fullmatch(version):
        return False
    there, here = (_numbers(text) for text in (version, than))
    return there > here


def _numbers(text: str) -> tuple[int, ...]:
    found = _RELEASE.match(text)
    numbers = [int(part) for part in found.group().split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _unknown(why: str) -> UserFacingError:
    return UserFacingError(
        f"Whether there is a new version cannot be found out ({why})",
        remedy=f"Check the network, or look at {PAGE}",
    )

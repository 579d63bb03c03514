"""Can the model hub be reached?"""

from __future__ import annotations

import os
import threading

from core.doctor.check import Check


class Hub:
    """Asks the model hub in the background: a name server that does not answer must not hold anyone up."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.address = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
        self.offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
        self.trouble: str | None = None
        self.thread = threading.Thread(target=self._ask, name="model-hub", daemon=True)
        if not self.offline:
            self.thread.start()

    def check(self) -> Check:
        remedy = "encoders and runs can be given as folders; what has been fetched before is used"
        if self.offline:
            return Check("model hub", "ok", "not asked (HF_HUB_OFFLINE is set)")
        self.thread.join(self.seconds)
        if self.thread.is_alive():
            return Check("model hub", "warning", f"{self.address}: no answer in {self.seconds:g} s", remedy)
        if self.trouble is not None:
            return Check("model hub", "warning", f"{self.address}: {self.trouble}", remedy)
        return Check("model hub", "ok", f"{self.address} answers")

    def _ask(self) -> None:
        from urllib.error import HTTPError, URLError
        from urllib.request import Request, urlopen

        try:
            with urlopen(Request(self.address, method="HEAD"), timeout=self.seconds):
                pass
        except HTTPError as error:
            # A hub that refuses a bare HEAD is there; a proxy that refuses to pass it on is not.
            if error.code in (403, 407, 502, 503, 504):
                self.trouble = f"refused ({error.code})"
        except (URLError, OSError, ValueError) as error:
            self.trouble = f"not reachable ({getattr(error, 'reason', error)})"


def check_token() -> Check:
    """Whether there is a token of the hub; it is not sent anywhere."""
    from huggingface_hub import get_token

    if get_token() is None:
        return Check("hub token", "ok", "none: what is public can be fetched; to push, hf auth login")
    where = "HF_TOKEN" if os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN") else "hf auth login"
    return Check("hub token", "ok", f"there ({where})")

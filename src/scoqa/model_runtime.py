"""Import the libraries of the models offline, and choose the device that the models run on.

Input: the setting `device`. Output: the name of a torch device; and a block in which imported
libraries stay offline.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from scoqa.errors import ConfigError

# These override the environment, so that scoqa never sends anything.
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
_lock = threading.RLock()  # two blocks at a time would each restore the other's values


@contextmanager
def offline_imports() -> Iterator[None]:
    """Make the libraries that are first imported inside the block stay offline.

    The clients of the Hugging Face Hub read the variables once, when they are imported, so they
    stay offline until the process ends. The environment itself is restored after the block.
    """
    with _lock:
        before = {name: os.environ.get(name) for name in _OFFLINE}
        os.environ.update(_OFFLINE)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def choose_device(setting: str) -> str:
    """Return the torch device of the setting `device`: "cpu", "cuda" or "mps".

    "auto" is a GPU if torch finds one, else the CPU.
    Raises ConfigError if torch does not find the chosen device.
    """
    import torch

    found = [
        name
        for name, is_available in (
            ("cuda", torch.cuda.is_available),
            ("mps", torch.backends.mps.is_available),
        )
        if is_available()
    ]
    available = [*found, "cpu"]
    if setting == "auto":
        return available[0]
    if setting not in available:
        raise ConfigError(
            source="settings",
            key="device",
            value=setting,
            allowed=f"auto, or a device that PyTorch finds here: {', '.join(available)}",
        )
    return setting

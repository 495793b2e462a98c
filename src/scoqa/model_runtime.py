"""Choose the device that the models run on.

Input: the setting `device`. Output: the name of a torch device.
"""

from __future__ import annotations

from scoqa.errors import ConfigError


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

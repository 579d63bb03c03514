"""Where the encoders run, and in which number format."""

from __future__ import annotations

from typing import Any

from core.errors import BadInputError

PRECISIONS = ("auto", "float32", "bfloat16", "float16")


def choose_device(device: str = "auto") -> Any:
    """The torch device: ``auto`` is CUDA where there is one, then Apple's MPS, then the CPU.

    Raises:
        BadInputError: the device is not known or not there.
    """
    import torch

    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise BadInputError(f"device {device!r} is not known; use auto, cpu, cuda, cuda:N or mps") from None
    if chosen.type not in ("cpu", "cuda", "mps"):
        raise BadInputError(f"device {device!r} is not known; use auto, cpu, cuda, cuda:N or mps")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise BadInputError(f"device {device!r} is not there ({torch.cuda.device_count()} CUDA devices); use auto")
    if chosen.type == "mps" and not torch.backends.mps.is_available():
        raise BadInputError("device 'mps' is not there; use auto")
    return chosen


def choose_precision(precision: str, device: Any) -> Any:
    """The torch dtype of weights and frames.

    ``auto`` is bfloat16 where CUDA computes it natively (compute capability 8.0 and above), float16 on older CUDA
    devices with tensor cores (7.0) and on MPS, and float32 elsewhere, the CPU included. Vectors are pooled in float32
    whatever the frames are in.

    Raises:
        BadInputError: not a precision, or one that the device does not compute.
    """
    import torch

    if precision not in PRECISIONS:
        raise BadInputError(f"precision {precision!r} is not known; use {', '.join(PRECISIONS[:-1])} or float16")
    capability = torch.cuda.get_device_capability(device) if device.type == "cuda" else (0, 0)
    if precision != "auto":
        if precision == "bfloat16" and device.type == "cuda" and capability < (8, 0):
            raise BadInputError(f"precision bfloat16: {device} does not compute it; use float16 or float32")
        return getattr(torch, precision)
    if device.type == "cuda" and capability >= (7, 0):
        return torch.bfloat16 if capability >= (8, 0) else torch.float16
    return torch.float16 if device.type == "mps" else torch.float32

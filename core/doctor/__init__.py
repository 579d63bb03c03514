"""What is installed, reachable and missing - each line with what to do about it."""

from core.doctor.check import Check
from core.doctor.examine import examine, report, usable

__all__ = ["Check", "examine", "report", "usable"]
